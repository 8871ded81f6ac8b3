"""A subscription to a queue of RabbitMQ that outlives its connections."""

import itertools
import logging
import threading
from abc import abstractmethod
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

import pika
from pika.channel import Channel
from pika.exceptions import AMQPError
from pika.spec import BasicProperties

from worker_lint_runtime._broker import BrokerError, StaleDeliveryError
from worker_lint_runtime._brokers.amqp_link import CLOSE_SECONDS, Link, describe
from worker_lint_runtime._brokers.amqp_topology import Steps, declare_queue, run_steps
from worker_lint_runtime._brokers.amqp_untyped import (
    break_off,
    connection_of,
    keep_deliveries,
    loop_of,
    when_cancelled,
    when_closed,
)
from worker_lint_runtime._brokers.amqp_wire import charged_copy, read_message
from worker_lint_runtime._clock import Clock
from worker_lint_runtime._message import Answer, Delivery, Outcome

log = logging.getLogger("worker_lint_runtime.amqp")

REOPEN_SECONDS = 1.0
"""After the broker has closed the channel, or the queue was deleted: wait so long before the next try."""


class Publisher(Protocol):
    """What a consumer needs of its broker."""

    clock: Clock
    timeout: float
    delivery_limit: int

    @abstractmethod
    def link(self) -> Link:
        """The connection."""

    @abstractmethod
    def send(self, queue: str, body: bytes, properties: BasicProperties, delay: float = 0.0) -> None:
        """Publish and wait until it is stored."""

    @abstractmethod
    def bury(self, queue: str, body: bytes, properties: BasicProperties) -> None:
        """Put it among the dead letters and wait until it is stored."""


@dataclass(frozen=True, slots=True)
class Tag:
    """Names a delivery on one channel; on another channel, the same number means another delivery."""

    channel: Channel
    number: int
    properties: BasicProperties


