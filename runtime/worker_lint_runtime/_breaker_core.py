"""The circuit breaker's decisions: a pure state machine over calls and the time that it is told."""

from collections import deque
from dataclasses import dataclass
from enum import StrEnum


class BreakerState(StrEnum):
    """What a breaker does with the next call."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half-open"


@dataclass(frozen=True, slots=True, kw_only=True)
class BreakerSettings:
    """
    When a breaker opens and for how long. Durations are seconds, rates are shares in (0, 1].

    The window holds the last `window` calls that ended within `window_seconds`; below `min_calls` no rate is formed,
    since one failure in one call is no outage. The opening time doubles with each failed probe, up to `open_cap`.
    """

    window: int = 20
    window_seconds: float = 60.0
    min_calls: int = 5
    failure_rate: float = 0.5
    slow_call: float | None = None
    slow_rate: float = 1.0
    permits: int = 2
    open_for: float = 30.0
    open_cap: float = 300.0

    def __post_init__(self) -> None:
        if not 1 <= self.min_calls <= self.window or self.permits < 1:
            raise ValueError(f"a breaker needs 1 <= min_calls <= window and permits >= 1: {self}")
        if not (0 < self.failure_rate <= 1 and 0 < self.slow_rate <= 1):
            raise ValueError(f"a breaker's rates are shares in (0, 1]: {self}")
        if not 0 < self.open_for <= self.open_cap or self.window_seconds <= 0:
            raise ValueError(f"a breaker needs 0 < open_for <= open_cap and window_seconds > 0: {self}")


@dataclass(frozen=True, slots=True)
class Permit:
    """Leave to make one call; a permit from before the last change of state no longer counts."""

    generation: int
    started: float


@dataclass(frozen=True, slots=True)
class _Call:
    ended: float
    failed: bool
    slow: bool


class BreakerCore:
    """
    A breaker without lock and clock: the state is a function of the calls and of the times given to it.

    Open refuses all calls. After the opening time, half-open lets at most `permits` run at once; as many successes in
    a row close it, one failure opens it for twice as long.
    """

    def __init__(self, settings: BreakerSettings) -> None:
        self._settings = settings
        self._calls: deque[_Call] = deque(maxlen=settings.window)
        self._state = BreakerState.CLOSED
        self._generation = 0
        self._probing = 0
        self._proved = 0
        self._opened_at = 0.0
        self._probed_at = 0.0
        self._open_for = settings.open_for

    def state(self, now: float) -> BreakerState:
        """The state at a time; an open breaker is half-open once its time is over."""
        if self._state is BreakerState.OPEN and now >= self._opened_at + self._open_for:
            return BreakerState.HALF_OPEN
        return self._state

    def retry_after(self, now: float) -> float:
        """Seconds until an open breaker lets a probe through; zero in the other states."""
        return max(0.0, self._opened_at + self._open_for - now) if self._state is BreakerState.OPEN else 0.0

    def admit(self, now: float) -> Permit | None:
        """A permit for one call, or None when the call must not be made."""
        state = self.state(now)
        if state is BreakerState.OPEN:
            return None
        if state is BreakerState.HALF_OPEN:
            if self._state is BreakerState.OPEN:
                self._enter(BreakerState.HALF_OPEN)
            if self._probing >= self._settings.permits:
                if now >= self._probed_at + self._open_for:  # probes that never ended: as good as failed
                    self._open(now, self._longer())
                return None
            self._probing += 1
            self._probed_at = now
        return Permit(self._generation, now)

    def record(self, permit: Permit, now: float, *, failed: bool) -> None:
        """Count a call that ended."""
        if permit.generation != self._generation:
            return
        slow = self._settings.slow_call is not None and now - permit.started >= self._settings.slow_call
        if self._state is BreakerState.HALF_OPEN:
            self._probing -= 1
            self._judge_probe(now, passed=not failed and not slow)
        elif self._state is BreakerState.CLOSED:
            self._calls.append(_Call(now, failed, slow))
            if self._is_tripped(now):
                self._open(now, self._settings.open_for)

    def give_back(self, permit: Permit) -> None:
        """Return the permit of a call that was cancelled: it says nothing about the dependency."""
        if permit.generation == self._generation and self._state is BreakerState.HALF_OPEN:
            self._probing -= 1

    def _judge_probe(self, now: float, *, passed: bool) -> None:
        if not passed:
            self._open(now, self._longer())
            return
        self._proved += 1
        if self._proved >= self._settings.permits:
            self._enter(BreakerState.CLOSED)

    def _is_tripped(self, now: float) -> bool:
        while self._calls and self._calls[0].ended <= now - self._settings.window_seconds:
            self._calls.popleft()
        total = len(self._calls)
        if total < self._settings.min_calls:
            return False
        failed = sum(call.failed for call in self._calls)
        slow = sum(call.slow for call in self._calls)
        too_slow = self._settings.slow_call is not None and slow >= self._settings.slow_rate * total
        return failed >= self._settings.failure_rate * total or too_slow

    def _longer(self) -> float:
        return min(self._settings.open_cap, self._open_for * 2)

    def _open(self, now: float, duration: float) -> None:
        self._enter(BreakerState.OPEN)
        self._opened_at, self._open_for = now, duration

    def _enter(self, state: BreakerState) -> None:
        self._state = state
        self._generation += 1
        self._probing = self._proved = 0
        self._calls.clear()
