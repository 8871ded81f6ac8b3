"""The worker that users derive from: handlers run in threads."""

import threading
from abc import abstractmethod
from typing import final

from worker_lint_runtime._broker import Broker
from worker_lint_runtime._clock import Clock
from worker_lint_runtime._message import Message, Outcome
from worker_lint_runtime._signals import SignalWatch
from worker_lint_runtime._stop_machine import StopReport
from worker_lint_runtime._worker.engine import Engine
from worker_lint_runtime._worker.surface import WorkerSurface


class BaseWorker(WorkerSurface):
    """
    A worker of one queue. Derive from it, name the queue, write `process_message`, call `run`.

    Guaranteed: each delivery is settled exactly once; nothing is acknowledged before its handler returned; after a stop
    began, no handler starts; `cleanup` runs once if `setup` began; all callers of `stop` get one report.
    Not guaranteed: a message is processed only once. A kill between effect and acknowledgement delivers it again, so
    make effects idempotent by `message.id`. A handler in a thread cannot be killed: after its time it is left behind.

    A class whose contract is broken fails when it is defined (ContractError). A class that is meant to be derived from
    says `abstract=True`, or declares abstract methods of its own.
    """

    def __init__(self, broker: Broker, *, clock: Clock | None = None) -> None:
        self._engine = Engine(self, broker, self.queue, self.settings, clock=clock or Clock())

    @abstractmethod
    def process_message(self, message: Message) -> Outcome | None:
        """Do the work of one message; None acknowledges it. Runs in several threads if `concurrency` says so."""

    def setup(self) -> None:  # a hook, empty unless needed
        """Acquire what the handlers need; called once, after connecting and before the first message."""

    def cleanup(self) -> None:  # as setup
        """Release it; called once, if `setup` began, even when that failed half-way."""

    @final
    def pause(self, seconds: float) -> bool:
        """Wait, but no longer than until a stop is asked for; whether it was."""
        return self._require_engine().stops.pause(seconds)

    @final
    def start(self) -> None:
        """Start and return as soon as messages are taken. Raises StartError, and nothing is left started."""
        engine = self._require_engine()
        self._require_queue()
        engine.start()

    @final
    def run(self) -> StopReport:
        """Start, work until SIGTERM, SIGINT or `stop`, give the report. Signals are heard in the main thread only."""
        engine = self._require_engine()
        if threading.current_thread() is not threading.main_thread():
            return self._run(engine)
        with SignalWatch(engine.on_signal):
            return self._run(engine)

    def _run(self, engine: Engine) -> StopReport:
        self.start()
        engine.stops.wait_for_request()
        return engine.wait()

    @final
    def stop(self, reason: str = "requested", *, timeout: float | None = None) -> StopReport:
        """
        Stop and wait for the report. May be called from any thread, again, and before the start.

        From a handler of this worker it asks for the stop and gives the report so far.
        """
        engine = self._require_engine()
        engine.request_stop(reason, timeout=timeout)
        return engine.wait()
