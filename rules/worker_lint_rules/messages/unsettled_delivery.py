"""
A path through the handler leaves a message neither acknowledged nor rejected.

What it catches
    A delivery that has to be settled by hand, and a path through its handler (a callback, the body of a consuming
    loop, what follows a fetch) that ends without any settlement: an early return, an `except` clause that only
    logs, an exception of a callback whose library does not put the message back. With SQS, where to leave a message
    is the way to try it again, only messages that the handler looks at and passes over.

Why it hurts in production
    RabbitMQ keeps an unsettled message for the consumer until its channel closes. Each of them takes up a place in
    the prefetch window; once the window is full of them, the worker is alive, connected, and gets nothing any
    more. After half an hour the broker closes the channel (`consumer_timeout`), and all of them come back. Redis
    keeps such an entry of a stream as pending for as long as nobody claims it: it is never worked on again. SQS
    delivers it again after the visibility timeout, until it expires or goes to the dead-letter queue.

What to do instead
    Settle on every way out: acknowledge what is done or not worth keeping, reject what can never work
    (`requeue=False`, with a dead-letter exchange), give back what may work later.

When to ignore it
    When another process settles, by a tag that travels with the data.

Limits
    Only handlers that are registered in the file that defines them, loops and calls whose object is known. A
    delivery that is handed to code outside the project, to a thread, a queue or a field, is taken to be settled
    there. Exceptions are those that models, `raise` statements and the project's functions state; in a `try`
    statement any call may raise what its clauses name.
"""

from collections.abc import Iterator

from worker_lint.analysis import ModuleScope
from worker_lint.analysis.deliveries import Delivery, expecting_graph, is_never_settled, open_path, turning_point
from worker_lint.rule import Context, Finding, Note, Rule, bad, good
from worker_lint.source import ir

rule = Rule(
    code="MSG102",
    severity="warning",
    stage="preview",
    summary="A path through the handler leaves a message neither acknowledged nor rejected",
    words=(
        "pika",
        "aio_pika",
        "kombu",
        "nats",
        "pubsub_v1",
        "consume",
        "subscribe",
        "xreadgroup",
        "QueueUrl",
        "receive_messages",
    ),
    closure="file",
    resumable="trail",
    product_only=True,
    yields_to=("MSG101", "MSG103", "MSG112"),
    silences=(
        "a helper settles",
        "a context settles",
        "handed to another thread",
        "batch acknowledgement",
        "acknowledged automatically",
        "nothing came",
        "the connection ends with the error",
        "the channel is gone",
        "claimed later",
        "a failure is tried again",
    ),
    examples=(
        bad(
            "the clause only logs",
            """
            import json
            import logging

            import pika

            def on_message(channel, method, properties, body):
                try:
                    order = json.loads(body)
                except ValueError:  # bad: method
                    logging.exception("bad message")
                    return
                store(order)
                channel.basic_ack(delivery_tag=method.delivery_tag)

            def main():
                connection = pika.BlockingConnection()
                channel = connection.channel()
                channel.basic_qos(prefetch_count=10)
                channel.basic_consume("orders", on_message)
                channel.start_consuming()
            """,
        ),
        bad(
            "the callback raises and nobody hears it",
            """
            import json

            import aio_pika
            from aio_pika.abc import AbstractIncomingMessage

            async def on_message(message: AbstractIncomingMessage):
                order = json.loads(message.body)  # bad: message
                await store(order)
                await message.ack()

            async def main(queue: aio_pika.Queue):
                await queue.consume(on_message)
            """,
        ),
        bad(
            "pending for ever",
            """
            import logging

            import redis

            def run(client: redis.Redis, charge):
                while True:
                    reply = client.xreadgroup("charging", "one", {"orders": ">"}, count=10, block=1000)
                    for stream, entries in reply:
                        for entry, fields in entries:
                            try:
                                charge(fields)
                            except Exception:  # bad: entry
                                logging.exception("order %s failed", entry)
                                continue
                            client.xack("orders", "charging", entry)
            """,
        ),
        bad(
            "passed over, and back in half a minute",
            """
            import json

            import boto3

            def run(url, charge):
                sqs = boto3.client("sqs")
                while True:
                    reply = sqs.receive_message(QueueUrl=url, WaitTimeSeconds=20)
                    for message in reply.get("Messages", []):
                        order = json.loads(message["Body"])
                        if order["kind"] != "order":  # bad: message
                            continue
                        charge(order)
                        sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
            """,
        ),
        good(
            "somebody claims what failed",
            """
            import logging

            import redis

            def run(client: redis.Redis, charge):
                while True:
                    for stream, entries in client.xreadgroup("charging", "one", {"orders": ">"}, block=1000):
                        for entry, fields in entries:
                            try:
                                charge(fields)
                            except Exception:
                                logging.exception("order %s failed", entry)
                                continue
                            client.xack("orders", "charging", entry)
                    again(client.xautoclaim("orders", "charging", "one", min_idle_time=60_000))
            """,
            silence="claimed later",
        ),
        good(
            "the queue tries again what failed",
            """
            import logging

            import boto3

            def run(url, charge):
                queue = boto3.resource("sqs").Queue(url)
                while True:
                    for message in queue.receive_messages(WaitTimeSeconds=20):
                        try:
                            charge(message.body)
                        except Exception:
                            logging.exception("order failed")
                        else:
                            message.delete()
            """,
            silence="a failure is tried again",
        ),
        good(
            "what was open went back with the channel",
            """
            import logging

            import pika

            def on_message(channel, method, properties, body):
                try:
                    channel.basic_publish("", "done", charge(body))
                except pika.exceptions.AMQPConnectionError:
                    logging.exception("the connection is lost")
                    return
                channel.basic_ack(method.delivery_tag)

            def main():
                channel = pika.BlockingConnection().channel()
                channel.basic_consume("orders", on_message)
                channel.start_consuming()
            """,
            silence="the channel is gone",
        ),
        good(
            "a method that always settles",
            """
            import pika

            class Worker:
                def __init__(self):
                    self.connection = pika.BlockingConnection()
                    self.channel = self.connection.channel()
                    self.channel.basic_consume("orders", self.on_message)

                def on_message(self, channel, method, properties, body):
                    if not body:
                        self._finish(method.delivery_tag)
                        return
                    store(body)
                    self._finish(method.delivery_tag)

                def _finish(self, tag):
                    self.channel.basic_ack(tag)
            """,
            silence="a helper settles",
        ),
        good(
            "the context of the library",
            """
            import json

            import aio_pika
            from aio_pika.abc import AbstractIncomingMessage

            async def on_message(message: AbstractIncomingMessage):
                async with message.process(requeue=True, reject_on_redelivered=True):
                    await store(json.loads(message.body))

            async def main(queue: aio_pika.Queue):
                await queue.consume(on_message)
            """,
            silence="a context settles",
        ),
        good(
            "a pool works on it",
            """
            from concurrent.futures import ThreadPoolExecutor

            import pika

            class Worker:
                def __init__(self):
                    self.pool = ThreadPoolExecutor(4)
                    self.connection = pika.BlockingConnection()
                    self.channel = self.connection.channel()
                    self.channel.basic_consume("orders", self.on_message)

                def on_message(self, channel, method, properties, body):
                    self.pool.submit(self.work, channel, method.delivery_tag, body)
            """,
            silence="handed to another thread",
        ),
        good(
            "every hundredth",
            """
            import pika

            class Worker:
                def __init__(self):
                    self.count = 0
                    self.connection = pika.BlockingConnection()
                    self.channel = self.connection.channel()
                    self.channel.basic_consume("orders", self.on_message)

                def on_message(self, channel, method, properties, body):
                    self.count += 1
                    store(body)
                    if self.count % 100 == 0:
                        channel.basic_ack(method.delivery_tag, multiple=True)
            """,
            silence="batch acknowledgement",
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
            "the queue was empty",
            """
            import pika

            def drain(channel: pika.adapters.blocking_connection.BlockingChannel):
                while True:
                    method, properties, body = channel.basic_get("orders")
                    if method is None:
                        return
                    store(body)
                    channel.basic_ack(method.delivery_tag)
            """,
            silence="nothing came",
        ),
        good(
            "the error leaves start_consuming",
            """
            import json

            import pika

            def on_message(channel, method, properties, body):
                order = json.loads(body)
                store(order)
                channel.basic_ack(method.delivery_tag)

            def main():
                with pika.BlockingConnection() as connection:
                    channel = connection.channel()
                    channel.basic_consume("orders", on_message)
                    channel.start_consuming()
            """,
            silence="the connection ends with the error",
        ),
    ),
)

