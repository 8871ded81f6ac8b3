"""The life of a worker of threads: started once by its thread of control, stopped once by the same."""

import itertools
import logging
import signal
import threading

from worker_lint_runtime._broker import Broker, Consumer
from worker_lint_runtime._clock import Clock
from worker_lint_runtime._health import HealthMonitor
from worker_lint_runtime._settings import WorkerSettings
from worker_lint_runtime._stop_machine import Phase, PhaseTimeoutError, StopReport, Urgency
from worker_lint_runtime._stopping import GRACE, Step, StopSequence
from worker_lint_runtime._worker.crew import Crew, give_back
from worker_lint_runtime._worker.hooks import Hooks, StartError

log = logging.getLogger("worker_lint_runtime.worker")


class Engine:
    """
    Drives one worker through its one life. `interrupt` asks the handlers to end whose time to drain is over.

    `setup` and `cleanup` run in the same thread, the one of control, because some resources insist on that.
    """

    def __init__(
        self,
        hooks: Hooks,
        broker: Broker,
        queue: str,
        settings: WorkerSettings,
        *,
        clock: Clock,
        interrupt: Step = lambda: None,
    ) -> None:
        self._hooks, self._broker, self._queue = hooks, broker, queue
        self._settings, self._clock = settings, clock
        self.stops = StopSequence(clock)
        self.health = HealthMonitor(clock=clock, handler_timeout=settings.handler_timeout)
        self.cancelled = False
        self._interrupt = interrupt
        self._crew = Crew(hooks, settings, clock, self.stops, self.health)
        self._consumer: Consumer | None = None
        self._state = threading.Condition()
        self._control: threading.Thread | None = None
        self._start_ended = False
        self._start_error: BaseException | None = None
        self._setup_began = False
        self._requests = itertools.count(1)

    @property
    def fatal(self) -> BaseException | None:
        """The error that stopped the worker, if one did."""
        return self._crew.fatal

    def start(self) -> None:
        """Connect, set up, consume; returns when messages are taken. Raises StartError."""
        with self._state:
            if self._control is not None or self.stops.requested:
                raise StartError("a worker is started once, and not after it was stopped: make a new one")
            # A daemon: a `setup` or `cleanup` that hangs must not keep the process alive for ever.
            self._control = threading.Thread(target=self._live, name="worker-control", daemon=True)
            self._control.start()
            limit = self._settings.start_timeout
            in_time = self._clock.wait_for(self._state, lambda: self._start_ended, limit)
        if not in_time:
            self.request_stop("start timed out")
            raise StartError(f"the worker did not start within {limit:g} s: the broker or setup hangs")
        if self._start_error is not None:
            self.wait()
            raise StartError(f"the worker did not start: {self._start_error}") from self._start_error

    def request_stop(self, reason: str, *, timeout: float | None = None, urgency: Urgency = Urgency.DRAIN) -> None:
        """Ask for a stop and return at once. Not for signal handlers: it takes a lock."""
        limit = self._settings.stop_timeout if timeout is None else min(timeout, self._settings.stop_timeout)
        if self.stops.request(timeout=max(0.0, limit), reason=reason, urgency=urgency):
            log.info("stopping: %s", reason)

    def on_signal(self, number: int) -> None:
        """The first signal drains, the second cancels, the third closes."""
        self.escalate(signal.Signals(number).name)

    def escalate(self, reason: str) -> None:
        """Ask for a stop, more urgently each time: drain, cancel, close."""
        self.request_stop(reason, urgency=Urgency(min(next(self._requests), len(Urgency))))

    def quiet(self, reason: str) -> None:
        """
        Take no message any more, finish what runs, and go on living until a stop is asked for.

        Returns when the broker has taken back what was fetched ahead. There is no way back: start a new worker.
        """
        self._crew.quiet()
        self.health.mark_unready(reason)
        log.info("quiet: %s", reason)
        if self._consumer is not None:  # else `_begin` sees that it is quiet
            self._consumer.cancel()
            self._consumer.hand_back()

    def wait(self) -> StopReport:
        """
        The report of the stop, which must have been asked for.

        A thread of the worker itself gets the report as it is now: waiting, it would wait for itself.
        """
        with self._state:
            control = self._control
            if control is None:
                return self.stops.report or self.stops.run({})  # never started: all phases are empty
        current = threading.current_thread()
        if current is control or self._crew.has(current):
            return self.stops.peek()
        report = self.stops.wait()
        if report.complete:
            control.join(GRACE)  # it has nothing left to do
        return report

    def _live(self) -> None:
        try:
            self._begin()
        except BaseException as error:  # noqa: BLE001  # raised again by the caller of start
            self._start_error = error
            self.request_stop("start failed")
        with self._state:
            self._start_ended = True
            self._state.notify_all()
        self.stops.wait_for_request()
        self.stops.run(self._list_steps())

    def _begin(self) -> None:
        self._broker.connect()
        self._setup_began = True
        self._hooks.setup()
        if self.stops.requested:
            return
        self._consumer = self._broker.consume(self._queue, self._settings.window)
        self._crew.start(self._consumer)
        if self._crew.is_quiet:
            self._consumer.cancel()
            self._consumer.hand_back()
        self.health.mark_ready()

    def _list_steps(self) -> dict[Phase, Step]:
        # What may hang in a library runs in a thread of its own, which is left behind when the phase's time is over.
        talking = {
            Phase.QUIET: self._quiet,
            Phase.HAND_BACK: self._hand_back,
            Phase.CLOSE_CHANNEL: self._close_channel,
            Phase.CLOSE_CONNECTION: self._broker.close,
        }
        steps = {phase: self.stops.bounded(phase, step) for phase, step in talking.items()}
        return {**steps, Phase.DRAIN: self._drain, Phase.CANCEL: self._cancel, Phase.CLEAN_UP: self._clean_up}

    def _quiet(self) -> None:
        self._crew.quiet()
        self.health.mark_unready("stopping")
        if self._consumer is not None:
            self._consumer.cancel()

    def _hand_back(self) -> None:
        if self._consumer is not None:
            self._consumer.hand_back()

    def _drain(self) -> None:
        self._crew.wait_until_idle(Phase.DRAIN)

    def _cancel(self) -> None:
        self.cancelled = True
        self._interrupt()
        if self._crew.wait_until_gone(Phase.CANCEL) or self._consumer is None:
            return
        seized = self._crew.seize()
        self.stops.note_interrupted([delivery.message.id for delivery in seized])
        consumer = self._consumer
        self.stops.bounded(Phase.CLOSE_CHANNEL, lambda: give_back(consumer, seized))()

    def _close_channel(self) -> None:
        if self._consumer is not None:
            self._consumer.close()

    def _clean_up(self) -> None:
        # Urgent stops leave the cancelling no time, but threads without a handler are about to end.
        self.stops.wait_in_phase(Phase.CLEAN_UP, lambda: self.health.busy().issuperset(self._crew.left_behind))
        self._crew.join_ended()
        try:
            if self._setup_began:
                self._hooks.cleanup()
        finally:
            if names := self._crew.left_behind:
                log.error("left behind, still running: %s", ", ".join(names))
        if names:
            raise PhaseTimeoutError(f"handlers still run and are left behind: {', '.join(names)}")
