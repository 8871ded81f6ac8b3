"""A clock that a test moves."""

import threading
from collections.abc import Callable, Iterable, Iterator

from worker_lint_runtime._clock import Clock

_LOOK = 0.005
"""Seconds of real time between two looks at a condition while the fake time stands still."""


class FakeClock(Clock):
    """
    Time passes only by `advance`; random numbers come from a list, then are 0.5.

    A thread that waits on the clock looks every few milliseconds whether the fake time has come, so the result of a
    test never depends on how fast the machine is.
    """

    def __init__(self, now: float = 0.0, *, randoms: Iterable[float] = ()) -> None:
        self._now = now
        self._randoms: Iterator[float] = iter(randoms)
        self._lock = threading.Lock()

    def monotonic(self) -> float:
        """The fake time."""
        with self._lock:
            return self._now

    def advance(self, seconds: float) -> None:
        """Let time pass. Raises ValueError for a negative step: monotonic time never goes back."""
        if seconds < 0:
            raise ValueError(f"monotonic time does not go back: {seconds}")
        with self._lock:
            self._now += seconds

    def random(self) -> float:
        """The next number of the list."""
        with self._lock:
            return next(self._randoms, 0.5)

    def wait_for(self, condition: threading.Condition, predicate: Callable[[], bool], seconds: float) -> bool:
        """As `Clock.wait_for`, in fake time."""
        deadline = self.monotonic() + seconds
        while not predicate():
            if self.monotonic() >= deadline:
                return False
            condition.wait(_LOOK)
        return True
