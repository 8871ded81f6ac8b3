"""
One path acknowledges or rejects the same message twice.

What it catches
    A path on which a delivery is settled, and then settled again: an `except` clause or `finally` block that
    rejects what is acknowledged already, a helper that settles as its caller does, a manual `ack` inside the
    library's own context.

Why it hurts in production
    RabbitMQ answers the second settlement by closing the channel: 406, PRECONDITION_FAILED, unknown delivery
    tag. All other messages of the channel come back and are worked on again, and the consumer is gone. The client
    libraries that keep book (kombu, aio-pika, nats) raise where the first error should have been handled.

What to do instead
    Settle at one place: after the work in `else`, or in the clause, not in both.

When to ignore it
    Never.

Limits
    A settlement that raises counts as not done. Paths are followed through helpers of the project; a condition on
    a name that both settlements depend on is looked at once.
"""

from collections.abc import Iterator

from worker_lint.analysis import ModuleScope
from worker_lint.analysis.deliveries import Delivery, State, Typestate, Work, expecting_graph
from worker_lint.analysis.flow import Block, Path, find_path
from worker_lint.rule import Context, Finding, Note, Rule, bad, good
from worker_lint.source import ir

rule = Rule(
    code="MSG108",
    severity="error",
    stage="preview",
    summary="One path acknowledges or rejects the same message twice",
    words=("pika", "aio_pika", "kombu", "nats", "pubsub_v1", "consume", "subscribe"),
    closure="file",
    resumable="trail",
    product_only=True,
    silences=(
        "guards",
        "the first one failed",
        "a flag tells",
        "the next message",
        "the context tolerates it",
        "a second one does no harm",
    ),
    examples=(
        bad(
            "rejected for what comes after",
            """
            import json

            import pika

            def on_message(channel, method, properties, body):
                try:
                    store(body)
                    channel.basic_ack(method.delivery_tag)
                    audit(json.loads(body))
                except ValueError:
                    channel.basic_reject(method.delivery_tag, requeue=False)  # bad: method

            def main():
                channel = pika.BlockingConnection().channel()
                channel.basic_consume("orders", on_message)
                channel.start_consuming()
            """,
        ),
        bad(
            "the clause does not leave",
            """
            from kombu.mixins import ConsumerMixin

            class Worker(ConsumerMixin):
                def __init__(self, connection, queue):
                    self.connection = connection
                    self.queue = queue

                def get_consumers(self, Consumer, channel):
                    return [Consumer(queues=[self.queue], callbacks=[self.on_task])]

                def on_task(self, body, message):
                    if "id" not in body:
                        message.reject()
                    store(body)
                    message.ack()  # bad: message
            """,
        ),
        bad(
            "inside the context",
            """
            import aio_pika
            from aio_pika.abc import AbstractIncomingMessage

            async def on_message(message: AbstractIncomingMessage):
                async with message.process():
                    await store(message.body)
                    await message.ack()  # bad: message

            async def main(queue: aio_pika.Queue):
                await queue.consume(on_message)
            """,
        ),
        bad(
            "the helper has done it",
            """
            import pika

            class Worker:
                def __init__(self):
                    self.channel = pika.BlockingConnection().channel()
                    self.channel.basic_consume("orders", self.on_message)

                def on_message(self, channel, method, properties, body):
                    if not body:
                        self._drop(channel, method)
                    channel.basic_ack(method.delivery_tag)  # bad: method

                def _drop(self, channel, method):
                    channel.basic_reject(method.delivery_tag, requeue=False)
            """,
        ),
        good(
            "asked before",
            """
            from kombu import Connection, Consumer

            def on_task(body, message):
                try:
                    store(body)
                    message.ack()
                    raise_alarm(body)
                except ValueError:
                    if not message.acknowledged:
                        message.reject()
                    raise

            def main(queue):
                with Connection("amqp://") as connection, Consumer(connection, [queue], callbacks=[on_task]):
                    connection.drain_events()
            """,
            silence="guards",
        ),
        good(
            "only what was not acknowledged",
            """
            import pika

            def on_message(channel, method, properties, body):
                try:
                    store(body)
                    channel.basic_ack(method.delivery_tag)
                except Exception:
                    channel.basic_nack(method.delivery_tag)

            def main():
                channel = pika.BlockingConnection().channel()
                channel.basic_consume("orders", on_message)
                channel.start_consuming()
            """,
            silence="the first one failed",
        ),
        good(
            "a flag for what was done",
            """
            import json

            import pika

            def on_message(channel, method, properties, body):
                settled = False
                try:
                    if not body:
                        channel.basic_ack(method.delivery_tag)
                        settled = True
                        return
                    store(json.loads(body))
                finally:
                    if not settled:
                        channel.basic_nack(method.delivery_tag)

            def main():
                channel = pika.BlockingConnection().channel()
                channel.basic_consume("orders", on_message)
                channel.start_consuming()
            """,
            silence="a flag tells",
        ),
        good(
            "another turn of the loop",
            """
            import pika

            def drain(channel: pika.adapters.blocking_connection.BlockingChannel):
                for method, properties, body in channel.consume("orders"):
                    if not body:
                        channel.basic_reject(method.delivery_tag, requeue=False)
                        continue
                    store(body)
                    channel.basic_ack(method.delivery_tag)
            """,
            silence="the next message",
        ),
        good(
            "ignore_processed",
            """
            import aio_pika
            from aio_pika.abc import AbstractIncomingMessage

            async def on_message(message: AbstractIncomingMessage):
                async with message.process(ignore_processed=True):
                    if not message.body:
                        await message.reject()
                        return
                    await store(message.body)

            async def main(queue: aio_pika.Queue):
                await queue.consume(on_message)
            """,
            silence="the context tolerates it",
        ),
        good(
            "Pub/Sub takes the first",
            """
            from google.cloud import pubsub_v1

            def on_message(message):
                if not message.data:
                    message.ack()
                store(message.data)
                message.ack()

            def main(path):
                subscriber = pubsub_v1.SubscriberClient()
                subscriber.subscribe(path, callback=on_message).result()
            """,
            silence="a second one does no harm",
        ),
    ),
)

