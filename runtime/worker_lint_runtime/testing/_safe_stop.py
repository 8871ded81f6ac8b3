"""Proves that a worker stops safely: twice, from many threads, before and while it starts, with failing releases."""

import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from worker_lint_runtime._broker import Broker
from worker_lint_runtime._brokers.memory import MemoryBroker, MemoryConsumer
from worker_lint_runtime._stop_machine import Phase, StopReport
from worker_lint_runtime._worker.hooks import StartError
from worker_lint_runtime._worker.threads import BaseWorker

Make = Callable[[Broker], BaseWorker]
PATIENCE = 60.0
"""Seconds after which a stop counts as hanging."""
_CALLERS = 4


class UnsafeStopError(AssertionError):
    """The worker's stop is not safe; the message says in which situation, and the linter's rule for it."""


class BrokenReleaseError(OSError):
    """What a release raises in the situations where it fails."""


def assert_safe_stop(make: Make) -> None:
    """
    Stop the workers that `make` builds, in every situation, and check what is left.

    `make` is given a broker and returns a new worker each time, such as the class itself. No message is delivered.
    Checked in each situation: the stop ends, all callers get one complete report, and no thread, descriptor
    or child process is left. Raises UnsafeStopError.

    =====================================  ======================================
    situation                              what the linter says about the like
    =====================================  ======================================
    before the start                       STP128 stop-before-start
    twice, one after the other             STP108 stop-not-idempotent
    from several threads at once           STP109 stop-race
    while it starts                        STP104 half-built-leak
    a release of the broker raises         STP102 release-skipped-on-error
    =====================================  ======================================
    """
    _check("before the start", "STP128 stop-before-start", make, _before_start)
    _check("twice", "STP108 stop-not-idempotent", make, _twice)
    _check("from several threads", "STP109 stop-race", make, _concurrently)
    _check("while it starts", "STP104 half-built-leak", make, _while_starting)
    for name in ("cancel", "hand_back", "close"):
        _check(f"while the consumer's {name} raises", "STP102 release-skipped-on-error", make, _with_broken(name))


def _check(situation: str, rule: str, make: Make, act: Callable[[Make, MemoryBroker], list[StopReport]]) -> None:
    threads, descriptors, children = set(threading.enumerate()), _count_descriptors(), _list_children()
    broker = _BreakableBroker()
    try:
        reports = act(make, broker)
    except StartError as error:
        raise UnsafeStopError(f"stop {situation}: the worker does not even start: {error}") from error
    problems = []
    if any(report is not reports[0] for report in reports):
        problems.append("the callers got different reports")
    if not reports[0].complete:
        problems.append("the stop did not end in its time")
    errors = [error for error in reports[0].errors if not isinstance(error, BrokenReleaseError)]
    problems += [f"{type(error).__name__}: {error}" for error in errors]
    if left := sorted(thread.name for thread in set(threading.enumerate()) - threads):
        problems.append(f"threads are left: {', '.join(left)} (STP110 thread-not-joined)")
    if _count_descriptors() > descriptors:
        problems.append("open descriptors are left (STP103 resource-never-released)")
    if _list_children() - children:
        problems.append("child processes are left (STP118 child-not-reaped)")
    if problems:
        raise UnsafeStopError(f"stop {situation} ({rule}): {'; '.join(problems)}")


def _before_start(make: Make, broker: MemoryBroker) -> list[StopReport]:
    worker = make(broker)
    return [worker.stop(), worker.stop()]


def _twice(make: Make, broker: MemoryBroker) -> list[StopReport]:
    worker = make(broker)
    worker.start()
    return [worker.stop(), worker.stop()]


def _concurrently(make: Make, broker: MemoryBroker) -> list[StopReport]:
    worker = make(broker)
    worker.start()
    return _stop_from_threads(worker)


def _while_starting(make: Make, broker: MemoryBroker) -> list[StopReport]:
    worker = make(broker)
    reached, asked = threading.Event(), threading.Event()
    setup = worker.setup

    def slow_setup() -> None:
        setup()
        reached.set()
        asked.wait(PATIENCE)

    worker.setup = slow_setup  # type: ignore[method-assign]  # on this instance only
    starter = threading.Thread(target=worker.start)
    starter.start()
    reached.wait(PATIENCE)
    worker.request_stop("while it starts")
    asked.set()
    starter.join(PATIENCE)
    return [worker.stop(), worker.stop()]


def _with_broken(name: str) -> Callable[[Make, MemoryBroker], list[StopReport]]:
    def act(make: Make, broker: MemoryBroker) -> list[StopReport]:
        if isinstance(broker, _BreakableBroker):
            broker.broken = name
        worker = make(broker)
        worker.start()
        reports = [worker.stop(), worker.stop()]
        if Phase.CLEAN_UP not in [result.phase for result in reports[0].phases]:
            raise UnsafeStopError(f"the clean-up was skipped because the consumer's {name} raised")
        return reports

    return act


def _stop_from_threads(worker: BaseWorker) -> list[StopReport]:
    together = threading.Barrier(_CALLERS)
    reports: list[StopReport] = []

    def stop() -> None:
        together.wait(PATIENCE)
        reports.append(worker.stop())

    callers = [threading.Thread(target=stop) for _ in range(_CALLERS)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join(PATIENCE)
    if len(reports) < _CALLERS:
        raise UnsafeStopError("stop from several threads (STP109 stop-race): some callers never came back")
    return reports


class _BreakableBroker(MemoryBroker):
    """A broker in memory one of whose releases raises."""

    broken = ""

    def consume(self, queue: str, prefetch: int) -> MemoryConsumer:
        consumer = super().consume(queue, prefetch)
        if self.broken:
            release = getattr(consumer, self.broken)

            def fail() -> None:
                release()
                raise BrokenReleaseError(f"{self.broken} failed, as the test wants")

            setattr(consumer, self.broken, fail)
        return consumer


def _count_descriptors() -> int:
    """How many descriptors are open; zero where the system does not tell."""
    folder = Path("/proc/self/fd")
    return sum(1 for _ in folder.iterdir()) if folder.exists() else 0


def _list_children() -> set[str]:
    """The process ids of our children, whichever thread started them; none where the system does not tell."""
    found = set()
    for file in Path("/proc/self/task").glob("*/children"):
        with suppress(OSError):  # the thread has just ended
            found |= set(file.read_text(encoding="ascii").split())
    return found
