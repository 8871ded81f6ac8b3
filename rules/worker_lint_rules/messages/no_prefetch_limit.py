"""
A consumer that acknowledges by hand takes as many messages as the broker has.

What it catches
    A RabbitMQ consumer with manual acknowledgement on a channel for which no prefetch limit is set anywhere in the
    file (`basic_qos`, `set_qos`, `prefetch_count`).

Why it hurts in production
    Without a limit the broker sends the whole queue to the first consumer. A backlog of a million messages ends up
    in the memory of one worker, which is killed for it; then all of them are delivered to the next one. A second
    worker that is started to help gets nothing.

What to do instead
    `channel.basic_qos(prefetch_count=10)` before consuming: a few times what the worker handles at once.

When to ignore it
    When the limit is set in a base class or by a policy of the broker (`consumer_prefetch`).

Limits
    Only channels that are made in the same file.
"""

import re
from collections.abc import Iterator

from worker_lint.analysis import ModuleScope
from worker_lint.analysis.deliveries import Opening
from worker_lint.rule import Context, Finding, Rule, bad, good
from worker_lint.source import ir

rule = Rule(
    code="MSG105",
    severity="warning",
    stage="preview",
    summary="A consumer that acknowledges by hand takes as many messages as the broker has",
    words=("pika", "aio_pika", "consume"),
    closure="file",
    resumable="trail",
    product_only=True,
    silences=(
        "a limit is set",
        "one-message get",
        "acknowledged automatically",
        "the channel comes from elsewhere",
        "a queue of its own",
    ),
    examples=(
        bad(
            "pika",
            """
            import pika

            def on_message(channel, method, properties, body):
                charge(body)
                channel.basic_ack(method.delivery_tag)

            def main():
                channel = pika.BlockingConnection().channel()
                channel.basic_consume("orders", on_message)  # bad: the whole queue
                channel.start_consuming()
            """,
        ),
        bad(
            "aio-pika",
            """
            import aio_pika

            async def main(url, charge):
                connection = await aio_pika.connect_robust(url)
                channel = await connection.channel()
                queue = await channel.declare_queue("orders")
                await queue.consume(charge)  # bad: the whole queue
            """,
        ),
        good(
            "one queue for each object",
            """
            import pika

            class Watcher:
                def __init__(self, group):
                    self.group = group
                    self.channel = pika.BlockingConnection().channel()

                def start(self):
                    self.channel.basic_consume(queue=f"results-{self.group}", on_message_callback=self.on_message)

                def on_message(self, channel, method, properties, body):
                    channel.basic_ack(method.delivery_tag)
            """,
            silence="a queue of its own",
        ),
        bad(
            "one queue for all objects",
            """
            import pika

            QUEUE = "results"

            class Watcher:
                def __init__(self):
                    self.channel = pika.BlockingConnection().channel()

                def start(self):
                    self.channel.basic_consume(QUEUE, self.on_message)  # bad: the whole queue

                def on_message(self, channel, method, properties, body):
                    channel.basic_ack(method.delivery_tag)
            """,
        ),
        good(
            "ten at a time",
            """
            import pika

            def on_message(channel, method, properties, body):
                charge(body)
                channel.basic_ack(method.delivery_tag)

            def main():
                channel = pika.BlockingConnection().channel()
                channel.basic_qos(prefetch_count=10)
                channel.basic_consume("orders", on_message)
                channel.start_consuming()
            """,
            silence="a limit is set",
        ),
        good(
            "fetched one by one",
            """
            import pika

            def main():
                channel = pika.BlockingConnection().channel()
                method, properties, body = channel.basic_get("orders")
                if method:
                    charge(body)
                    channel.basic_ack(method.delivery_tag)
            """,
            silence="one-message get",
        ),
        good(
            "auto_ack",
            """
            import pika

            def on_message(channel, method, properties, body):
                print(body)

            def main():
                channel = pika.BlockingConnection().channel()
                channel.basic_consume("log", on_message, auto_ack=True)
                channel.start_consuming()
            """,
            silence="acknowledged automatically",
        ),
        good(
            "somebody else's channel",
            """
            import pika

            class Consumer:
                def __init__(self, channel: pika.adapters.blocking_connection.BlockingChannel):
                    channel.basic_consume("orders", self.on_message)

                def on_message(self, channel, method, properties, body):
                    charge(body)
                    channel.basic_ack(method.delivery_tag)
            """,
            silence="the channel comes from elsewhere",
        ),
    ),
)

_LIMITED = re.compile(r"qos|prefetch", re.IGNORECASE)
_MADE = re.compile(r"\.channel\(")
_OF_ITS_OWN = re.compile(r"exclusive\s*=\s*True|reply[-_]to|correlation_id")


@rule.on_module
def check(module: ModuleScope, context: Context) -> Iterator[Finding]:
    """The consumers of the file that are sent messages."""
    text = context.project.store.text(module.path).source
    if _LIMITED.search(text) or _OF_ITS_OWN.search(text) or not _MADE.search(text):
        return
    for opening in context.project.deliveries.openings(module.path):
        if opening.auto is not False or _is_of_its_own(opening):
            continue
        if _is_sent(opening) and _is_known(opening, context):
            yield Finding(
                at=opening.call.at,
                message="no prefetch limit: this consumer is sent the whole queue at once",
                consequence="A backlog fills the memory of one worker, and all others get nothing.",
                help="set a limit on the channel first, such as `prefetch_count=10`",
                symbol=opening.scope.symbol,
                confidence="likely",
            )


def _is_sent(opening: Opening) -> bool:
    """Whether the broker sends messages for this call by itself, and keeps those that are not acknowledged."""
    facts = opening.model.facts
    if facts.delivers or not (facts.gives or facts.items):
        return False
    project = opening.scope.project
    named = [name for given in (*facts.gives.values(), facts.items) for name in given if "." in name]
    tables = (project.models.find_delivery(name) for name in named)
    return any(table is not None and table.prefetch for table in tables)


def _is_of_its_own(opening: Opening) -> bool:
    """
    Whether the name of the queue is made of, or handed over with, what is the object's own: no other consumer waits
    for these messages.
    """
    named = next((one.value for one in opening.call.keywords if one.name == "queue"), None)
    named = named or next(iter(opening.call.args), None)
    if isinstance(named, ir.Formatted):
        return any(_is_field(part) for part in named.parts)
    return isinstance(named, ir.Subscript) and _is_field(named.value)


def _is_field(expr: ir.Expr) -> bool:
    return isinstance(expr, ir.Attribute) and isinstance(expr.value, ir.Name) and expr.value.id in ("self", "cls")


def _is_known(opening: Opening, context: Context) -> bool:
    """Whether the object is of the library for certain."""
    callee = context.project.calls.of(opening.scope, opening.call)
    return callee.receiver is not None and isinstance(opening.call.func, ir.Attribute)
