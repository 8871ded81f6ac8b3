"""
A state machine for Hypothesis that stops a worker at every step; it needs Hypothesis.

Hypothesis chooses the steps, and when one order of them goes wrong, reduces it to the shortest that does.
"""

from collections.abc import Callable
from typing import ClassVar

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from worker_lint_runtime._stop_machine import StopReport
from worker_lint_runtime._worker.hooks import StartError
from worker_lint_runtime.testing._driving import Driven, Make, stop_together
from worker_lint_runtime.testing._faults import FAULT_POINTS, BrokenReleaseError, FaultPoint, FaultyBroker
from worker_lint_runtime.testing._leftovers import Leftovers
from worker_lint_runtime.testing._safe_stop import UnsafeStopError, judge_messages, judge_reports


class SafeStopMachine(RuleBasedStateMachine):
    """
    The steps: publish, start, let it work, make it quiet, let a point of the broker fail, ask for the stop more
    urgently, stop it from several threads. After the last step the worker is stopped, and judged as by
    `assert_safe_stop`. Made by `safe_stop_machine`.
    """

    make: ClassVar[Callable[..., object]]
    bodies: ClassVar[st.SearchStrategy[bytes]]

    def __init__(self) -> None:
        super().__init__()
        self.left = Leftovers()
        self.broker = FaultyBroker()
        self.published = 0
        self.began = self.stopped = False

    @initialize()
    def build(self) -> None:
        """Make the worker."""
        self.driven = Driven(type(self).make(self.broker))  # type: ignore[arg-type]  # Make, hidden from the class
        self.queue = self.driven.worker.queue

    @rule(data=st.data())
    def publish(self, data: st.DataObject) -> None:
        """Put a message into the queue."""
        self.broker.publish(self.queue, data.draw(self.bodies, "body"))
        self.published += 1

    @rule(point=st.sampled_from(FAULT_POINTS))
    def break_point(self, point: FaultPoint) -> None:
        """Let the next use of a point fail."""
        self.broker.fail(point)

    @precondition(lambda self: not self.began and not self.stopped)
    @rule()
    def start(self) -> None:
        """Start the worker; it may fail only where the broker does."""
        self.began = True
        try:
            self.driven.start()
        except StartError as error:
            if not isinstance(error.__cause__, BrokenReleaseError | StartError):
                raise

    @precondition(lambda self: self.began)
    @rule()
    def work(self) -> None:
        """Let a handler begin, if there is something for it."""
        self.driven.wait_until(self._is_busy_or_idle)

    @rule()
    def quiet(self) -> None:
        """Let it take no message any more."""
        try:
            self.driven.worker.quiet()
        except BrokenReleaseError:
            return  # told to the caller, as documented

    @rule()
    def ask_for_stop(self) -> None:
        """As a signal does: drain, cancel, close."""
        self.stopped = True
        self.driven.worker.escalate("the machine")

    @rule(callers=st.integers(1, 4))
    def stop(self, callers: int) -> None:
        """Stop it from several threads at once."""
        self.stopped = True
        reports = stop_together(self.driven, callers)
        if len(reports) < callers:
            raise UnsafeStopError("some callers of stop never came back (STP109 stop-race)")
        self._judge(reports)

    def teardown(self) -> None:
        """Stop it for good and look at what is left."""
        if not hasattr(self, "driven"):
            return
        try:
            self._judge([self.driven.stop(), self.driven.stop()])
        finally:
            self.driven.join()
        problems = [*judge_messages(self.broker, self.queue, self.published), *self.left.describe()]
        if problems:
            raise UnsafeStopError("; ".join(problems))

    def _judge(self, reports: list[StopReport]) -> None:
        if problems := judge_reports(reports, started=self.began):
            raise UnsafeStopError("; ".join(problems))

    def _is_busy_or_idle(self) -> bool:
        health = self.driven.worker.health()
        return health.in_flight > 0 or not health.ready or not self.broker.depth(self.queue).ready


def safe_stop_machine(
    make: Make,
    *,
    bodies: st.SearchStrategy[bytes] | None = None,
    examples: int = 50,
    steps: int = 12,
) -> type[SafeStopMachine]:
    """
    The machine for the workers that `make` builds; give its `TestCase` a name that pytest collects.

    Args:
        make: is given a broker and returns a new worker, such as the worker's class.
        bodies: what the messages hold; short byte strings unless given.
        examples: how many orders of steps are tried.
        steps: how many steps each has at most.

    """
    chosen = st.binary(max_size=16) if bodies is None else bodies
    body = {"make": staticmethod(make), "bodies": chosen}
    machine: type[SafeStopMachine] = type("SafeStopMachineOf", (SafeStopMachine,), body)
    machine.TestCase.settings = settings(max_examples=examples, stateful_step_count=steps, deadline=None)
    return machine
