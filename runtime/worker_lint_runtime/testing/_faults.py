"""A broker in memory that fails where a test wants it."""

from typing import Literal, TypeAlias, get_args

from worker_lint_runtime._brokers.memory import MemoryBroker, MemoryConsumer
from worker_lint_runtime._clock import Clock
from worker_lint_runtime._message import Answer, Delivery, Outcome

FaultPoint: TypeAlias = Literal[
    "connect", "consume", "receive", "settle", "cancel", "hand_back", "close", "close_connection"
]
"""Where a FaultyBroker can fail; `close` is the consumer's, what other brokers call a channel's."""
FAULT_POINTS: tuple[FaultPoint, ...] = get_args(FaultPoint)
RELEASES: tuple[FaultPoint, ...] = ("cancel", "hand_back", "close", "close_connection")


class BrokenReleaseError(OSError):
    """What a FaultyBroker raises unless it is told otherwise."""


class FaultyBroker(MemoryBroker):
    """
    A MemoryBroker with fault points.

    An acquisition (`connect`, `consume`, `receive`) and `settle` fail instead of doing their work; a release does its
    work and then fails, so that what is left is the worker's fault.
    """

    def __init__(self, *, clock: Clock | None = None) -> None:
        super().__init__(clock=clock)
        self.acknowledged = 0
        """How many messages were acknowledged."""
        self._faults: dict[FaultPoint, tuple[Exception, int]] = {}

    def fail(self, point: FaultPoint, error: Exception | None = None, *, times: int = 1) -> None:
        """Let the next `times` uses of a point raise the error, a BrokenReleaseError if none is given."""
        self._faults[point] = (error or BrokenReleaseError(f"{point} failed, as the test wants"), times)

    def reach(self, point: FaultPoint) -> None:
        """Raise at this point if the test wants it."""
        error, times = self._faults.get(point, (None, 0))
        if error is None or times < 1:
            return
        self._faults[point] = (error, times - 1)
        raise error

    def connect(self) -> None:
        """As `MemoryBroker.connect`."""
        self.reach("connect")
        super().connect()

    def consume(self, queue: str, prefetch: int) -> MemoryConsumer:
        """As `MemoryBroker.consume`."""
        self.reach("consume")
        return _FaultyConsumer(self, super().consume(queue, prefetch))

    def close(self) -> None:
        """As `MemoryBroker.close`."""
        super().close()
        self.reach("close_connection")


class _FaultyConsumer(MemoryConsumer):
    def __init__(self, broker: FaultyBroker, inner: MemoryConsumer) -> None:
        super().__init__(broker, inner.subscription)
        self._faulty = broker

    def receive(self, timeout: float) -> Delivery | None:
        self._faulty.reach("receive")
        return super().receive(timeout)

    def settle(self, delivery: Delivery, outcome: Outcome) -> None:
        self._faulty.reach("settle")
        super().settle(delivery, outcome)
        if outcome.answer is Answer.ACK:
            self._faulty.acknowledged += 1

    def cancel(self) -> None:
        super().cancel()
        self._faulty.reach("cancel")

    def hand_back(self) -> int:
        count = super().hand_back()
        self._faulty.reach("hand_back")
        return count

    def close(self) -> None:
        super().close()
        self._faulty.reach("close")
