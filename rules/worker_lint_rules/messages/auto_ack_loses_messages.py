"""
Messages count as done when they are sent, and the work on them can still fail.

What it catches
    (a) A consumer that is opened with automatic acknowledgement (`auto_ack=True`, `no_ack=True`), or a read of a
    Redis stream with `noack=True`, whose handler does something with what the message says.
    (b) A Kafka consumer that commits by itself, as is its default, and hands its messages to a thread, a pool or a
    task that nobody waits for.
    (c) A Celery task that gives its message back (`Reject(requeue=True)`, `reject_on_worker_lost=True`) although it is
    acknowledged before the task begins, as is the default.

Why it hurts in production
    The broker deletes such a message as soon as it has written it to the socket. What the handler then cannot do,
    what waits in the client's buffer when the process stops, what was on its way when the connection broke: all
    of it is gone, with every restart and every deployment. Nothing holds the broker back either: no prefetch limit
    applies, so a slow consumer fills its memory. A Kafka consumer commits on a timer what `poll` has handed out: what
    a pool had not done by then when the process died, no consumer of the group sees again.

What to do instead
    Open the consumer without it, acknowledge (commit) after the work, and bound the prefetch window.

When to ignore it
    For metrics, log lines and replies that are worth nothing later. Say so in a comment, `at most once`: the rule
    reads it.

Limits
    Handlers that only write log lines or counters, exclusive and auto-deleting queues, and replies are let pass. So is
    a Kafka consumer whose function waits for anything, or commits or stores offsets by hand, and one whose settings
    are not written where it is made.
"""

import re
from collections.abc import Iterator

from worker_lint.analysis import ModuleScope
from worker_lint.analysis.deliveries import Delivery, HandedOver, Work, functions_with, handed_over
from worker_lint.analysis.late_ack import TaskAck, given_back, meaningless_options, task_acks
from worker_lint.rule import Context, Finding, Note, Rule, bad, good
from worker_lint.source import ir

