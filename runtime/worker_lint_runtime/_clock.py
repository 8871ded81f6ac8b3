"""The only place that reads time or draws random numbers: everything else is given a clock."""

import random
import threading
import time
from collections.abc import Callable


class Clock:
    """
    Monotonic time, waiting and randomness of the machine.

    All times of the runtime are seconds of this clock, so a step of the wall clock changes no lease, no
    time-out and no breaker. `worker_lint_runtime.testing.FakeClock` replaces it in tests.
    """

    def monotonic(self) -> float:
        """Seconds since an arbitrary moment; never goes back."""
        return time.monotonic()

    def random(self) -> float:
        """A number in [0, 1), for jitter."""
        return random.random()  # noqa: S311  # spreads retries; nothing secret depends on it

    def wait_for(self, condition: threading.Condition, predicate: Callable[[], bool], seconds: float) -> bool:
        """Whether the predicate became true within the given time; the caller holds the condition."""
        return condition.wait_for(predicate, max(0.0, seconds))
