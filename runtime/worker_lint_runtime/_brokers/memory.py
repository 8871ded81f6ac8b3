"""A broker in the memory of one process: for tests, examples and work that may be lost with the process."""

import heapq
import itertools
import threading
import uuid
from collections import defaultdict, deque
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from worker_lint_runtime._broker import BrokerError, DeadLetter, QueueDepth, StaleDeliveryError
from worker_lint_runtime._clock import Clock
from worker_lint_runtime._message import Answer, Delivery, Message, Outcome


@dataclass(slots=True)
class _Queue:
    ready: deque[Message] = field(default_factory=deque[Message])
    delayed: list[tuple[float, int, Message]] = field(default_factory=list[tuple[float, int, Message]])
    unsettled: dict[int, Message] = field(default_factory=dict[int, Message])
    dead: list[DeadLetter] = field(default_factory=list[DeadLetter])


@dataclass(slots=True, eq=False)
class _Subscription:
    queue: str
    prefetch: int
    mine: set[int] = field(default_factory=set[int])
    cancelled: bool = False


class MemoryBroker:
    """
    Queues that live as long as the object. Several workers may share one.

    Closing it as a connection gives back what is unsettled and keeps the messages, as a server would.
    """

    def __init__(self, *, clock: Clock | None = None) -> None:
        self._clock = clock or Clock()
        self._changed = threading.Condition()  # re-entrant
        self._queues: defaultdict[str, _Queue] = defaultdict(_Queue)
        self._numbers = itertools.count(1)
        self._subscriptions: list[_Subscription] = []

    def connect(self) -> None:
        """Nothing to do."""

    def publish(self, queue: str, body: bytes, *, headers: Mapping[str, str] | None = None, delay: float = 0.0) -> str:
        """See `Broker.publish`."""
        message = Message(uuid.uuid4().hex, body, queue, headers=MappingProxyType(dict(headers or {})))
        with self._changed:
            self._put(self._queues[queue], message, delay)
        return message.id

    def consume(self, queue: str, prefetch: int) -> "MemoryConsumer":
        """See `Broker.consume`."""
        if prefetch < 1:
            raise BrokerError(f"prefetch is at least 1: {prefetch}")
        subscription = _Subscription(queue, prefetch)
        with self._changed:
            self._subscriptions.append(subscription)
        return MemoryConsumer(self, subscription)

    def close(self) -> None:
        """Close all consumers; the messages stay."""
        with self._changed:
            for subscription in list(self._subscriptions):
                self.end(subscription)

    def depth(self, queue: str) -> QueueDepth:
        """See `Inspectable.depth`."""
        with self._changed:
            held = self._queues[queue]
            self._release_due(held)
            return QueueDepth(len(held.ready), len(held.delayed), len(held.unsettled), len(held.dead))

    def dead_letters(self, queue: str) -> list[DeadLetter]:
        """See `Inspectable.dead_letters`."""
        with self._changed:
            return list(self._queues[queue].dead)

    def take(self, by: _Subscription, timeout: float) -> Delivery | None:
        """The next delivery for a subscription."""
        deadline = self._clock.monotonic() + timeout
        with self._changed:
            held = self._queues[by.queue]
            while not by.cancelled:
                self._release_due(held)
                if held.ready and len(by.mine) < by.prefetch:
                    return self._deliver(held, by)
                now = self._clock.monotonic()
                if now >= deadline:
                    return None
                until = min([deadline, *(due for due, _, _ in held.delayed[:1])])
                self._clock.wait_for(
                    self._changed,
                    lambda: by.cancelled or (bool(held.ready) and len(by.mine) < by.prefetch),
                    until - now,
                )
            return None

    def _deliver(self, held: _Queue, by: _Subscription) -> Delivery:
        number = next(self._numbers)
        held.unsettled[number] = held.ready.popleft()
        by.mine.add(number)
        return Delivery(held.unsettled[number], number)

    def settle(self, by: _Subscription, delivery: Delivery, outcome: Outcome) -> None:
        """Settle a delivery of a subscription."""
        with self._changed:
            number = delivery.token
            if not isinstance(number, int) or number not in by.mine:
                raise StaleDeliveryError(
                    f"message {delivery.message.id}: this delivery was settled or given back before"
                )
            by.mine.discard(number)
            held = self._queues[by.queue]
            message = held.unsettled.pop(number)
            if outcome.answer is Answer.RELEASE:
                held.ready.appendleft(message)
            elif outcome.answer is Answer.RETRY:
                self._put(held, replace(message, attempt=message.attempt + 1), outcome.delay)
            elif outcome.answer is Answer.REJECT:
                held.dead.append(DeadLetter(message, outcome.reason))
            self._changed.notify_all()

    def cancel(self, subscription: _Subscription) -> None:
        """Deliver nothing more to a subscription."""
        with self._changed:
            subscription.cancelled = True
            self._changed.notify_all()

    def end(self, subscription: _Subscription) -> None:
        """Give back what a subscription holds; its attempt counts, since a handler may have begun."""
        with self._changed:
            self.cancel(subscription)
            held = self._queues[subscription.queue]
            for number in sorted(subscription.mine):
                message = held.unsettled.pop(number)
                self._put(held, replace(message, attempt=message.attempt + 1), 0.0)
            subscription.mine.clear()
            if subscription in self._subscriptions:
                self._subscriptions.remove(subscription)

    def _put(self, held: _Queue, message: Message, delay: float) -> None:
        if delay > 0:
            heapq.heappush(held.delayed, (self._clock.monotonic() + delay, next(self._numbers), message))
        else:
            held.ready.append(message)
        self._changed.notify_all()

    def _release_due(self, held: _Queue) -> None:
        now = self._clock.monotonic()
        while held.delayed and held.delayed[0][0] <= now:
            held.ready.append(heapq.heappop(held.delayed)[2])


class MemoryConsumer:
    """A subscription to one queue of a MemoryBroker; see `Consumer`."""

    def __init__(self, broker: MemoryBroker, subscription: _Subscription) -> None:
        self._broker, self.subscription = broker, subscription

    def receive(self, timeout: float) -> Delivery | None:
        """See `Consumer.receive`."""
        return self._broker.take(self.subscription, timeout)

    def settle(self, delivery: Delivery, outcome: Outcome) -> None:
        """See `Consumer.settle`."""
        self._broker.settle(self.subscription, delivery, outcome)

    def cancel(self) -> None:
        """See `Consumer.cancel`."""
        self._broker.cancel(self.subscription)

    def hand_back(self) -> int:
        """Nothing is fetched ahead."""
        return 0

    def close(self) -> None:
        """See `Consumer.close`."""
        self._broker.end(self.subscription)