rule = Rule(
    code="MSG104",
    severity="warning",
    stage="preview",
    summary="Messages count as done when they are sent, and the work on them can still fail",
    words=(
        "auto_ack",
        "no_ack",
        "noack",
        "Reject",
        "reject_on_worker_lost",
        "KafkaConsumer",
        "AIOKafkaConsumer",
        "confluent_kafka",
    ),
    closure="file",
    product_only=True,
    yields_to=("MSG101",),
    silences=(
        "log lines only",
        "a queue of its own",
        "replies",
        "at most once is stated",
        "worked on in turn",
        "late ack",
    ),
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
        bad(
            "committed while a pool works",
            """
            from concurrent.futures import ThreadPoolExecutor

            from kafka import KafkaConsumer

            class Worker:
                def __init__(self):
                    self.consumer = KafkaConsumer("orders", group_id="charging")  # bad: charge
                    self.pool = ThreadPoolExecutor(8)

                def run(self):
                    for message in self.consumer:
                        self.pool.submit(self.charge, message.value)

                def charge(self, order):
                    raise NotImplementedError
            """,
        ),
        bad(
            "never pending",
            """
            import redis

            def run(client: redis.Redis, charge):
                while True:
                    reply = client.xreadgroup("charging", "one", {"orders": ">"}, block=1000, noack=True)  # bad: charge
                    for stream, entries in reply:
                        for entry, fields in entries:
                            charge(fields)
            """,
        ),
        bad(
            "given back too late",
            """
            from celery import Celery
            from celery.exceptions import Reject

            app = Celery("shop", broker="amqp://")

            @app.task
            def charge(order, gateway):
                try:
                    gateway.charge(order)
                except ConnectionError as error:
                    raise Reject(error, requeue=True)  # bad: charge
            """,
        ),
        bad(
            "an option for late acknowledgement",
            """
            from celery import shared_task

            @shared_task(acks_late=False, reject_on_worker_lost=True)  # bad: acks_late
            def render(film):
                film.render()
            """,
        ),
        good(
            "acknowledged when it is done",
            """
            from celery import Celery
            from celery.exceptions import Reject

            app = Celery("shop", broker="amqp://")

            @app.task(acks_late=True, reject_on_worker_lost=True)
            def charge(order, gateway):
                try:
                    gateway.charge(order)
                except ConnectionError as error:
                    raise Reject(error, requeue=True)
            """,
            silence="late ack",
        ),
        good(
            "the configuration may say so",
            """
            from celery import Celery
            from celery.exceptions import Reject

            app = Celery("shop")
            app.config_from_object("shop.settings")

            @app.task
            def charge(order, gateway):
                try:
                    gateway.charge(order)
                except ConnectionError as error:
                    raise Reject(error, requeue=True)
            """,
            silence="late ack",
        ),
        good(
            "the batch is over before the next poll",
            """
            from concurrent.futures import ThreadPoolExecutor, wait

            from confluent_kafka import Consumer

            def run(charge):
                consumer = Consumer({"bootstrap.servers": "kafka", "group.id": "charging"})
                with ThreadPoolExecutor() as pool:
                    while True:
                        wait([pool.submit(charge, message) for message in consumer.consume(100, timeout=1.0)])
            """,
            silence="worked on in turn",
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
    if _STATED.search(text):
        return
    for found in handed_over(context.project, module.path):
        yield _committed(found, context)
    yield from _acknowledged_first(module, context)
    if _OF_ITS_OWN.search(text):
        return
    seen: set[ir.At] = set()
    for delivery in context.project.deliveries.of(module.path):
        opening = delivery.opening
        if opening.auto is not True or opening.model.facts.manual_ack or opening.call.at in seen:
            continue
        if (
            delivery.facts.under_auto_ack == "nothing"
            and delivery.facts.settled == "deleted"
            and not _DECLARES.search(text)
        ):
            continue  # the queue comes from elsewhere; temporary ones are common there
        work = next(Work(delivery).calls(), None)
        if work is not None and opening.scope.path == context.path:
            seen.add(opening.call.at)
            yield _finding(delivery, work, context)


def _acknowledged_first(module: ModuleScope, context: Context) -> Iterator[Finding]:
    """The tasks of the file that give back what is acknowledged before they begin."""
    for function in functions_with(context.project, module.path, ("Reject", "reject_on_worker_lost")):
        for ack in task_acks(context.project, function) if function.node.decorators else ():
            if ack.is_late is False:
                yield from _given_back(ack)


def _given_back(ack: TaskAck) -> Iterator[Finding]:
    function, library = ack.function, ack.model.library.capitalize()
    late = f"`{ack.model.facts.late_ack}=True`"
    for node in given_back(ack, function.statements):
        yield Finding(
            at=node.at,
            message=f"this puts nothing back: {library} acknowledged the message before `{function.name}` began",
            consequence="The broker has deleted it: the work is neither done nor delivered again, nor recorded.",
            help=f"give the task {late}, or try again with `self.retry()`",
            symbol=function.symbol,
        )
    for word in meaningless_options(ack):
        yield Finding(
            at=word.at,
            message=f"`{word.name}` does nothing without {late}",
            consequence=f"{library} acknowledges before `{function.name}` begins: with the process the work is lost.",
            help=f"add {late}; the task should bear to be run twice then",
            symbol=function.symbol,
        )


def _committed(found: HandedOver, context: Context) -> Finding:
    given = next(iter(found.call.args[:1]), None)
    func = given.func if isinstance(given, ir.Call) else given
    name = (ir.dotted_name(func) if func is not None else None) or "the work"
    return Finding(
        at=found.made.at,
        message=f"what `{name.rpartition('.')[2]}` fails to do is lost: the consumer commits by itself meanwhile",
        consequence="Kafka's offset moves on a timer, whether or not the work elsewhere is done: a crash loses it.",
        help="switch the automatic commit off, and commit when the work is done",
        notes=(Note(context.path, found.call.at, "the message is handed over here"),),
        symbol=found.function.symbol,
        confidence="likely",
    )


_GONE = {
    "deleted": "{library} has deleted it before the handler begins, and with it all it buffered.",
    "passed": "{library} does not keep it as pending: no consumer of the group is ever given it again.",
}


def _finding(delivery: Delivery, work: ir.Call, context: Context) -> Finding:
    name = (ir.dotted_name(work.func) or "the work").rpartition(".")[2]
    return Finding(
        at=delivery.opening.call.at,
        message=f"what `{name}` fails to do is lost: its message is acknowledged when it is sent",
        consequence=_GONE[delivery.facts.settled].format(library=delivery.facts.library),
        help="acknowledge by hand after the work; or write `at most once` where a loss is accepted",
        notes=(Note(context.path, work.at, "the work is done here"),),
        symbol=delivery.function.symbol,
        confidence="likely",
    )
