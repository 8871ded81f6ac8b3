"""
Messages count as done when they are sent, and the work on them can still fail.

What it catches
    A consumer that is opened with automatic acknowledgement (`auto_ack=True`, `no_ack=True`) whose handler does
    something with what the message says.

Why it hurts in production
    The broker deletes such a message as soon as it has written it to the socket. What the handler then cannot do,
    what waits in the client's buffer when the process stops, what was on its way when the connection broke: all
    of it is gone, with every restart and every deployment. Nothing holds the broker back either: no prefetch limit
    applies, so a slow consumer fills its memory.

What to do instead
    Open the consumer without it, acknowledge after the work, and bound the prefetch window.

When to ignore it
    For metrics, log lines and replies that are worth nothing later. Say so in a comment, `at most once`: the rule
    reads it.

Limits
    Handlers that only write log lines or counters, exclusive and auto-deleting queues, and replies are let pass.
"""

import re
from collections.abc import Iterator

from worker_lint.analysis import ModuleScope
from worker_lint.analysis.deliveries import Delivery, Work
from worker_lint.rule import Context, Finding, Note, Rule, bad, good
from worker_lint.source import ir

rule = Rule(
    code="MSG104",
    severity="warning",
    stage="preview",
    summary="Messages count as done when they are sent, and the work on them can still fail",
    words=("auto_ack", "no_ack"),
    closure="file",
    product_only=True,
    yields_to=("MSG101",),
    silences=("log lines only", "a queue of its own", "replies", "at most once is stated"),
    examples=(
        bad(
            "a callback that works",
            """
            import pika

            def on_message(channel, method, properties, body):
                charge(body)

            def main():
                channel = pika.BlockingConnection().channel()
                channel.basic_consume("orders", on_message, auto_ack=True)  # bad: charge
                channel.start_consuming()
            """,
        ),
        bad(
            "a loop",
            """
            import aio_pika

            async def work(connection: aio_pika.Connection, charge):
                channel = await connection.channel()
                queue = await channel.declare_queue("orders", durable=True)
                async with queue.iterator(no_ack=True) as messages:  # bad: charge
                    async for message in messages:
                        await charge(message.body)
            """,
        ),
        good(
            "a printer of log lines",
            """
            import logging

            import pika

            def on_message(channel, method, properties, body):
                logging.info("%s: %s", method.routing_key, body)

            def main():
                channel = pika.BlockingConnection().channel()
                channel.basic_consume("log", on_message, auto_ack=True)
                channel.start_consuming()
            """,
            silence="log lines only",
        ),
        good(
            "an exclusive queue dies with its consumer",
            """
            import pika

            def on_message(channel, method, properties, body):
                show(body)

            def main():
                channel = pika.BlockingConnection().channel()
                queue = channel.queue_declare("", exclusive=True).method.queue
                channel.queue_bind(queue, "prices")
                channel.basic_consume(queue, on_message, auto_ack=True)
                channel.start_consuming()
            """,
            silence="a queue of its own",
        ),
        good(
            "the answer to a request",
            """
            import pika

            class Client:
                def __init__(self):
                    self.channel = pika.BlockingConnection().channel()
                    self.channel.basic_consume("amq.rabbitmq.reply-to", self.on_reply, auto_ack=True)

                def on_reply(self, channel, method, properties, body):
                    self.finish(properties.correlation_id, body)
            """,
            silence="replies",
        ),
        good(
            "said in a comment",
            """
            import pika

            def on_message(channel, method, properties, body):
                show(body)

            def main():
                channel = pika.BlockingConnection().channel()
                # Prices are delivered at most once: the next one is more worth than the last.
                channel.basic_consume("prices", on_message, auto_ack=True)
                channel.start_consuming()
            """,
            silence="at most once is stated",
        ),
    ),
)

_OF_ITS_OWN = re.compile(r"exclusive\s*=\s*True|auto_delete\s*=\s*True|reply[-_]to|correlation_id")
_DECLARES = re.compile(r"\bQueue\(\s*(?:name\s*=\s*)?[\"'][\w.-]+[\"']\s*[,)]")
_STATED = re.compile(r"at[ -]most[ -]once|may be lost|best[ -]effort|fire[ -]and[ -]forget", re.IGNORECASE)


@rule.on_module
def check(module: ModuleScope, context: Context) -> Iterator[Finding]:
    """The consumers of the file that acknowledge automatically."""
    text = context.project.store.text(module.path).source
    if _OF_ITS_OWN.search(text) or _STATED.search(text):
        return
    seen: set[ir.At] = set()
    for delivery in context.project.deliveries.of(module.path):
        opening = delivery.opening
        if opening.auto is not True or opening.model.facts.manual_ack or opening.call.at in seen:
            continue
        if delivery.facts.under_auto_ack == "nothing" and not _DECLARES.search(text):
            continue  # the queue comes from elsewhere; temporary ones are common there
        work = next(Work(delivery).calls(), None)
        if work is not None and opening.scope.path == context.path:
            seen.add(opening.call.at)
            yield _finding(delivery, work, context)


def _finding(delivery: Delivery, work: ir.Call, context: Context) -> Finding:
    name = (ir.dotted_name(work.func) or "the work").rpartition(".")[2]
    return Finding(
        at=delivery.opening.call.at,
        message=f"what `{name}` fails to do is lost: its message is acknowledged when it is sent",
        consequence=f"{delivery.facts.library} has deleted it before the handler begins, and with it all it buffered.",
        help="acknowledge by hand after the work; or write `at most once` where a loss is accepted",
        notes=(Note(context.path, work.at, "the work is done here"),),
        symbol=delivery.function.symbol,
        confidence="likely",
    )
