"""RabbitMQ: quorum queues, confirmed publishing, and a consumer that comes back after each loss."""

import threading
from collections.abc import Callable, Mapping
from functools import partial

import pika
from pika.channel import Channel
from pika.spec import BasicProperties

from worker_lint_runtime._broker import BrokerError, DeadLetter
from worker_lint_runtime._brokers.amqp_consumer import RabbitConsumer
from worker_lint_runtime._brokers.amqp_link import Link
from worker_lint_runtime._brokers.amqp_publishing import Posting, UnroutableError
from worker_lint_runtime._brokers.amqp_topology import (
    MOST_DELIVERIES,
    Steps,
    dead_queue,
    declare_delays,
    declare_queue,
    delay_key,
    get_one,
)
from worker_lint_runtime._brokers.amqp_wire import new_properties, read_dead_letter
from worker_lint_runtime._clock import Clock
from worker_lint_runtime._retry import Backoff


class RabbitBroker:
    """
    Queues of a RabbitMQ server, 3.10 or later. Needs pika.

    Guaranteed: when `publish` returns, a quorum queue has the message; a delivery counts as an attempt also when it
    killed its process; after `delivery_limit` attempts without an answer, or when rejected, a message is in the queue
    `NAME.dead`; after any loss the connection is made again, the queues declared, and the consumer registered, which is
    read back from the broker. Not guaranteed: the order of messages that were retried or released; a retry, a release
    and a rejection are a new copy and then an acknowledgement, so a kill between the two leaves both.

    Args:
        url: `amqp://user:password@host:5672/vhost`, or `amqps:`.
        heartbeat: seconds; a silent link is noticed after this plus 5. Kept while the worker drains.
        delivery_limit: of one message, below 100; deliveries that were released do not count.
        timeout: seconds within which the broker must answer.
        clock: source of monotonic time.

    """

    def __init__(
        self,
        url: str,
        *,
        heartbeat: int = 10,
        delivery_limit: int = 20,
        timeout: float = 30.0,
        clock: Clock | None = None,
    ) -> None:
        if not 1 <= delivery_limit < MOST_DELIVERIES or timeout <= 0 or heartbeat < 1:
            raise ValueError(f"RabbitMQ: heartbeat {heartbeat}, delivery limit {delivery_limit}, timeout {timeout}")
        parameters = pika.URLParameters(url)
        parameters.heartbeat = heartbeat
        parameters.socket_timeout = parameters.stack_timeout = min(timeout, 15.0)
        self.delivery_limit, self.timeout, self.clock = delivery_limit, timeout, clock or Clock()
        self._parameters = parameters
        self._lock = threading.Lock()
        self._link: Link | None = None
        self._declared: set[str] = set()
        self._consumers: list[RabbitConsumer] = []

    def connect(self) -> None:
        """See `Broker.connect`."""
        self.link()

    def link(self) -> Link:
        """The connection, opened if need be. Raises BrokerError."""
        with self._lock:
            if self._link is None:
                link = Link(self._parameters, clock=self.clock, backoff=Backoff(0.1, 10.0))
                link.open(self.timeout)
                self._link = link
            return self._link

    def publish(self, queue: str, body: bytes, *, headers: Mapping[str, str] | None = None, delay: float = 0.0) -> str:
        """See `Broker.publish`. A BrokerError leaves open whether the message was stored."""
        properties = new_properties(headers)
        self.send(queue, body, properties, delay)
        return properties.message_id or ""

    def send(self, queue: str, body: bytes, properties: BasicProperties, delay: float = 0.0) -> None:
        """Publish a message as it is, and wait until it is stored."""
        exchange, key = delay_key(queue, delay) if delay > 0 else ("", queue)
        self._post(queue, Posting(exchange, key, body, properties))

    def bury(self, queue: str, body: bytes, properties: BasicProperties) -> None:
        """Put a message among the dead letters of a queue, and wait until it is stored there."""
        self._post(queue, Posting("", dead_queue(queue), body, properties))

    def _post(self, queue: str, posting: Posting) -> None:
        """Publish; declares what that needs, and once more when it was deleted meanwhile."""
        for last in (False, True):
            self._declare(queue, delayed=bool(posting.exchange))
            try:
                return self.link().publish(posting, self.timeout)
            except UnroutableError:
                if last:
                    raise
            with self._lock:
                self._declared.clear()
        return None

    def _declare(self, queue: str, *, delayed: bool) -> None:
        wanted: dict[str, Callable[[Channel], Steps]] = {f"queue {queue}": partial(declare_queue, queue=queue)}
        if delayed:
            wanted["delays"] = declare_delays
        for name, steps in wanted.items():
            if name not in self._declared:
                self.link().declare(steps, self.timeout)
                with self._lock:
                    self._declared.add(name)

    def consume(self, queue: str, prefetch: int) -> "RabbitConsumer":
        """See `Broker.consume`."""
        if prefetch < 1:
            raise BrokerError(f"prefetch is at least 1: {prefetch}")
        consumer = RabbitConsumer(self, queue, prefetch)
        consumer.open()
        self._consumers.append(consumer)
        return consumer

    def dead_letters(self, queue: str, limit: int = 100) -> list[DeadLetter]:
        """The oldest dead letters of a queue, at most so many; they stay there, and may change their order."""

        def fetch(channel: Channel) -> Steps:
            yield from declare_queue(channel, queue)
            letters: list[DeadLetter] = []
            for _ in range(limit):
                found = yield partial(get_one, channel, dead_queue(queue))
                if found is None:
                    break
                letters.append(read_dead_letter(queue, *found))
            return letters  # the channel is closed then, which gives them back

        letters: list[DeadLetter] = self.link().declare(fetch, self.timeout)
        return letters

    def close(self) -> None:
        """See `Broker.close`."""
        for consumer in list(self._consumers):
            consumer.close()
        self._consumers.clear()
        with self._lock:
            link, self._link = self._link, None
            self._declared.clear()
        if link is not None:
            link.close()
