"""Health follows progress: loops that go round, handlers that end."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker_lint_runtime import HealthMonitor
from worker_lint_runtime.testing import FakeClock


@pytest.fixture
def monitor(clock: FakeClock) -> HealthMonitor:
    return HealthMonitor(clock=clock, stuck_after=15, handler_timeout=300)


def test_a_worker_that_has_not_started_is_live_and_not_ready(monitor: HealthMonitor) -> None:
    report = monitor.report()
    assert (report.live, report.ready, report.reasons) == (True, False, ("not started",))


def test_a_loop_that_no_longer_goes_round_is_stuck(monitor: HealthMonitor, clock: FakeClock) -> None:
    monitor.mark_ready()
    monitor.tick("loop")
    clock.advance(15)
    assert monitor.report().live
    clock.advance(1)
    report = monitor.report()
    assert (report.live, report.ready, report.healthy) == (False, False, False)
    assert report.reasons == ("loop: no sign of life for 16 s",)
    monitor.tick("loop")
    assert monitor.report().ready


def test_a_long_handler_is_no_stuck_loop_until_its_own_time_is_over(monitor: HealthMonitor, clock: FakeClock) -> None:
    monitor.tick("loop")
    monitor.begin("loop")
    clock.advance(299)
    assert monitor.report().live
    assert monitor.report().in_flight == 1
    clock.advance(2)
    assert monitor.report().reasons[0] == "loop: a handler runs for 301 s"
    monitor.end("loop", failed=False)
    assert monitor.report().live


def test_a_loop_that_ended_on_purpose_is_not_stuck(monitor: HealthMonitor, clock: FakeClock) -> None:
    monitor.tick("loop")
    monitor.forget("loop")
    clock.advance(1000)
    assert monitor.report().live


def test_obstacles_add_up(monitor: HealthMonitor) -> None:
    monitor.mark_unready("circuit open")
    monitor.mark_ready()
    assert monitor.report().reasons == ("circuit open",)
    monitor.mark_unready("stopping")
    monitor.mark_ready("circuit open")
    assert not monitor.report().ready
    monitor.mark_ready("stopping")
    assert monitor.report().ready


@given(st.lists(st.booleans(), max_size=120))
def test_the_share_of_failures_equals_a_naive_count(failures: list[bool]) -> None:
    monitor = HealthMonitor(clock=FakeClock(), failure_rate=0.3, window=50, min_calls=5)
    for failed in failures:
        monitor.begin("loop")
        monitor.end("loop", failed=failed)
    last = failures[-50:]
    report = monitor.report()
    assert report.healthy == (len(last) < 5 or sum(last) / len(last) < 0.3)
    assert (report.handled, report.failed) == (len(failures), sum(failures))
