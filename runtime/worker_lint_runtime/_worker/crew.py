"""The handler threads of a worker: each receives, handles and settles one message at a time."""

import logging
import threading

from worker_lint_runtime._broker import Consumer, Reconnecting
from worker_lint_runtime._clock import Clock
from worker_lint_runtime._decision import Decision
from worker_lint_runtime._health import HealthMonitor
from worker_lint_runtime._ledger import DeliveryLedger
from worker_lint_runtime._message import Delivery, Outcome
from worker_lint_runtime._pause import stop_aware
from worker_lint_runtime._settings import WorkerSettings
from worker_lint_runtime._stop_machine import Phase
from worker_lint_runtime._stopping import GRACE, StopSequence
from worker_lint_runtime._worker.handling import Judge, release, send_alert, settle_once
from worker_lint_runtime._worker.hooks import Hooks

log = logging.getLogger("worker_lint_runtime.worker")

RECEIVE_TIMEOUT = 1.0
"""Seconds between two signs of life of an idle handler; a stop does not wait for it."""
DISCONNECTED = "the broker is away"
CIRCUIT_OPEN = "a circuit breaker is open"


class Crew:
    """Runs `process_message` in threads until a stop is asked for."""

    def __init__(
        self, hooks: Hooks, settings: WorkerSettings, clock: Clock, stops: StopSequence, health: HealthMonitor
    ) -> None:
        self.fatal: BaseException | None = None
        self._hooks, self._settings, self._clock = hooks, settings, clock
        self._stops, self._health = stops, health
        self._judge = Judge(settings, clock, hooks.classify)
        self._ledger = DeliveryLedger()
        self._lock = threading.Lock()
        self._threads: list[threading.Thread] = []
        self._running: set[str] = set()
        self._paused_until = 0.0

    def start(self, consumer: Consumer) -> None:
        """Start as many threads as the settings say."""
        for number in range(1, self._settings.concurrency + 1):
            name = f"worker-handler-{number}"
            # Daemons: a handler that never returns must not keep the process alive after the deadline. The stop joins
            # those that end.
            thread = threading.Thread(target=self._live, args=(name, consumer), name=name, daemon=True)
            self._health.tick(name)
            self._threads.append(thread)
            self._running.add(name)  # here and not in the thread: a stop that comes first must wait for it
            try:
                thread.start()
            except BaseException:
                self._end(name)
                raise

    def has(self, thread: threading.Thread) -> bool:
        """Whether the thread is one of the crew's."""
        return thread in self._threads

    def quiet(self) -> None:
        """Let no handler start any more."""
        self._ledger.quiet()

    @property
    def is_quiet(self) -> bool:
        """Whether no handler may start any more."""
        return self._ledger.is_quiet

    def wait_until_idle(self, phase: Phase) -> bool:
        """Whether all handlers ended, and their settlements reached the broker, while the phase had time."""
        return self._stops.wait_in_phase(phase, lambda: self._ledger.in_flight == 0)

    def wait_until_gone(self, phase: Phase) -> bool:
        """Whether all threads ended while the phase had time."""
        if not self._stops.wait_in_phase(phase, lambda: not self._running):
            return False
        self.join_ended()
        return True

    def join_ended(self) -> None:
        """Wait for the threads that have nothing left to do."""
        for thread in self._threads:
            if thread.ident is not None and thread.name not in self._running:
                thread.join(GRACE)

    def seize(self) -> list[Delivery]:
        """Take away what the handlers hold that did not end."""
        return self._ledger.seize()

    @property
    def left_behind(self) -> list[str]:
        """Names of the threads that still run."""
        return sorted(self._running)

    def _live(self, name: str, consumer: Consumer) -> None:
        try:
            with stop_aware(self._stops.pause):
                self._work(name, consumer)
        finally:
            self._end(name)

    def _end(self, name: str) -> None:
        self._health.forget(name)
        with self._lock:
            self._running.discard(name)
        self._stops.wake()

    def _work(self, name: str, consumer: Consumer) -> None:
        failures = 0
        link = consumer if isinstance(consumer, Reconnecting) else None  # once: looking a protocol up is slow
        while not self._stops.requested:
            self._health.tick(name)
            if self._wait_out_pause():
                continue
            try:
                delivery = consumer.receive(RECEIVE_TIMEOUT)
            except Exception:  # the connection: the broker mends it, or the stop comes
                failures += 1
                log.exception("receiving failed, %d times in a row", failures)
                self._stops.pause(self._settings.reconnect.delay(failures, self._clock.random()))
                continue
            failures = 0
            self._note_connection(link)
            if delivery is not None:
                self._handle(name, consumer, delivery)

    def _note_connection(self, link: Reconnecting | None) -> None:
        if link is None or link.obstacle is None:
            self._health.mark_ready(DISCONNECTED)
        else:
            self._health.mark_unready(DISCONNECTED)

    def _handle(self, name: str, consumer: Consumer, delivery: Delivery) -> None:
        if self._stops.requested or not self._ledger.begin(delivery):
            release(consumer, delivery)
            return
        self._health.begin(name)
        error: BaseException | None = None
        try:
            refused = self._judge.refuse(delivery.message)
            decision = refused or self._judge.judge_result(self._hooks.process_message(delivery.message))
        except BaseException as raised:  # noqa: BLE001  # one message must not end the thread, whatever it raises
            error = raised
            decision = self._judge.judge_error(raised, delivery.message)
        if decision.alert and error is not None:
            send_alert(self._hooks.alert, error)
        # Before the message goes back: another handler of this worker would take it up at once.
        self._follow(decision, error)
        settle_once(self._ledger, consumer, delivery, decision.outcome)
        self._health.end(name, failed=error is not None)
        self._stops.wake()

    def _follow(self, decision: Decision, error: BaseException | None) -> None:
        if decision.stop:
            self.fatal = self.fatal or error
            reason = f"{type(error).__name__}: {error}"
            self._stops.request(timeout=self._settings.stop_timeout, reason=reason)
        if decision.pause > 0:
            with self._lock:
                self._paused_until = max(self._paused_until, self._clock.monotonic() + decision.pause)
            self._health.mark_unready(CIRCUIT_OPEN)

    def _wait_out_pause(self) -> bool:
        """Whether it may not receive, quiet or for an open breaker; waits then, but goes on showing signs of life."""
        if self.is_quiet:
            self._stops.pause(RECEIVE_TIMEOUT)
            return True
        if not self._paused_until:
            return False
        left = self._paused_until - self._clock.monotonic()
        if left > 0:
            self._stops.pause(min(left, RECEIVE_TIMEOUT))
            return True
        self._health.mark_ready(CIRCUIT_OPEN)
        return False


def give_back(consumer: Consumer, seized: list[Delivery]) -> None:
    """Release deliveries taken from their handlers, each although others failed. Raises ExceptionGroup at the end."""
    errors: list[Exception] = []
    for delivery in seized:
        try:
            consumer.settle(delivery, Outcome.release())
        except Exception as error:  # noqa: BLE001  # the others must be given back too
            errors.append(error)
    if errors:
        raise ExceptionGroup("interrupted messages could not be given back; the broker will do it", errors)
