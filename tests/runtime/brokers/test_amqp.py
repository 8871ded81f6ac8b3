"""The broker on RabbitMQ keeps the contract."""

import threading
import time
import uuid
from collections.abc import Callable, Iterator
from functools import partial

import pytest
from pika.channel import Channel

from faults.proxy import Proxy
from faults.servers import RabbitServer, find_free_port
from faults.waiting import wait_until
from worker_lint_runtime import BrokerError, Consumer, Delivery, Outcome, StaleDeliveryError
from worker_lint_runtime._brokers.amqp import RabbitBroker
from worker_lint_runtime._brokers.amqp_consumer import RabbitConsumer
from worker_lint_runtime._brokers.amqp_topology import LEVELS, UNIT, Steps, delay_key
from worker_lint_runtime.testing.broker_contract import BrokerContract


@pytest.mark.slow
class TestRabbitBroker(BrokerContract):
    @pytest.fixture
    def broker(self, rabbit_server: RabbitServer) -> Iterator[RabbitBroker]:
        self.queue = f"contract.{uuid.uuid4().hex}"  # a queue that no other test has used
        broker = RabbitBroker(rabbit_server.url)
        broker.connect()
        yield broker
        broker.close()


PATIENCE = 60.0


def take(consumer: Consumer) -> Delivery:
    delivery = consumer.receive(PATIENCE)
    assert delivery is not None
    return delivery


@pytest.fixture
def queue() -> str:
    return f"work.{uuid.uuid4().hex}"


@pytest.fixture
def proxy(rabbit_server: RabbitServer) -> Iterator[Proxy]:
    proxy = Proxy(rabbit_server.port)
    yield proxy
    proxy.close()


@pytest.fixture
def broker(proxy: Proxy) -> Iterator[RabbitBroker]:
    broker = RabbitBroker(f"amqp://guest:guest@127.0.0.1:{proxy.port}/", heartbeat=1)
    yield broker
    broker.close()


def await_registered(consumer: RabbitConsumer) -> None:
    wait_until(lambda: consumer.obstacle is None, "not registered")


@pytest.mark.slow
def test_it_consumes_again_after_the_link_was_cut(broker: RabbitBroker, proxy: Proxy, queue: str) -> None:
    consumer = broker.consume(queue, 2)
    name = broker.publish(queue, b"body")
    delivery = take(consumer)
    proxy.sever()
    again = take(consumer)
    assert (again.message.id, again.message.attempt) == (name, 2)
    with pytest.raises(StaleDeliveryError, match="the connection on which it came was lost"):
        consumer.settle(delivery, Outcome.ack())
    consumer.settle(again, Outcome.ack())
    other = broker.publish(queue, b"next")
    assert take(consumer).message.id == other


def never(_action: Callable[[], None]) -> None:
    """In place of `Link.run_soon`: the connection's thread has not come to it yet."""


