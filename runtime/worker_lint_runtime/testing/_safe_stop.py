"""Proves that a worker stops safely: twice, from many threads, before and while it starts, with failing releases."""

import threading
from collections.abc import Callable, Iterable

from worker_lint_runtime._stop_machine import Phase, StopReport
from worker_lint_runtime._worker.hooks import StartError
from worker_lint_runtime.testing._driving import PATIENCE, Driven, Make, stop_together
from worker_lint_runtime.testing._faults import RELEASES, BrokenReleaseError, FaultPoint, FaultyBroker
from worker_lint_runtime.testing._leftovers import Leftovers

_CALLERS = 4
Situation = Callable[[Driven, FaultyBroker], list[StopReport]]


class UnsafeStopError(AssertionError):
    """The worker's stop is not safe; the message says in which situation, and the linter's rule for it."""


def assert_safe_stop(make: Make, *, messages: Iterable[bytes] = ()) -> None:
    """
    Stop the workers that `make` builds, in every situation, and check what is left.

    `make` is given a broker and returns a new worker each time, such as the class itself. The messages, if any, are in
    its queue before it starts; one situation stops it while it works on them. Checked in each situation: the stop ends,
    all callers get one complete report, no message is lost or left unsettled, and no thread, descriptor or child
    process is left. Raises UnsafeStopError.

    =====================================  ======================================
    situation                              what the linter says about the like
    =====================================  ======================================
    before the start                       STP128 stop-before-start
    twice, one after the other             STP108 stop-not-idempotent
    from several threads at once           STP109 stop-race
    while it starts                        STP104 half-built-leak
    after a start that failed              STP104 half-built-leak
    while it works on messages             MSG102 unsettled-delivery
    a release of the broker raises         STP102 release-skipped-on-error
    =====================================  ======================================
    """
    bodies = list(messages)
    situations: list[tuple[str, str, Situation]] = [
        ("before the start", "STP128 stop-before-start", _before_start),
        ("twice", "STP108 stop-not-idempotent", _twice),
        ("from several threads", "STP109 stop-race", _concurrently),
        ("while it starts", "STP104 half-built-leak", _while_starting),
        ("after a start that failed", "STP104 half-built-leak", _after_failed_start),
        ("while it works", "MSG102 unsettled-delivery", _while_working),
    ]
    broken = "STP102 release-skipped-on-error"
    situations += [(f"while {point} raises", broken, _with_broken(point)) for point in RELEASES]
    for name, rule, act in situations:
        if problems := _try(make, bodies, act):
            raise UnsafeStopError(f"stop {name} ({rule}): {'; '.join(problems)}")


def _try(make: Make, bodies: list[bytes], act: Situation) -> list[str]:
    """What is wrong in one situation."""
    before = Leftovers()
    broker = FaultyBroker()
    driven = Driven(make(broker))
    for body in bodies:
        broker.publish(driven.worker.queue, body)
    try:
        reports = act(driven, broker)
    except StartError as error:
        return [f"the worker does not even start: {error}"]
    driven.join()
    return [
        *judge_reports(reports, started=act is not _before_start),
        *judge_messages(broker, driven.worker.queue, len(bodies)),
        *before.describe(),
    ]


def judge_reports(reports: list[StopReport], *, started: bool) -> list[str]:
    """What is wrong with the reports of one stop."""
    problems: list[str] = []
    report = reports[0]
    if any(other is not report for other in reports):
        problems.append("the callers got different reports")
    if not report.complete:
        problems.append("the stop did not end in its time")
    elif started and Phase.CLEAN_UP not in [result.phase for result in report.phases]:
        problems.append("the clean-up was skipped")
    errors = [error for error in report.errors if not isinstance(error, BrokenReleaseError)]
    return problems + [f"{type(error).__name__}: {error}" for error in errors]


def judge_messages(broker: FaultyBroker, queue: str, published: int) -> list[str]:
    """What is wrong with the messages after a stop."""
    depth = broker.depth(queue)
    problems = [f"{depth.unsettled} deliveries are left unsettled"] if depth.unsettled else []
    lost = published - broker.acknowledged - depth.ready - depth.delayed - depth.dead - depth.unsettled
    if lost:
        problems.append(
            f"{lost} messages are lost" if lost > 0 else f"{-lost} messages are there that nobody published"
        )
    return problems


def _before_start(driven: Driven, _: FaultyBroker) -> list[StopReport]:
    return [driven.stop(), driven.stop()]


def _twice(driven: Driven, _: FaultyBroker) -> list[StopReport]:
    driven.start()
    return [driven.stop(), driven.stop()]


def _concurrently(driven: Driven, _: FaultyBroker) -> list[StopReport]:
    driven.start()
    reports = stop_together(driven, _CALLERS)
    if len(reports) < _CALLERS:
        raise UnsafeStopError("stop from several threads (STP109 stop-race): some callers never came back")
    return reports


def _while_starting(driven: Driven, broker: FaultyBroker) -> list[StopReport]:
    reached, asked = threading.Event(), threading.Event()
    connect = broker.connect

    def slow_connect() -> None:
        connect()
        reached.set()
        asked.wait(PATIENCE)

    broker.connect = slow_connect  # type: ignore[method-assign]  # on this instance only
    starter = threading.Thread(target=driven.start)
    starter.start()
    reached.wait(PATIENCE)
    driven.worker.request_stop("while it starts")
    asked.set()
    starter.join(PATIENCE)
    return [driven.stop(), driven.stop()]


def _after_failed_start(driven: Driven, broker: FaultyBroker) -> list[StopReport]:
    broker.fail("consume")
    try:
        driven.start()
    except StartError:
        return [driven.stop(), driven.stop()]
    raise UnsafeStopError("stop after a start that failed (STP104 half-built-leak): the failure was not told")


def _while_working(driven: Driven, broker: FaultyBroker) -> list[StopReport]:
    driven.start()
    queue = driven.worker.queue
    driven.wait_until(lambda: not broker.depth(queue).ready or driven.worker.health().in_flight > 0)
    return [driven.stop(), driven.stop()]


def _with_broken(point: FaultPoint) -> Situation:
    def act(driven: Driven, broker: FaultyBroker) -> list[StopReport]:
        broker.fail(point, times=100)
        driven.start()
        return [driven.stop(), driven.stop()]

    return act
