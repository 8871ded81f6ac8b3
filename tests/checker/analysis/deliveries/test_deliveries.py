"""Which functions get deliveries, under which names, and whether those are theirs to settle."""

from collections.abc import Callable

import pytest

from worker_lint.analysis import Project
from worker_lint.analysis.deliveries import Delivery, Work, settlements_in

ProjectOf = Callable[[str], Project]

PIKA = """
    import functools
    import pika

    def on_message(channel, method, properties, body):
        tag = method.delivery_tag
        channel.basic_nack(tag, False, False)

    def main(known):
        channel = pika.BlockingConnection().channel()
        channel.basic_consume("orders", {handler}{more})
"""


def deliveries(project: Project) -> list[Delivery]:
    return list(project.deliveries.of("worker.py"))


@pytest.mark.parametrize("handler", ["on_message", "functools.partial(on_message)"])
def test_a_callback_knows_its_delivery_by_parameter_and_tag(project_of: ProjectOf, handler: str) -> None:
    (delivery,) = deliveries(project_of(PIKA.format(handler=handler, more="")))
    assert delivery.function.name == "on_message"
    assert (set(delivery.names), set(delivery.tags), delivery.channel) == ({"method"}, {"tag"}, "channel")
    assert delivery.payload == {"body"}
    assert delivery.opening.auto is False


@pytest.mark.parametrize(("more", "auto"), [(", auto_ack=True", True), (", True", True), (", auto_ack=known", None)])
def test_automatic_acknowledgement_is_read_from_the_call(project_of: ProjectOf, more: str, auto: object) -> None:
    (delivery,) = deliveries(project_of(PIKA.format(handler="on_message", more=more)))
    assert delivery.opening.auto is auto


def test_a_settlement_tells_whether_the_message_comes_back(project_of: ProjectOf) -> None:
    (delivery,) = deliveries(project_of(PIKA.format(handler="on_message", more="")))
    (settlement,) = settlements_in(delivery)
    assert (settlement.verb, settlement.requeue, settlement.multiple) == ("nack", False, False)


def test_a_function_that_is_never_registered_has_none(project_of: ProjectOf) -> None:
    assert deliveries(project_of(PIKA.format(handler="known", more=""))) == []


def test_a_name_that_is_bound_again_is_unknown(project_of: ProjectOf) -> None:
    source = PIKA.format(handler="on_message", more="").replace(
        "tag = method", "method = other(method)\n        tag = method"
    )
    assert deliveries(project_of(source)) == []


def test_another_library_with_the_same_method_name_is_not_meant(project_of: ProjectOf) -> None:
    project = project_of(
        """
        from carrots import Channel

        def on_message(channel, method, properties, body):
            pass

        def main(channel):
            channel.basic_consume("orders", on_message)
        """
    )
    assert deliveries(project) == []


def test_loops_and_fetches_deliver_too(project_of: ProjectOf) -> None:
    project = project_of(
        """
        import aio_pika
        import pika

        async def loop(queue: aio_pika.Queue):
            async with queue.iterator() as messages:
                async for message in messages:
                    await message.ack()

        def one(channel: pika.adapters.blocking_connection.BlockingChannel):
            method, properties, body = channel.basic_get("orders")
            for frame, _, text in channel.consume("orders"):
                channel.basic_ack(frame.delivery_tag)
        """
    )
    found = {(delivery.function.name, delivery.how, delivery.shown) for delivery in deliveries(project)}
    assert found == {("loop", "loop", "message"), ("one", "loop", "frame"), ("one", "get", "method")}


def test_work_is_what_gets_the_message_not_what_reads_or_logs_it(project_of: ProjectOf) -> None:
    project = project_of(
        """
        import json
        import logging
        import pika

        class Worker:
            def __init__(self):
                self.channel = pika.BlockingConnection().channel()
                self.channel.basic_consume("orders", self.on_message)

            def on_message(self, channel, method, properties, body):
                logging.info("got %s", body)
                self.order = json.loads(body)
                self.metrics.inc(len(body))
                self.charge(self.order["id"])
                channel.basic_ack(method.delivery_tag)
        """
    )
    (delivery,) = deliveries(project)
    assert [call.func.name for call in Work(delivery).calls()] == ["charge"]  # type: ignore[union-attr]
