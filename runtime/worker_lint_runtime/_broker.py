"""What a worker needs of a broker. Every implementation passes `worker_lint_runtime.testing.BrokerContract`."""

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from worker_lint_runtime._message import Delivery, Message, Outcome
from worker_lint_runtime._tiers import Tier, WorkerError


class BrokerError(WorkerError):
    """The broker could not do what it was asked; the message says what and where."""


class StoreFullError(BrokerError):
    """The broker's store has no room; nothing was lost, and nothing was taken in."""

    tier = Tier.SYSTEM


class StaleDeliveryError(BrokerError):
    """The delivery is not the caller's any more: lease lost, channel gone, settled before. Nothing was changed."""


@dataclass(frozen=True, slots=True)
class QueueDepth:
    """How many messages of a queue are in which state."""

    ready: int
    delayed: int
    unsettled: int
    dead: int


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A rejected message and why."""

    message: Message
    reason: str


@runtime_checkable
class Consumer(Protocol):
    """
    A subscription to one queue: what other brokers call a channel with a consumer. Safe for threads.

    It keeps alive what it has delivered (heartbeats, leases) until that is settled or the consumer is closed.
    """

    @abstractmethod
    def receive(self, timeout: float) -> Delivery | None:
        """The next delivery, or None when none came in time (seconds) or after `cancel`, then at once."""

    @abstractmethod
    def settle(self, delivery: Delivery, outcome: Outcome) -> None:
        """
        Tell the broker. Raises StaleDeliveryError when the delivery is not ours.

        A delivery that was settled once, by whatever answer, is stale. It returns when the broker has been told; where
        the broker confirms nothing, an acknowledgement may still be on its way, ahead of all that is asked later:
        `close` sends it. If the connection breaks first, the message comes again.
        """

    @abstractmethod
    def cancel(self) -> None:
        """Receive nothing more. What was delivered stays ours. May be called again."""

    @abstractmethod
    def hand_back(self) -> int:
        """Release what was fetched ahead and not yet received; how many these were."""

    @abstractmethod
    def close(self) -> None:
        """Give up the subscription; what is unsettled goes back. May be called again; ends in bounded time."""


@runtime_checkable
class Reconnecting(Protocol):
    """A consumer that mends its connection by itself, and says when there is none."""

    @property
    @abstractmethod
    def obstacle(self) -> str | None:
        """Why no messages can come now; None while the server knows the consumer."""


@runtime_checkable
class Broker(Protocol):
    """A connection to a message store. Safe for threads."""

    @abstractmethod
    def connect(self) -> None:
        """Make it usable. Raises BrokerError when the store cannot be reached."""

    @abstractmethod
    def publish(self, queue: str, body: bytes, *, headers: Mapping[str, str] | None = None, delay: float = 0.0) -> str:
        """The id of the message; when this returns, the store has it. With a delay, it is delivered that much later."""

    @abstractmethod
    def consume(self, queue: str, prefetch: int) -> Consumer:
        """A subscription with at most `prefetch` unsettled deliveries."""

    @abstractmethod
    def close(self) -> None:
        """Give up the connection and all its consumers. May be called again; ends in bounded time."""


@runtime_checkable
class Inspectable(Protocol):
    """A broker that can count and show its dead letters; the embedded ones can."""

    @abstractmethod
    def depth(self, queue: str) -> QueueDepth:
        """Counts of the queue, each message in exactly one."""

    @abstractmethod
    def dead_letters(self, queue: str) -> list[DeadLetter]:
        """What was rejected, oldest first, with the reasons."""
