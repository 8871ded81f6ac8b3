"""The stop machine keeps order and deadline, whatever is asked of it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker_lint_runtime import Phase, Urgency
from worker_lint_runtime._stop_machine import PHASE_ENDS, StopMachine

REQUESTS = st.lists(st.tuples(st.floats(0, 30), st.floats(0, 60), st.sampled_from(Urgency)), min_size=1, max_size=8)


def run_all(machine: StopMachine, now: float = 0.0) -> None:
    for phase in Phase:
        machine.begin(phase, now)
        machine.end(now)


def test_a_drain_stands_between_quiet_and_close() -> None:
    order = list(Phase)
    assert order.index(Phase.QUIET) < order.index(Phase.DRAIN) < order.index(Phase.CLOSE_CHANNEL)
    assert list(PHASE_ENDS) == order
    assert sorted(PHASE_ENDS.values()) == list(PHASE_ENDS.values())
    assert PHASE_ENDS[order[-1]] == 1


@given(REQUESTS)
def test_a_later_request_never_lengthens(requests: list[tuple[float, float, Urgency]]) -> None:
    machine, now = StopMachine(), 0.0
    deadlines, urgencies = [], []
    for wait, timeout, urgency in requests:
        now += wait
        machine.request(now, timeout=timeout, reason="r", urgency=urgency)
        deadlines.append(machine.deadline)
        urgencies.append(machine.urgency)
        assert machine.deadline <= now + timeout
    assert deadlines == sorted(deadlines, reverse=True)
    assert urgencies == sorted(urgencies)


@given(REQUESTS, st.floats(0, 100))
def test_each_phase_ends_by_the_deadline_and_after_the_one_before(
    requests: list[tuple[float, float, Urgency]], later: float
) -> None:
    machine, now = StopMachine(), 0.0
    for wait, timeout, urgency in requests:
        now += wait
        machine.request(now, timeout=timeout, reason="r", urgency=urgency)
    now += later
    allowances = [machine.allowance(phase, now) for phase in Phase]
    assert allowances == sorted(allowances)
    assert all(0 <= allowance <= max(0, machine.deadline - now) + 1e-9 for allowance in allowances)


def test_a_second_request_ends_the_drain_and_keeps_time_to_release() -> None:
    machine = StopMachine()
    machine.request(0, timeout=100, reason="SIGTERM")
    assert machine.allowance(Phase.DRAIN, 10) == pytest.approx(54)
    machine.request(10, timeout=100, reason="SIGTERM", urgency=Urgency.CANCEL)
    assert machine.allowance(Phase.DRAIN, 10) == pytest.approx(0)
    assert machine.allowance(Phase.CANCEL, 10) == pytest.approx(20)
    assert machine.allowance(Phase.CLEAN_UP, 10) == pytest.approx(36)


def test_a_third_request_ends_the_cancelling_too() -> None:
    machine = StopMachine()
    for urgency in Urgency:
        machine.request(0, timeout=100, reason="SIGTERM", urgency=urgency)
    assert machine.allowance(Phase.CANCEL, 0) == pytest.approx(0)
    assert machine.allowance(Phase.CLOSE_CONNECTION, 0) == pytest.approx(12)


def test_the_first_reason_stays() -> None:
    machine = StopMachine()
    assert machine.request(0, timeout=5, reason="fatal")
    assert not machine.request(1, timeout=5, reason="SIGTERM")
    run_all(machine, 2)
    report = machine.report(3)
    assert (report.reason, report.seconds, report.complete, report.late) == ("fatal", 3, True, False)


@given(st.permutations(list(Phase)))
def test_phases_begin_in_their_order_only(order: list[Phase]) -> None:
    machine = StopMachine()
    machine.request(0, timeout=5, reason="r")
    for place, phase in enumerate(order):
        if phase is list(Phase)[place]:
            machine.begin(phase, 0)
            machine.end(0)
        else:
            with pytest.raises(ValueError, match="not the next one"):
                machine.begin(phase, 0)
            break


def test_nothing_begins_before_a_request_or_within_a_phase() -> None:
    machine = StopMachine()
    with pytest.raises(ValueError, match="not the next"):
        machine.begin(Phase.QUIET, 0)
    with pytest.raises(ValueError, match="no phase"):
        machine.end(0)
    machine.request(0, timeout=5, reason="r")
    machine.begin(Phase.QUIET, 0)
    with pytest.raises(ValueError, match="not the next"):
        machine.begin(Phase.HAND_BACK, 0)


def test_errors_come_as_one_group() -> None:
    machine = StopMachine()
    machine.request(0, timeout=5, reason="r")
    errors = [OSError("a"), ValueError("b")]
    for phase in Phase:
        machine.begin(phase, 0)
        machine.end(0, errors.pop(0) if errors else None)
    report = machine.report(0)
    assert not report.clean
    with pytest.raises(ExceptionGroup) as raised:
        report.raise_errors()
    assert [type(error) for error in raised.value.exceptions] == [OSError, ValueError]


def test_a_report_without_errors_raises_nothing() -> None:
    machine = StopMachine()
    machine.request(0, timeout=5, reason="r")
    run_all(machine)
    machine.report(0).raise_errors()
    assert machine.report(0).clean
    assert machine.report(6).late
