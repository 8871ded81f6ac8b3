"""
A path through the handler leaves a message neither acknowledged nor rejected.

What it catches
    A delivery that has to be settled by hand, and a path through its handler (a callback, the body of a consuming
    loop, what follows a fetch) that ends without any settlement: an early return, an `except` clause that only
    logs, an exception of a callback whose library does not put the message back.

Why it hurts in production
    RabbitMQ keeps an unsettled message for the consumer until its channel closes. Each of them takes up a place in
    the prefetch window; once the window is full of them, the worker is alive, connected, and gets nothing any
    more. After half an hour the broker closes the channel (`consumer_timeout`), and all of them come back.

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
from worker_lint.analysis.deliveries import Delivery, OpenEnd, State, expecting_graph, settlements_in, turning_point
from worker_lint.analysis.flow import Block, Graph, Path, find_path
from worker_lint.rule import Context, Finding, Note, Rule, bad, good

rule = Rule(
    code="MSG102",
    severity="warning",
    stage="preview",
    summary="A path through the handler leaves a message neither acknowledged nor rejected",
    words=("pika", "aio_pika", "kombu", "nats", "pubsub_v1", "consume", "subscribe"),
    closure="file",
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
        "one condition decides",
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
            "an early return in a loop",
            """
            import aio_pika

            async def consume(url, known):
                connection = await aio_pika.connect_robust(url)
                async with connection:
                    channel = await connection.channel()
                    queue = await channel.declare_queue("orders")
                    async with queue.iterator() as messages:
                        async for message in messages:
                            if message.type not in known:  # bad: message
                                continue
                            await known[message.type](message.body)
                            await message.ack()
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
            "never at all",
            """
            from kombu.mixins import ConsumerMixin

            class Worker(ConsumerMixin):
                def __init__(self, connection, queue):
                    self.connection = connection
                    self.queue = queue

                def get_consumers(self, Consumer, channel):
                    return [Consumer(queues=[self.queue], callbacks=[self.on_task])]

                def on_task(self, body, message):  # bad: message
                    print("got", body)
            """,
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
        good(
            "a flag for both",
            """
            import pika

            def on_message(channel, method, properties, body):
                done = store(body)
                if done:
                    channel.basic_ack(method.delivery_tag)
                if not done:
                    channel.basic_nack(method.delivery_tag)

            def main():
                channel = pika.BlockingConnection().channel()
                channel.basic_consume("orders", on_message)
                channel.start_consuming()
            """,
            silence="one condition decides",
        ),
    ),
)

_KEPT = {
    "held": "{library} keeps it for this consumer: it takes a place of the prefetch window until the channel closes.",
    "again": "{library} delivers it again when the time to acknowledge is over, and again after that.",
}


@rule.on_module
def check(module: ModuleScope, context: Context) -> Iterator[Finding]:
    """Every delivery of the file that its handler has to settle."""
    for delivery in context.project.deliveries.of(module.path):
        if delivery.opening.auto is not False or delivery.facts.unsettled is None or _settles_batches(delivery):
            continue
        graph = expecting_graph(delivery)
        if graph is not None:
            path = _open_end(delivery, graph)
            if path is not None:
                yield _finding(delivery, graph, path, context)


def _settles_batches(delivery: Delivery) -> bool:
    """Whether something in the file settles several messages at once."""
    text = delivery.function.project.store.text(delivery.function.path)
    if any(found.multiple is not False for found in settlements_in(delivery)):
        return True
    return "multiple" in text.source


def _open_end(delivery: Delivery, graph: Graph) -> Path | None:
    """The shortest path on which the delivery stays open."""
    escapes = delivery.how == "callback" and delivery.facts.raising == "held"

    def ends(block: Block, state: State) -> bool:
        if state.status == "lost":
            return True
        return state.status == "open" and (block is graph.exit or (escapes and block is graph.raised))

    path = find_path(graph, OpenEnd(delivery, graph), ends)
    return path if isinstance(path, Path) else None


def _finding(delivery: Delivery, graph: Graph, path: Path, context: Context) -> Finding:
    name, opening = delivery.shown, delivery.opening
    at, why = turning_point(delivery, graph, path)
    notes = [Note(context.path, at, why)] if why else []
    if opening.scope.path == context.path:
        notes.append(Note(context.path, opening.call.at, "the message comes in here, to be settled by the handler"))
    kept = _KEPT[delivery.facts.unsettled or "held"].format(library=delivery.facts.library)
    return Finding(
        at=at,
        message=f"on this path nothing acknowledges or rejects `{name}`",
        consequence=kept,
        help="acknowledge or reject the message on every way out of the handler",
        notes=tuple(notes),
        symbol=delivery.function.symbol,
        confidence="likely",
    )