_KEPT = {
    "held": "{library} keeps it for this consumer: it takes a place of the prefetch window until the channel closes.",
    "again": "{library} delivers it again when the time to acknowledge is over, and again after that.",
    "retried": "{library} delivers it again after the visibility timeout, and again, until the queue gives it up.",
    "pending": "{library} keeps it in the pending list: no read of new entries gives it again, and nothing claims it.",
}
_HELP = {
    "retried": "delete what is not worth keeping; let only a failure bring a message back",
    "pending": "acknowledge what can never work, and claim what may work later (`xautoclaim`)",
}


@rule.on_module
def check(module: ModuleScope, context: Context) -> Iterator[Finding]:
    """Every delivery of the file that its handler has to settle."""
    for delivery in context.project.deliveries.of(module.path):
        if delivery.opening.auto is not False or delivery.facts.unsettled is None:
            continue
        graph = expecting_graph(delivery)
        if graph is None:
            continue
        path = open_path(delivery, graph)
        if path is not None:
            yield _finding(delivery, turning_point(delivery, graph, path), context)
        elif delivery.facts.unsettled == "retried" and not delivery.is_shared and is_never_settled(delivery, graph):
            yield _finding(delivery, (delivery.beginning, ""), context)


def _finding(delivery: Delivery, turning: tuple[ir.At, str], context: Context) -> Finding:
    name, opening = delivery.shown, delivery.opening
    at, why = turning
    notes = [Note(context.path, at, why)] if why else []
    if opening.scope.path == context.path:
        notes.append(Note(context.path, opening.call.at, "the message comes in here, to be settled by the handler"))
    unsettled = delivery.facts.unsettled or "held"
    what = "deletes" if unsettled == "retried" else "acknowledges" if unsettled == "pending" else _BOTH
    return Finding(
        at=at,
        message=f"on this path nothing {what} `{name}`",
        consequence=_KEPT[unsettled].format(library=delivery.facts.library),
        help=_HELP.get(unsettled, "acknowledge or reject the message on every way out of the handler"),
        notes=tuple(notes),
        symbol=delivery.function.symbol,
        confidence="likely",
    )


_BOTH = "acknowledges or rejects"
