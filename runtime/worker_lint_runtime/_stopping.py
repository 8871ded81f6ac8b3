"""Runs a stop: one thread moves the machine, all callers wait for the same report."""

import logging
import threading
from collections.abc import Callable, Mapping

from worker_lint_runtime._clock import Clock
from worker_lint_runtime._stop_machine import Phase, PhaseTimeoutError, StopMachine, StopReport, Urgency

log = logging.getLogger("worker_lint_runtime.stop")

Step = Callable[[], None]
GRACE = 5.0
"""Seconds past the deadline that a caller waits for the report before it takes an incomplete one."""


class StopSequence:
    """
    A stop that can be asked for from any thread, any number of times, and runs once.

    Never call it from a signal handler: it takes a lock. `SignalWatch` carries a signal to an ordinary thread.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._machine = StopMachine()
        self._changed = threading.Condition()
        self._report: StopReport | None = None
        self._interrupted: list[str] = []

    @property
    def requested(self) -> bool:
        """Whether a stop was asked for."""
        return self._machine.requested

    @property
    def report(self) -> StopReport | None:
        """The final report, once there is one."""
        return self._report

    def request(self, *, timeout: float, reason: str, urgency: Urgency = Urgency.DRAIN) -> bool:
        """Ask for the stop and return at once; whether this was the first request."""
        with self._changed:
            first = self._machine.request(self._clock.monotonic(), timeout=timeout, reason=reason, urgency=urgency)
            self._changed.notify_all()
        return first

    def pause(self, seconds: float) -> bool:
        """Wait, but no longer than until a stop is asked for; whether it was."""
        with self._changed:
            return self._clock.wait_for(self._changed, lambda: self._machine.requested, seconds)

    def wait_for_request(self) -> None:
        """Wait until a stop is asked for."""
        with self._changed:
            self._changed.wait_for(lambda: self._machine.requested)

    def wake(self) -> None:
        """Tell the phase that waits that what it waits for may have come. Change that before the call."""
        # Before a stop there is no phase, only threads that wait for the stop: they must not wake for each message.
        if self._machine.requested:
            with self._changed:
                self._changed.notify_all()

    def wait_in_phase(self, phase: Phase, predicate: Callable[[], bool]) -> bool:
        """Whether the predicate became true while the phase had time left; a later request may cut the time."""
        with self._changed:
            while not predicate():
                left = self._machine.allowance(phase, self._clock.monotonic())
                if left <= 0:
                    return False
                self._wait_for_change(predicate, left)
            return True

    def _wait_for_change(self, predicate: Callable[[], bool], left: float) -> None:
        before = self._machine.deadline
        self._clock.wait_for(self._changed, lambda: predicate() or self._machine.deadline < before, left)

    def note_interrupted(self, message_ids: list[str]) -> None:
        """Put messages on the report whose handlers were interrupted."""
        self._interrupted.extend(message_ids)

    def run(self, steps: Mapping[Phase, Step]) -> StopReport:
        """Run all phases in order, each although others failed. Called once, by the thread that owns the stop."""
        for phase in Phase:
            with self._changed:
                self._machine.begin(phase, self._clock.monotonic())
            error = self._attempt(phase, steps.get(phase))
            with self._changed:
                self._machine.end(self._clock.monotonic(), error)
        with self._changed:
            self._report = self._snapshot()
            self._changed.notify_all()
            return self._report

    def _attempt(self, phase: Phase, step: Step | None) -> BaseException | None:
        try:
            if step is not None:
                step()
        except BaseException as error:  # whatever a step raises, the next one must run
            log.exception("phase %s of the stop failed", phase.name)
            return error
        return None

    def bounded(self, phase: Phase, step: Step) -> Step:
        """The step in a thread of its own, left behind when the phase's time is over: closing may hang for ever."""

        def run() -> None:
            outcome: list[BaseException | None] = []

            def work() -> None:
                try:
                    step()
                    outcome.append(None)
                except BaseException as error:  # noqa: BLE001  # raised again by the thread that waits
                    outcome.append(error)
                finally:
                    self.wake()

            # A daemon: a close that never returns must not keep the process alive after the deadline.
            thread = threading.Thread(target=work, name=f"worker-stop-{phase.name.lower()}", daemon=True)
            thread.start()
            if not self.wait_in_phase(phase, lambda: bool(outcome)):
                raise PhaseTimeoutError(f"phase {phase.name} did not end in its share of the stop's time")
            thread.join(GRACE)
            if outcome[0] is not None:
                raise outcome[0]

        return run

    def wait(self) -> StopReport:
        """The final report; an incomplete one when the stop is still not over some seconds after its deadline."""
        with self._changed:
            left = max(0.0, self._machine.deadline - self._clock.monotonic()) + GRACE
            self._clock.wait_for(self._changed, lambda: self._report is not None, left)
            return self._report or self._snapshot()

    def peek(self) -> StopReport:
        """The report as far as it is known now."""
        with self._changed:
            return self._report or self._snapshot()

    def _snapshot(self) -> StopReport:
        return self._machine.report(self._clock.monotonic(), interrupted=tuple(self._interrupted))
