"""What every broker must do, as tests that pytest collects from a class derived from BrokerContract."""

import threading
from collections.abc import Iterable

import pytest

from worker_lint_runtime._broker import Broker, Consumer, Inspectable, StaleDeliveryError
from worker_lint_runtime._message import Delivery, Outcome
from worker_lint_runtime._pause import pause


class BrokerContract:
    """
    The conformance suite of the `Broker` protocol.

    Derive from it in a test file and define a fixture `broker` that gives a connected broker without messages. A broker
    on a fake clock overrides `let_pass` and sets `moment` to zero; a slow server raises `patience`.
    """

    queue = "contract"
    patience = 10.0
    """Seconds to wait for what must come."""
    moment = 0.2
    """Seconds to wait for what must not come; zero for a broker that knows at once."""

    @pytest.fixture
    def consumer(self, broker: Broker) -> Iterable[Consumer]:
        """A consumer with room for three deliveries."""
        consumer = broker.consume(self.queue, 3)
        yield consumer
        consumer.close()

    def let_pass(self, seconds: float) -> None:
        """Let time pass for the broker."""
        pause(seconds)

    def take(self, consumer: Consumer) -> Delivery:
        """The next delivery, which must come."""
        delivery = consumer.receive(self.patience)
        assert delivery is not None, "no delivery came"
        return delivery

    def test_a_message_arrives_as_it_was_published(self, broker: Broker, consumer: Consumer) -> None:
        name = broker.publish(self.queue, b"\x00body", headers={"trace": "größe"})
        message = self.take(consumer).message
        assert (message.id, message.body, message.queue, message.attempt) == (name, b"\x00body", self.queue, 1)
        assert message.headers["trace"] == "größe"

    def test_an_empty_queue_gives_nothing(self, consumer: Consumer) -> None:
        assert consumer.receive(0.0) is None

    def test_messages_come_in_their_order(self, broker: Broker, consumer: Consumer) -> None:
        names = [broker.publish(self.queue, b"") for _ in range(3)]
        assert [self.take(consumer).message.id for _ in names] == names

    def test_an_acknowledged_message_is_gone(self, broker: Broker, consumer: Consumer) -> None:
        broker.publish(self.queue, b"")
        consumer.settle(self.take(consumer), Outcome.ack())
        consumer.close()
        assert broker.consume(self.queue, 1).receive(self.moment) is None

    def test_a_retry_comes_again_and_is_charged(self, broker: Broker, consumer: Consumer) -> None:
        name = broker.publish(self.queue, b"body")
        consumer.settle(self.take(consumer), Outcome.retry(reason="later"))
        again = self.take(consumer).message
        assert (again.id, again.body, again.attempt) == (name, b"body", 2)

    def test_a_delayed_retry_waits(self, broker: Broker, consumer: Consumer) -> None:
        name = broker.publish(self.queue, b"")
        consumer.settle(self.take(consumer), Outcome.retry(1.0))
        assert consumer.receive(0.0) is None
        self.let_pass(1.1)
        assert self.take(consumer).message.id == name

    def test_a_delayed_message_waits(self, broker: Broker, consumer: Consumer) -> None:
        name = broker.publish(self.queue, b"", delay=1.0)
        assert consumer.receive(0.0) is None
        self.let_pass(1.1)
        assert self.take(consumer).message.id == name

    def test_a_release_is_not_charged(self, broker: Broker, consumer: Consumer) -> None:
        name = broker.publish(self.queue, b"")
        for _ in range(5):
            delivery = self.take(consumer)
            assert (delivery.message.id, delivery.message.attempt) == (name, 1)
            consumer.settle(delivery, Outcome.release())

    def test_a_rejected_message_is_put_aside_with_its_reason(self, broker: Broker, consumer: Consumer) -> None:
        name = broker.publish(self.queue, b"poison")
        consumer.settle(self.take(consumer), Outcome.reject("does not decode"))
        assert consumer.receive(self.moment) is None
        if isinstance(broker, Inspectable):
            (letter,) = broker.dead_letters(self.queue)
            assert (letter.message.id, letter.message.body, letter.reason) == (name, b"poison", "does not decode")

    @pytest.mark.parametrize("second", [Outcome.ack(), Outcome.retry(), Outcome.release(), Outcome.reject("again")])
    def test_a_delivery_is_settled_once(self, broker: Broker, consumer: Consumer, second: Outcome) -> None:
        broker.publish(self.queue, b"")
        delivery = self.take(consumer)
        consumer.settle(delivery, Outcome.ack())
        with pytest.raises(StaleDeliveryError):
            consumer.settle(delivery, second)

    def test_no_more_than_the_prefetch_is_unsettled(self, broker: Broker, consumer: Consumer) -> None:
        for _ in range(4):
            broker.publish(self.queue, b"")
        held = [self.take(consumer) for _ in range(3)]
        assert consumer.receive(self.moment) is None
        consumer.settle(held[0], Outcome.ack())
        self.take(consumer)

    def test_two_consumers_share_the_messages(self, broker: Broker, consumer: Consumer) -> None:
        names = {broker.publish(self.queue, b"") for _ in range(6)}
        other = broker.consume(self.queue, 3)
        taken = [self.take(each).message.id for each in (consumer, other) for _ in range(3)]
        assert sorted(taken) == sorted(names)

    def test_after_cancel_nothing_comes_and_the_held_can_be_settled(self, broker: Broker, consumer: Consumer) -> None:
        broker.publish(self.queue, b"1")
        delivery = self.take(consumer)
        broker.publish(self.queue, b"2")
        consumer.cancel()
        consumer.cancel()
        consumer.hand_back()
        assert consumer.receive(self.patience) is None
        consumer.settle(delivery, Outcome.ack())
        consumer.close()
        assert self.take(broker.consume(self.queue, 1)).message.body == b"2"

    def test_cancel_wakes_who_waits(self, consumer: Consumer) -> None:
        came: list[Delivery | None] = []
        waiter = threading.Thread(target=lambda: came.append(consumer.receive(3600)))
        waiter.start()
        consumer.cancel()
        waiter.join(self.patience)
        assert came == [None]

    def test_close_gives_back_what_is_unsettled(self, broker: Broker, consumer: Consumer) -> None:
        name = broker.publish(self.queue, b"")
        delivery = self.take(consumer)
        consumer.close()
        consumer.close()
        again = self.take(broker.consume(self.queue, 1)).message
        assert (again.id, again.attempt) == (name, 2)
        with pytest.raises(StaleDeliveryError):
            consumer.settle(delivery, Outcome.ack())

    def test_what_was_fetched_ahead_comes_back_uncharged(self, broker: Broker, consumer: Consumer) -> None:
        names = [broker.publish(self.queue, b"") for _ in range(3)]
        first = self.take(consumer)
        consumer.cancel()
        consumer.hand_back()
        consumer.settle(first, Outcome.ack())
        consumer.close()
        other = broker.consume(self.queue, 3)
        rest = [self.take(other).message for _ in names[1:]]
        assert [(each.id, each.attempt) for each in rest] == [(name, 1) for name in names[1:]]

    def test_each_message_is_counted_once(self, broker: Broker, consumer: Consumer) -> None:
        if not isinstance(broker, Inspectable):
            pytest.skip("this broker does not count")
        for delay in (0, 0, 0, 0, 60):
            broker.publish(self.queue, b"", delay=delay)
        consumer.settle(self.take(consumer), Outcome.ack())
        consumer.settle(self.take(consumer), Outcome.reject("bad"))
        self.take(consumer)
        depth = broker.depth(self.queue)
        assert (depth.ready, depth.delayed, depth.unsettled, depth.dead) == (1, 1, 1, 1)

    def test_close_may_be_called_again(self, broker: Broker) -> None:
        broker.close()
        broker.close()
