"""
A message is acknowledged although its consumer was opened with automatic acknowledgement.

What it catches
    An acknowledgement or rejection in the handler of a consumer that was opened with `auto_ack=True` (pika) or
    `no_ack=True` (aio-pika).

Why it hurts in production
    For such a consumer the broker forgets each message as it sends it. The first acknowledgement names a delivery
    that it does not know: RabbitMQ closes the channel (406, PRECONDITION_FAILED) and everything buffered in the
    client is lost. aio-pika raises TypeError in the handler instead.

What to do instead
    Open the consumer without automatic acknowledgement, and keep the settlement; or drop the settlement.

When to ignore it
    Never.

Limits
    Only handlers that are registered in the file that defines them, by a call with a literal flag.
"""

from collections.abc import Iterator

from worker_lint.analysis import ModuleScope
from worker_lint.analysis.deliveries import Delivery, settlements_in
from worker_lint.rule import Context, Finding, Note, Rule, bad, good

rule = Rule(
    code="MSG113",
    severity="error",
    stage="preview",
    summary="A message is acknowledged although its consumer acknowledges automatically",
    words=("auto_ack", "no_ack"),
    closure="file",
    resumable="trail",
    product_only=True,
    silences=("acknowledged by hand", "one handler for two consumers", "the library ignores it"),
    examples=(
        bad(
            "a callback",
            """
            import pika

            def on_message(channel, method, properties, body):
                store(body)
                channel.basic_ack(delivery_tag=method.delivery_tag)  # bad: method

            def main():
                channel = pika.BlockingConnection().channel()
                channel.basic_consume(queue="orders", on_message_callback=on_message, auto_ack=True)
                channel.start_consuming()
            """,
        ),
        bad(
            "a fetch",
            """
            import pika

            class Worker:
                def __init__(self):
                    self.connection = pika.BlockingConnection()
                    self.channel = self.connection.channel()

                def one(self):
                    method, properties, body = self.channel.basic_get("orders", auto_ack=True)
                    if method:
                        store(body)
                        self.channel.basic_ack(method.delivery_tag)  # bad: method
            """,
        ),
        bad(
            "aio-pika",
            """
            import aio_pika

            async def work(connection: aio_pika.Connection):
                channel = await connection.channel()
                queue = await channel.declare_queue("orders")
                async with queue.iterator(no_ack=True) as messages:
                    async for message in messages:
                        await store(message.body)
                        await message.ack()  # bad: message
            """,
        ),
        good(
            "settled by hand",
            """
            import pika

            def on_message(channel, method, properties, body):
                store(body)
                channel.basic_ack(delivery_tag=method.delivery_tag)

            def main():
                channel = pika.BlockingConnection().channel()
                channel.basic_consume(queue="orders", on_message_callback=on_message, auto_ack=False)
                channel.start_consuming()
            """,
            silence="acknowledged by hand",
        ),
        good(
            "the flag of the other queue",
            """
            import pika

            class Worker:
                def __init__(self):
                    self.channel = pika.BlockingConnection().channel()
                    self.channel.basic_consume("orders", self.on_message)
                    self.channel.basic_consume("hints", self.on_message, auto_ack=True)

                def on_message(self, channel, method, properties, body):
                    store(body)
                    if method.routing_key == "orders":
                        channel.basic_ack(method.delivery_tag)
            """,
            silence="one handler for two consumers",
        ),
        good(
            "kombu knows",
            """
            from kombu import Connection, Consumer

            def on_task(body, message):
                store(body)
                message.ack()

            def main(queue):
                with Connection("amqp://") as connection:
                    with Consumer(connection, [queue], callbacks=[on_task], no_ack=True):
                        connection.drain_events()
            """,
            silence="the library ignores it",
        ),
    ),
)

_COST = {
    "closes": "{library} does not know the delivery and closes the channel; what the client has buffered is lost.",
    "raises": "The call raises TypeError: the message needs no settlement, and cannot be given back.",
}


@rule.on_module
def check(module: ModuleScope, context: Context) -> Iterator[Finding]:
    """The settlements of deliveries that come settled."""
    deliveries = context.project.deliveries.of(module.path)
    by_hand = {delivery.function for delivery in deliveries if delivery.opening.auto is not True}
    for delivery in deliveries:
        cost = _COST.get(delivery.facts.under_auto_ack or "")
        if cost is None or delivery.opening.auto is not True:
            continue
        if delivery.how == "callback" and delivery.function in by_hand:
            continue
        yield from _settled(delivery, cost, context)


def _settled(delivery: Delivery, cost: str, context: Context) -> Iterator[Finding]:
    for settlement in settlements_in(delivery):
        yield Finding(
            at=settlement.call.at,
            message=f"`{delivery.shown}` comes acknowledged, and is settled again",
            consequence=cost.format(library=delivery.facts.library),
            help="open the consumer without automatic acknowledgement, or drop this call",
            notes=(Note(context.path, delivery.opening.call.at, "it is acknowledged automatically"),),
            symbol=delivery.function.symbol,
        )