class RabbitConsumer:
    """A subscription to one queue of a RabbitBroker; see `Consumer`."""

    def __init__(self, broker: Publisher, queue: str, prefetch: int) -> None:
        self._broker, self._queue, self._prefetch = broker, queue, prefetch
        self._link = broker.link()
        self._changed = threading.Condition()
        self._waiting: deque[Delivery] = deque()
        self._held: dict[int, Delivery] = {}
        self._done: list[int] = []
        """Tags to be acknowledged on the channel. While there are any, a callback that does so is on its way."""
        self._channel: Channel | None = None
        self._tags = itertools.count(1)
        self._tag = ""
        self._attempt = 0
        self._registered = self._cancelled = self._closed = False
        self._reason = "not registered yet"
        self._lost_at: float | None = None

    def open(self) -> None:
        """Register with the broker. Raises BrokerError when it refuses."""
        self._link.declare(partial(declare_queue, queue=self._queue), self._broker.timeout)
        self._link.add(self)
        with self._changed:
            registered = self._broker.clock.wait_for(self._changed, lambda: self._registered, self._broker.timeout)
        if not registered:
            self.close()
            raise BrokerError(f"{self._link.place}: queue {self._queue} gives no messages: {self._reason}")

    @property
    def obstacle(self) -> str | None:
        """See `Reconnecting.obstacle`."""
        with self._changed:
            return None if self._registered or self._cancelled else f"queue {self._queue}: {self._reason}"

    def receive(self, timeout: float) -> Delivery | None:
        """See `Consumer.receive`. While the connection is lost nothing comes; it is mended meanwhile."""
        with self._changed:
            self._broker.clock.wait_for(self._changed, lambda: bool(self._waiting) or self._cancelled, timeout)
            if self._cancelled or not self._waiting:
                return None
            delivery = self._waiting.popleft()
            self._held[id(delivery)] = delivery
        if delivery.message.attempt <= self._broker.delivery_limit:
            return delivery
        self.settle(delivery, Outcome.reject(f"delivered {delivery.message.attempt - 1} times without an answer"))
        return None

    def settle(self, delivery: Delivery, outcome: Outcome) -> None:
        """See `Consumer.settle`. What the broker cannot be told, it delivers again."""
        tag = delivery.token
        with self._changed:
            if self._held.pop(id(delivery), None) is None or not isinstance(tag, Tag):
                raise StaleDeliveryError(
                    f"message {delivery.message.id}: this delivery was settled or given back before,"
                    " or the connection on which it came was lost"
                )
            on_its_way = bool(self._done)
            if outcome.answer is Answer.ACK:
                # Nobody learns more by waiting: the broker does not confirm it. One wake-up serves all that follow.
                self._done.append(tag.number)
        if outcome.answer is not Answer.ACK:
            self._replace(delivery, tag, outcome)
        elif not on_its_way:
            self._link.run_soon(self._flush)

    def _replace(self, delivery: Delivery, tag: Tag, outcome: Outcome) -> None:
        try:
            self._store_copy(delivery, tag, outcome)
        except BrokerError:
            if self._link.obstacle is None:
                self._link.call(partial(self._requeue, tag), self._broker.timeout)
            raise
        self._link.call(partial(self._acknowledge, delivery, tag), self._broker.timeout)

    def _store_copy(self, delivery: Delivery, tag: Tag, outcome: Outcome) -> None:
        """Store what becomes of the message before its delivery is acknowledged: one of the two is always there."""
        attempt, body = delivery.message.attempt, delivery.message.body
        if outcome.answer is Answer.REJECT:
            self._broker.bury(self._queue, body, charged_copy(tag.properties, attempt - 1, outcome.reason))
        elif outcome.answer is Answer.RETRY:
            self._broker.send(self._queue, body, charged_copy(tag.properties, attempt), outcome.delay)
        else:
            self._broker.send(self._queue, body, charged_copy(tag.properties, attempt - 1))

    def _acknowledge(self, delivery: Delivery, tag: Tag, done: "Future[Any]") -> None:
        if tag.channel is not self._channel or not tag.channel.is_open:
            raise StaleDeliveryError(f"message {delivery.message.id}: the connection on which it came was lost")
        tag.channel.basic_ack(tag.number)
        done.set_result(None)

    def _requeue(self, tag: Tag, done: "Future[Any]") -> None:
        if tag.channel is self._channel and tag.channel.is_open:
            tag.channel.basic_nack(tag.number, requeue=True)
        done.set_result(None)

    def cancel(self) -> None:
        """See `Consumer.cancel`."""
        with self._changed:
            if self._cancelled:
                return
            self._cancelled = True
            self._changed.notify_all()
        self._ask_channel(self._stop_deliveries)

    def _stop_deliveries(self, channel: Channel, done: Callable[..., None]) -> None:
        channel.basic_cancel(self._tag, callback=done)
        # What is on its way until the broker has answered, pika would reject, and a quorum queue charges for that. It
        # has to come here, to be handed back as what came before.
        keep_deliveries(channel, self._tag)

    def hand_back(self) -> int:
        """See `Consumer.hand_back`. What cannot be handed back now goes back when the channel closes, charged."""
        with self._changed:
            waiting = list(self._waiting)
            self._waiting.clear()
        for count, delivery in enumerate(waiting):
            try:
                if isinstance(delivery.token, Tag):
                    self._replace(delivery, delivery.token, Outcome.release())
            except BrokerError as error:
                log.warning("%d messages were not handed back one by one: %s", len(waiting) - count, error)
                return count
        return len(waiting)

    def close(self) -> None:
        """See `Consumer.close`. What is unsettled is charged, since a handler may have begun."""
        self.cancel()
        with self._changed:
            if self._closed:
                return
            self._closed = True
        self._link.remove(self)
        self.hand_back()
        self._ask_channel(self._close_channel)
        self._forget("closed")

    @staticmethod
    def _close_channel(channel: Channel, done: Callable[..., None]) -> None:
        when_closed(channel, done)
        channel.close()

    def _ask_channel(self, ask: Callable[[Channel, Callable[..., None]], object]) -> None:
        """Ask the broker something about the channel; a channel that is gone needs no asking."""

        def act(done: "Future[Any]") -> None:
            def answer(*_: object) -> None:
                if not done.done():
                    done.set_result(None)

            if self._channel is None or not self._channel.is_open:
                answer()
            else:
                self._flush()
                ask(self._channel, answer)

        if self._link.obstacle is not None:
            return
        try:
            self._link.call(act, CLOSE_SECONDS)
        except BrokerError as error:
            log.warning("queue %s: %s", self._queue, error)

    # From here on, everything is done by whoever owns the connection; see SharedLoop.

    def attach(self, connection: pika.SelectConnection) -> None:
        """There is a new connection: register on it."""
        if not self._cancelled and connection.is_open:
            self._attempt += 1
            give_up = partial(self._give_up, connection, self._attempt)
            loop_of(connection).call_later(self._broker.timeout, give_up)
            connection.channel(on_open_callback=self._begin)

    def _give_up(self, connection: pika.SelectConnection, attempt: int) -> None:
        """
        The broker has not answered. A server that comes up again may have lost a request about a queue that it was
        still bringing up. Then its side of the channel answers nothing any more, and only a new connection helps.
        """
        if attempt == self._attempt and not self._registered and not self._cancelled and not connection.is_closed:
            reason = f"queue {self._queue}: the broker did not register the consumer in {self._broker.timeout:g} s"
            log.warning("%s; connecting anew", reason)
            break_off(connection, AMQPError(reason))

    def detach(self, reason: str) -> None:
        """The connection is gone, and with it what came on it."""
        self._forget(reason)

    def _begin(self, channel: Channel) -> None:
        self._channel = channel
        when_closed(channel, self._on_closed)
        when_cancelled(channel, lambda: channel.close(reply_text="the queue was deleted"))
        run_steps(self._register(channel), partial(self._on_registered, channel))

    def _register(self, channel: Channel) -> Steps:
        """Declare, subscribe, and read back that the broker knows a consumer of the queue."""
        self._tag = f"worker-lint-{id(self):x}-{next(self._tags)}"
        yield from declare_queue(channel, self._queue)
        yield lambda done: channel.basic_qos(prefetch_count=self._prefetch, callback=done)
        yield lambda done: channel.basic_consume(self._queue, self._on_message, consumer_tag=self._tag, callback=done)
        found = yield lambda done: channel.queue_declare(self._queue, passive=True, callback=done)
        return found.method.consumer_count

    def _on_registered(self, channel: Channel, consumers: int) -> None:
        if consumers < 1:
            channel.close(reply_text="the broker does not know the consumer")
            return
        with self._changed:
            lost_at, self._lost_at = self._lost_at, None
            self._registered = True
            self._changed.notify_all()
        if lost_at is not None:
            away = self._broker.clock.monotonic() - lost_at
            log.warning("queue %s: consuming again after %.1f s", self._queue, away)

    def _on_message(self, channel: Channel, method: Any, properties: BasicProperties, body: bytes) -> None:
        message = read_message(self._queue, properties, body)
        with self._changed:
            self._waiting.append(Delivery(message, Tag(channel, method.delivery_tag, properties)))
            self._changed.notify()

    def _flush(self) -> None:
        """Acknowledge what was done since the last time; what a closing channel leaves, its end reports."""
        channel = self._channel
        if channel is None or not channel.is_open:
            return
        with self._changed:
            done, self._done = self._done, []
        for number in done:
            channel.basic_ack(number)

    def _on_closed(self, channel: Channel, reason: BaseException) -> None:
        if channel is not self._channel:
            return
        self._forget(describe(reason))
        if not self._closed and channel.connection.is_open:
            log.warning("queue %s: %s", self._queue, self._reason)
            connection = connection_of(channel)
            loop_of(connection).call_later(REOPEN_SECONDS, partial(self.attach, connection))

    def _forget(self, reason: str) -> None:
        """Nothing that was delivered can be settled any more; the broker delivers it again."""
        self._attempt += 1
        with self._changed:
            if self._registered:
                self._lost_at = self._broker.clock.monotonic()
            self._registered, self._reason, self._channel = False, reason, None
            self._waiting.clear()
            self._held.clear()
            unsent = len(self._done)
            self._done.clear()
            self._changed.notify_all()
        if unsent:
            log.warning(
                "queue %s: %d messages that were done were not acknowledged in time and come again: %s",
                self._queue,
                unsent,
                reason,
            )