_COST = {
    "closes": "{library} answers by closing the channel: its other messages come back, the consumer is gone.",
    "raises": "The second call raises, in place of what the handler meant to do.",
}


@rule.on_module
def check(module: ModuleScope, context: Context) -> Iterator[Finding]:
    """Every delivery of the file, where a second settlement does harm."""
    for delivery in context.project.deliveries.of(module.path):
        cost = _COST.get(delivery.facts.second or "")
        graph = expecting_graph(delivery, Work(delivery).is_work) if cost else None
        if graph is None or cost is None or delivery.opening.auto is not False:
            continue
        twice: list[State] = []

        def ends(_block: Block, state: State, twice: list[State] = twice) -> bool:
            if state.status == "twice":
                twice.append(state)
            return state.status == "twice"

        path = find_path(graph, Typestate(delivery, frozenset({"lost"})), ends)
        if isinstance(path, Path) and not _is_flagged(delivery, path, twice[0]):
            yield _finding(delivery, twice[0], cost, context)


def _is_flagged(delivery: Delivery, path: Path, state: State) -> bool:
    """Whether, between the two, the path asks for something that the function itself keeps in mind."""
    places = delivery.function.project.values.bindings(delivery.function).places
    kept = {place[-1] for place, sources in places.items() if len(sources) > 1}
    first = state.by[0]
    is_between = False
    for step, _ in path.steps():
        is_between = is_between or step.node.at == first or any(part.at == first for part in _parts(step.node))
        if is_between and step.kind == "test" and any(name in kept for name in _read(step.node)):
            return True
    return False


def _parts(node: ir.Node) -> Iterator[ir.Node]:
    if isinstance(node, ir.Await):
        yield node.value
    if isinstance(node, ir.WithItem):
        yield node.context


def _read(test: ir.Node) -> Iterator[str]:
    match test:
        case ir.Name():
            yield test.id
        case ir.Attribute():
            yield test.name
        case ir.Compare():
            yield from _read(test.left)
            for operand in test.operands:
                yield from _read(operand)


def _finding(delivery: Delivery, state: State, cost: str, context: Context) -> Finding:
    first, second = sorted(state.by[-2:])
    return Finding(
        at=second,
        message=f"`{delivery.shown}` is settled a second time on one path",
        consequence=cost.format(library=delivery.facts.library),
        help="settle at one place, or leave the handler after the first settlement",
        notes=(Note(context.path, first, "it is settled here first"),),
        symbol=delivery.function.symbol,
    )