@pytest.mark.slow
def test_a_registration_that_is_not_answered_is_made_anew(
    proxy: Proxy, queue: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    register = RabbitConsumer._register
    asked: list[Channel] = []

    def ask(self: RabbitConsumer, channel: Channel) -> Steps:
        asked.append(channel)
        if len(asked) == 2:
            yield lambda _done: None  # the broker never answers this one
        return (yield from register(self, channel))

    monkeypatch.setattr(RabbitConsumer, "_register", ask)
    broker = RabbitBroker(f"amqp://guest:guest@127.0.0.1:{proxy.port}/", heartbeat=60, timeout=3.0)
    broker.connect()
    try:
        consumer = broker.consume(queue, 1)
        name = broker.publish(queue, b"body")
        take(consumer)
        proxy.sever()
        again = take(consumer)
        assert again.message.id == name
        assert len(asked) == 3
        assert "did not register the consumer in 3 s" in caplog.text
        consumer.settle(again, Outcome.ack())
    finally:
        broker.close()


@pytest.mark.slow
def test_closing_sends_the_acknowledgements_that_are_on_their_way(
    broker: RabbitBroker, queue: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    consumer = broker.consume(queue, 2)
    for _ in range(2):
        broker.publish(queue, b"body")
    monkeypatch.setattr(broker.link(), "run_soon", never)
    for delivery in [take(consumer) for _ in range(2)]:
        consumer.settle(delivery, Outcome.ack())
    consumer.close()
    assert broker.consume(queue, 1).receive(0.5) is None


@pytest.mark.slow
def test_an_acknowledgement_that_is_lost_with_the_link_is_told(
    broker: RabbitBroker,
    proxy: Proxy,
    queue: str,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    consumer = broker.consume(queue, 1)
    name = broker.publish(queue, b"body")
    delivery = take(consumer)
    monkeypatch.setattr(broker.link(), "run_soon", never)
    consumer.settle(delivery, Outcome.ack())
    proxy.sever()
    again = take(consumer)
    assert (again.message.id, again.message.attempt) == (name, 2)
    assert "1 messages that were done were not acknowledged in time and come again" in caplog.text
    monkeypatch.undo()
    consumer.settle(again, Outcome.ack())  # it is not taken for one that is on its way already
    other = broker.publish(queue, b"next")
    assert take(consumer).message.id == other


@pytest.mark.slow
def test_what_is_on_the_wire_when_it_cancels_comes_back_uncharged(
    rabbit_server: RabbitServer, proxy: Proxy, queue: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    cancel = Channel.basic_cancel

    def cancel_then_thaw(channel: Channel, tag: str, callback: Callable[..., None]) -> None:
        cancel(channel, tag, callback)
        proxy.thaw()

    monkeypatch.setattr(Channel, "basic_cancel", cancel_then_thaw)
    near = RabbitBroker(rabbit_server.url)
    far = RabbitBroker(f"amqp://guest:guest@127.0.0.1:{proxy.port}/", heartbeat=60)  # none while it is frozen
    try:
        consumer = far.consume(queue, 3)
        proxy.freeze()
        name = near.publish(queue, b"body")
        assert proxy.wait_for_traffic(PATIENCE)
        consumer.cancel()
        assert consumer.hand_back() == 1
        consumer.close()
        again = take(near.consume(queue, 1)).message
        assert (again.id, again.attempt) == (name, 1)
    finally:
        far.close()
        near.close()


@pytest.mark.slow
def test_a_silent_link_is_noticed(broker: RabbitBroker, proxy: Proxy, queue: str) -> None:
    consumer = broker.consume(queue, 1)
    broker.publish(queue, b"body")
    take(consumer)
    proxy.freeze()
    wait_until(lambda: consumer.obstacle is not None, "the silence was not noticed")
    assert consumer.receive(0.0) is None
    proxy.thaw()
    assert take(consumer).message.attempt == 2


@pytest.mark.slow
def test_closing_ends_although_the_link_is_silent(broker: RabbitBroker, proxy: Proxy, queue: str) -> None:
    broker.consume(queue, 1)
    proxy.freeze()
    broker.close()
    assert "amqp-connection" not in [thread.name for thread in threading.enumerate()]


@pytest.mark.slow
def test_a_queue_that_was_deleted_is_made_again(broker: RabbitBroker, queue: str) -> None:
    consumer = broker.consume(queue, 1)
    broker.publish(queue, b"before")
    broker.link().declare(lambda channel: delete(channel, queue), PATIENCE)
    wait_until(lambda: consumer.obstacle is not None, "the deletion was not noticed")
    await_registered(consumer)
    name = broker.publish(queue, b"after")
    assert take(consumer).message.id == name


def delete(channel: Channel, queue: str) -> Steps:
    yield lambda done: channel.queue_delete(queue, callback=done)


@pytest.mark.slow
def test_a_publisher_declares_a_queue_anew_that_was_deleted(broker: RabbitBroker, queue: str) -> None:
    broker.publish(queue, b"before")
    broker.link().declare(lambda channel: delete(channel, queue), PATIENCE)
    name = broker.publish(queue, b"after")
    assert take(broker.consume(queue, 1)).message.id == name


@pytest.mark.slow
def test_delays_that_were_deleted_are_made_again(broker: RabbitBroker, queue: str) -> None:
    consumer = broker.consume(queue, 1)
    broker.publish(queue, b"before", delay=0.1)
    consumer.settle(take(consumer), Outcome.ack())
    broker.link().declare(delete_delays, PATIENCE)
    name = broker.publish(queue, b"after", delay=0.1)
    assert take(consumer).message.id == name


def delete_delays(channel: Channel) -> Steps:
    for level in range(LEVELS):
        yield partial(delete_one, channel.exchange_delete, level)
        yield partial(delete_one, channel.queue_delete, level)


def delete_one(delete: Callable[..., None], level: int, done: Callable[..., None]) -> None:
    delete(f"worker-lint.delay.{level}", callback=done)


@pytest.mark.slow
def test_the_attempts_of_a_message_that_kills_are_limited(broker: RabbitBroker, proxy: Proxy, queue: str) -> None:
    broker.delivery_limit = 2
    consumer = broker.consume(queue, 1)
    name = broker.publish(queue, b"poison", headers={"trace": "1"})
    for attempt in (1, 2):
        assert take(consumer).message.attempt == attempt
        proxy.sever()
        wait_until(lambda: consumer.obstacle is not None, "the loss was not noticed")
        await_registered(consumer)
    wait_until(lambda: consumer.receive(0.1) is None and (broker.dead_letters(queue) != []), "no dead letter")
    (letter,) = broker.dead_letters(queue)
    assert (letter.message.id, letter.reason) == (name, "delivered 2 times without an answer")


@pytest.mark.slow
@pytest.mark.parametrize("delay", [0.1, 0.7, 1.5])
def test_a_delay_neither_charges_nor_shortens(broker: RabbitBroker, queue: str, delay: float) -> None:
    consumer = broker.consume(queue, 1)
    broker.publish(queue, b"warm up", delay=0.1)  # declares the ladder of delays
    consumer.settle(take(consumer), Outcome.ack())
    began = time.monotonic()
    broker.publish(queue, b"", headers={"trace": "1"}, delay=delay)
    first = take(consumer)
    assert time.monotonic() - began >= delay
    consumer.settle(first, Outcome.retry(delay))
    second = take(consumer)
    assert (first.message.attempt, second.message.attempt) == (1, 2)
    assert dict(second.message.headers) == {"trace": "1"}


@pytest.mark.slow
def test_a_queue_of_another_kind_is_refused_with_the_brokers_words(broker: RabbitBroker, queue: str) -> None:
    broker.link().declare(lambda channel: declare_classic(channel, queue), PATIENCE)
    with pytest.raises(BrokerError, match=r"inequivalent arg .* take another name"):
        broker.consume(queue, 1)


def declare_classic(channel: Channel, queue: str) -> Steps:
    yield lambda done: channel.queue_declare(queue, durable=True, callback=done)


def test_a_server_that_is_not_there_is_named() -> None:
    port = find_free_port()
    with pytest.raises(BrokerError, match=f"amqp://127.0.0.1:{port}: .*refused"):
        RabbitBroker(f"amqp://127.0.0.1:{port}/").connect()


@pytest.mark.slow
def test_wrong_credentials_are_told_without_the_password(rabbit_server: RabbitServer) -> None:
    with pytest.raises(BrokerError, match="ACCESS_REFUSED") as caught:
        RabbitBroker(f"amqp://guest:secret@127.0.0.1:{rabbit_server.port}/").connect()
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("wrong", [{"heartbeat": 0}, {"delivery_limit": 100}, {"timeout": 0}])
def test_unsafe_settings_are_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="RabbitMQ"):
        RabbitBroker("amqp://localhost/", **wrong)  # type: ignore[arg-type]  # the names are the parameters


@pytest.mark.parametrize("seconds", [0.01, 0.1, 12.34, 1_000_000])
def test_a_delay_is_the_sum_of_its_levels(seconds: float) -> None:
    exchange, key = delay_key("a.b", seconds)
    bits = key.split(".")[:LEVELS]
    units = int("".join(bits), 2)
    assert seconds <= units * UNIT <= seconds + UNIT + 1e-6
    assert exchange.endswith(str(units.bit_length() - 1))
    assert key.split(".")[LEVELS:] == ["a%2Eb"]


def test_a_delay_has_an_end() -> None:
    with pytest.raises(BrokerError, match="at most 19 days"):
        delay_key("q", 20 * 86400)
