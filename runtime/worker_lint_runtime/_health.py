"""Health from progress: what moved last and when, never a timer that ticks beside a worker that hangs."""

import threading
from collections import deque
from dataclasses import dataclass

from worker_lint_runtime._clock import Clock

NOT_STARTED = "not started"


@dataclass(frozen=True, slots=True)
class HealthReport:
    """
    Three answers for three askers, with the reasons for each "no".

    `live`: restart the process if not. Never depends on the broker, or its outage would restart every worker.
    `ready`: it takes messages now. `healthy`: of the last messages, few enough failed.
    """

    live: bool
    ready: bool
    healthy: bool
    reasons: tuple[str, ...]
    handled: int
    failed: int
    in_flight: int


class HealthMonitor:
    """
    Watches loops and handlers of one worker. Safe for threads; methods only note a moment, so they cost little.

    Args:
        clock: source of monotonic time.
        stuck_after: seconds without a sign of life after which a loop counts as stuck.
        handler_timeout: seconds that one message may take.
        failure_rate: share of failures among the last `window` messages from which the worker is unhealthy.
        window: how many messages are looked at.
        min_calls: below so many messages, no share is formed.

    """

    def __init__(
        self,
        *,
        clock: Clock | None = None,
        stuck_after: float = 15.0,
        handler_timeout: float = 300.0,
        failure_rate: float = 0.3,
        window: int = 50,
        min_calls: int = 5,
    ) -> None:
        self._clock = clock or Clock()
        self._stuck_after, self._handler_timeout = stuck_after, handler_timeout
        self._failure_rate, self._min_calls = failure_rate, min_calls
        self._recent: deque[bool] = deque(maxlen=window)
        self._ticks: dict[str, float] = {}
        self._busy: dict[str, float] = {}
        self._obstacles = {NOT_STARTED}
        self._handled = self._failed = 0
        self._lock = threading.Lock()

    def tick(self, loop: str) -> None:
        """The loop of this name went round."""
        with self._lock:
            self._ticks[loop] = self._clock.monotonic()

    def forget(self, loop: str) -> None:
        """The loop ended on purpose."""
        with self._lock:
            self._ticks.pop(loop, None)
            self._busy.pop(loop, None)

    def begin(self, loop: str) -> None:
        """A handler began in the loop."""
        with self._lock:
            self._busy[loop] = self._clock.monotonic()

    def end(self, loop: str, *, failed: bool) -> None:
        """The handler of the loop ended; the loop moved with it."""
        with self._lock:
            self._busy.pop(loop, None)
            self._ticks[loop] = self._clock.monotonic()
            self._recent.append(failed)
            self._handled += 1
            self._failed += failed

    def busy(self) -> set[str]:
        """The names of the loops in which a handler runs."""
        with self._lock:
            return set(self._busy)

    def mark_ready(self, obstacle: str = NOT_STARTED) -> None:
        """An obstacle is gone; the worker takes messages once none is left."""
        if obstacle not in self._obstacles:  # as at every message
            return
        with self._lock:
            self._obstacles.discard(obstacle)

    def mark_unready(self, obstacle: str) -> None:
        """The worker takes no messages, for this reason."""
        with self._lock:
            self._obstacles.add(obstacle)

    def report(self) -> HealthReport:
        """The three answers now."""
        with self._lock:
            stuck = self._find_stuck(self._clock.monotonic())
            unready = sorted(self._obstacles)
            unhealthy = self._find_failures()
            return HealthReport(
                live=not stuck,
                ready=not stuck and not unready,
                healthy=not stuck and not unhealthy,
                reasons=(*stuck, *unready, *unhealthy),
                handled=self._handled,
                failed=self._failed,
                in_flight=len(self._busy),
            )

    def _find_stuck(self, now: float) -> list[str]:
        hanging = [
            f"{loop}: a handler runs for {now - began:.0f} s"
            for loop, began in self._busy.items()
            if now - began > self._handler_timeout
        ]
        silent = [
            f"{loop}: no sign of life for {now - ticked:.0f} s"
            for loop, ticked in self._ticks.items()
            if loop not in self._busy and now - ticked > self._stuck_after
        ]
        return hanging + silent

    def _find_failures(self) -> list[str]:
        total, failed = len(self._recent), sum(self._recent)
        if total < self._min_calls or failed < self._failure_rate * total:
            return []
        return [f"{failed} of the last {total} messages failed"]
