"""One thread runs the stop; everybody gets its report; no step is skipped."""

import threading
from itertools import combinations

import pytest

from worker_lint_runtime import Phase, PhaseTimeoutError, Urgency
from worker_lint_runtime._stopping import Step, StopSequence
from worker_lint_runtime.testing import FakeClock


@pytest.fixture
def stops(clock: FakeClock) -> StopSequence:
    return StopSequence(clock)


@pytest.mark.parametrize("broken", [each for size in range(4) for each in combinations(Phase, size)])
def test_a_step_that_raises_skips_no_other(stops: StopSequence, broken: tuple[Phase, ...]) -> None:
    ran: list[Phase] = []

    def step(phase: Phase) -> Step:
        def run() -> None:
            ran.append(phase)
            if phase in broken:
                raise SystemExit(phase.name) if phase is Phase.DRAIN else OSError(phase.name)

        return run

    stops.request(timeout=10, reason="r")
    report = stops.run({phase: step(phase) for phase in Phase})
    assert ran == list(Phase)
    assert [result.phase for result in report.phases if result.error] == list(broken)
    assert report.complete


def test_a_step_that_hangs_is_left_behind_and_skips_no_other(stops: StopSequence, clock: FakeClock) -> None:
    free, hanging = threading.Event(), threading.Event()
    closed: list[str] = []

    def hang() -> None:
        hanging.set()
        free.wait(60)

    def advance() -> None:
        assert hanging.wait(60)
        clock.advance(91)

    stops.request(timeout=100, reason="r")
    mover = threading.Thread(target=advance)
    mover.start()
    report = stops.run(
        {
            Phase.CLOSE_CHANNEL: stops.bounded(Phase.CLOSE_CHANNEL, hang),
            Phase.CLOSE_CONNECTION: stops.bounded(Phase.CLOSE_CONNECTION, lambda: closed.append("connection")),
            Phase.CLEAN_UP: lambda: closed.append("clean"),
        }
    )
    free.set()
    mover.join()
    assert closed == ["connection", "clean"]
    assert [type(error) for error in report.errors] == [PhaseTimeoutError]
    assert not report.late


def test_what_a_bounded_step_raises_is_reported(stops: StopSequence) -> None:
    def fail() -> None:
        raise OSError("reset")

    stops.request(timeout=10, reason="r")
    report = stops.run({Phase.CLOSE_CHANNEL: stops.bounded(Phase.CLOSE_CHANNEL, fail)})
    assert [str(error) for error in report.errors] == ["reset"]


def test_all_callers_share_one_report(stops: StopSequence) -> None:
    reports = []
    threads = [threading.Thread(target=lambda: reports.append(stops.wait())) for _ in range(5)]
    stops.request(timeout=1000, reason="r")
    for thread in threads:
        thread.start()
    first = stops.run({})
    for thread in threads:
        thread.join()
    assert len(reports) == 5
    assert all(report is first for report in reports)
    assert stops.wait() is first


def test_a_raised_urgency_ends_a_wait_at_once(stops: StopSequence) -> None:
    waiting = threading.Event()
    results: list[bool] = []

    def never() -> bool:
        waiting.set()
        return False

    stops.request(timeout=1e9, reason="r")
    thread = threading.Thread(target=lambda: results.append(stops.wait_in_phase(Phase.DRAIN, never)))
    thread.start()
    assert waiting.wait(60)
    stops.request(timeout=1e9, reason="again", urgency=Urgency.CANCEL)
    thread.join(60)
    assert results == [False]


def test_a_pause_ends_with_the_request(stops: StopSequence) -> None:
    results: list[bool] = []
    thread = threading.Thread(target=lambda: results.append(stops.pause(1e9)))
    thread.start()
    stops.request(timeout=1, reason="r")
    thread.join(60)
    assert results == [True]


def test_a_caller_does_not_wait_for_ever(stops: StopSequence, clock: FakeClock) -> None:
    stops.request(timeout=10, reason="r")
    clock.advance(11)
    reports = []
    thread = threading.Thread(target=lambda: reports.append(stops.wait()))
    thread.start()
    clock.advance(10)
    while thread.is_alive():  # the wait may have begun after the first step
        clock.advance(10)
        thread.join(0.01)
    assert not reports[0].complete
    assert reports[0].late
