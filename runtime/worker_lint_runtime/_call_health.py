"""How the calls of one function fare: counts, share of failures, durations."""

import threading
from collections import deque
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass

from worker_lint_runtime._clock import Clock


@dataclass(frozen=True, slots=True)
class CallFigures:
    """
    Figures of a monitor. `calls` and `failures` count since the start; the others look at the last calls.

    `failure_rate` and `slowest_twentieth` (the 95th percentile, in seconds) are None before the first call ended.
    """

    name: str
    calls: int
    failures: int
    running: int
    failure_rate: float | None
    slowest_twentieth: float | None


class CallMonitor:
    """Watches calls. Safe for threads; cancelled calls are not counted."""

    def __init__(self, name: str, *, window: int = 100, clock: Clock | None = None) -> None:
        self.name = name
        self._clock = clock or Clock()
        self._recent: deque[tuple[bool, float]] = deque(maxlen=window)
        self._calls = self._failures = self._running = 0
        self._lock = threading.Lock()

    @contextmanager
    def watch(self) -> Generator[None, None, None]:
        """Count the code of a `with` block as one call."""
        began = self._clock.monotonic()
        with self._lock:
            self._running += 1
        failed: bool | None = None
        try:
            yield
            failed = False
        except Exception:
            failed = True
            raise
        finally:
            self._note(failed, self._clock.monotonic() - began)

    def _note(self, failed: bool | None, seconds: float) -> None:  # noqa: FBT001  # three values
        with self._lock:
            self._running -= 1
            if failed is not None:
                self._recent.append((failed, seconds))
                self._calls += 1
                self._failures += failed

    def figures(self) -> CallFigures:
        """The figures now."""
        with self._lock:
            durations = sorted(seconds for _, seconds in self._recent)
            total = len(durations)
            return CallFigures(
                name=self.name,
                calls=self._calls,
                failures=self._failures,
                running=self._running,
                failure_rate=sum(failed for failed, _ in self._recent) / total if total else None,
                slowest_twentieth=durations[(19 * total) // 20] if total else None,
            )
