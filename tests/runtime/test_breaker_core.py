"""The breaker against a naive model: the state follows from the history of calls and the time alone."""

from dataclasses import dataclass, field

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, rule

from worker_lint_runtime import BreakerSettings, BreakerState
from worker_lint_runtime._breaker_core import BreakerCore, Permit

SETTINGS = BreakerSettings(
    window=6, window_seconds=50, min_calls=3, failure_rate=0.5, slow_call=10, slow_rate=0.8, permits=2, open_for=20
)


@dataclass
class Model:
    """Keeps all calls since the last change of state and forms the rates anew each time."""

    state: BreakerState = BreakerState.CLOSED
    since: int = 0
    calls: list[tuple[float, bool, bool]] = field(default_factory=list)
    opened: float = 0.0
    open_for: float = SETTINGS.open_for
    running: int = 0
    passed: int = 0
    probed: float = 0.0

    def change(self, state: BreakerState) -> None:
        self.state, self.since, self.calls, self.running, self.passed = state, self.since + 1, [], 0, 0

    def trip(self, now: float, duration: float) -> None:
        self.change(BreakerState.OPEN)
        self.opened, self.open_for = now, duration

    def admits(self, now: float) -> bool:
        if self.state is BreakerState.OPEN and now - self.opened >= self.open_for:
            self.change(BreakerState.HALF_OPEN)
        if self.state is BreakerState.HALF_OPEN:
            if self.running < SETTINGS.permits:
                self.running += 1
                self.probed = now
                return True
            if now - self.probed >= self.open_for:
                self.trip(now, min(SETTINGS.open_cap, self.open_for * 2))
            return False
        return self.state is BreakerState.CLOSED

    def ends(self, now: float, *, failed: bool, slow: bool) -> None:
        if self.state is BreakerState.HALF_OPEN:
            self.running -= 1
            if failed or slow:
                self.trip(now, min(SETTINGS.open_cap, self.open_for * 2))
            else:
                self.passed += 1
                if self.passed == SETTINGS.permits:
                    self.change(BreakerState.CLOSED)
        elif self.state is BreakerState.CLOSED:
            self.calls.append((now, failed, slow))
            seen = [call for call in self.calls[-SETTINGS.window :] if now - call[0] < SETTINGS.window_seconds]
            bad, late = sum(call[1] for call in seen), sum(call[2] for call in seen)
            if len(seen) >= SETTINGS.min_calls and (bad / len(seen) >= 0.5 or late / len(seen) >= 0.8):
                self.trip(now, SETTINGS.open_for)


class BreakerMachine(RuleBasedStateMachine):
    permits = Bundle("permits")

    def __init__(self) -> None:
        super().__init__()
        self.core, self.model, self.now = BreakerCore(SETTINGS), Model(), 0.0

    @rule(target=permits)
    def admit(self) -> tuple[int, Permit] | None:
        permit = self.core.admit(self.now)
        assert (permit is not None) == self.model.admits(self.now)
        return None if permit is None else (self.model.since, permit)

    @rule(held=consumes(permits), failed=st.booleans())
    def end(self, held: tuple[int, Permit] | None, failed: bool) -> None:  # noqa: FBT001  # drawn
        if held is None:
            return
        since, permit = held
        self.core.record(permit, self.now, failed=failed)
        if since == self.model.since:
            self.model.ends(self.now, failed=failed, slow=self.now - permit.started >= 10)

    @rule(held=consumes(permits))
    def cancel(self, held: tuple[int, Permit] | None) -> None:
        if held is None:
            return
        since, permit = held
        self.core.give_back(permit)
        if since == self.model.since and self.model.state is BreakerState.HALF_OPEN:
            self.model.running -= 1

    @rule(seconds=st.sampled_from([0.5, 1, 5, 11, 20, 60]))
    def wait(self, seconds: float) -> None:
        self.now += seconds

    @invariant()
    def states_agree(self) -> None:
        expected = self.model.state
        if expected is BreakerState.OPEN and self.now - self.model.opened >= self.model.open_for:
            expected = BreakerState.HALF_OPEN
        assert self.core.state(self.now) is expected
        assert (self.core.retry_after(self.now) > 0) == (expected is BreakerState.OPEN)


BreakerMachine.TestCase.settings = settings(
    max_examples=150, stateful_step_count=40, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
TestBreaker = BreakerMachine.TestCase


def test_the_opening_time_doubles_up_to_its_cap_and_starts_anew_after_recovery() -> None:
    core = BreakerCore(BreakerSettings(min_calls=1, window=1, permits=1, open_for=10, open_cap=25))
    now, seen = 0.0, []
    for passed in (False, False, False, True, False):
        permit = core.admit(now)
        assert permit is not None
        core.record(permit, now, failed=not passed)
        seen.append(core.retry_after(now))
        now += core.retry_after(now)
    assert seen == [10, 20, 25, 0, 10]


@pytest.mark.parametrize(
    "wrong",
    [{"min_calls": 0}, {"min_calls": 21}, {"permits": 0}, {"failure_rate": 0}, {"slow_rate": 1.5}, {"open_for": 0}],
)
def test_absurd_settings_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="breaker"):
        BreakerSettings(**wrong)  # type: ignore[arg-type]  # the names are the parameters
