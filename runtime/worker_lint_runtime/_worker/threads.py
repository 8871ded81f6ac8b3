"""The worker that users derive from: handlers run in threads."""

import logging
import threading
from abc import ABC, abstractmethod
from typing import Any, ClassVar, final

from worker_lint_runtime._broker import Broker
from worker_lint_runtime._clock import Clock
from worker_lint_runtime._contract import ContractError, ContractProblem, declares_abstract, require_contract
from worker_lint_runtime._health import HealthReport
from worker_lint_runtime._message import Message, Outcome
from worker_lint_runtime._settings import WorkerSettings
from worker_lint_runtime._signals import SignalWatch
from worker_lint_runtime._stop_machine import StopReport
from worker_lint_runtime._tiers import Tier
from worker_lint_runtime._worker.engine import Engine

log = logging.getLogger("worker_lint_runtime.worker")


class BaseWorker(ABC):
    """
    A worker of one queue. Derive from it, name the queue, write `process_message`, call `run`.

    Guaranteed: each delivery is settled exactly once; nothing is acknowledged before its handler returned; after a stop
    began, no handler starts; `cleanup` runs once if `setup` began; all callers of `stop` get one report.
    Not guaranteed: a message is processed only once. A kill between effect and acknowledgement delivers it again, so
    make effects idempotent by `message.id`. A handler in a thread cannot be killed: after its time it is left behind.

    A class whose contract is broken fails when it is defined (ContractError). A class that is meant to be derived from
    says `abstract=True`, or declares abstract methods of its own.
    """

    queue: ClassVar[str] = ""
    settings: ClassVar[WorkerSettings] = WorkerSettings()

    def __init_subclass__(cls, *, abstract: bool = False, **arguments: Any) -> None:
        super().__init_subclass__(**arguments)
        require_contract(cls, abstract=abstract or ABC in cls.__bases__ or declares_abstract(cls))

    def __init__(self, broker: Broker, *, clock: Clock | None = None) -> None:
        self._engine = Engine(self, broker, self.queue, self.settings, clock or Clock())

    @abstractmethod
    def process_message(self, message: Message) -> Outcome | None:
        """Do the work of one message; None acknowledges it. Runs in several threads if `concurrency` says so."""

    def setup(self) -> None:  # noqa: B027  # a hook, empty unless needed
        """Acquire what the handlers need; called once, after connecting and before the first message."""

    def cleanup(self) -> None:  # noqa: B027  # as setup
        """Release it; called once, if `setup` began, even when that failed half-way."""

    def classify(self, error: BaseException, message: Message) -> Tier | None:  # noqa: ARG002  # for overrides
        """The tier of an error of this message, or None to leave it to `settings.tiers` and the defaults."""
        return None

    def alert(self, error: BaseException) -> None:
        """Tell a person about an error of the system tier; called before the stop."""
        log.critical("the worker stops because the system is at its end", exc_info=error)

    @property
    def stopping(self) -> bool:
        """Whether a stop was asked for: a long handler may look at it, and return `Outcome.release()`."""
        return self._require_engine().stops.requested

    @property
    def cancelled(self) -> bool:
        """Whether the time to drain is over: what a handler does from now on is likely done in vain."""
        return self._require_engine().cancelled

    @final
    def pause(self, seconds: float) -> bool:
        """Wait, but no longer than until a stop is asked for; whether it was."""
        return self._require_engine().stops.pause(seconds)

    @final
    def start(self) -> None:
        """Start and return as soon as messages are taken. Raises StartError, and nothing is left started."""
        engine = self._require_engine()
        if not self.queue:
            raise ValueError(f"{type(self).__qualname__}.queue names no queue")
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
    def request_stop(self, reason: str = "requested", *, timeout: float | None = None) -> None:
        """Ask for a stop and return at once; a timeout in seconds may only shorten the one of the settings."""
        self._require_engine().request_stop(reason, timeout=timeout)

    @final
    def stop(self, reason: str = "requested", *, timeout: float | None = None) -> StopReport:
        """
        Stop and wait for the report. May be called from any thread, again, and before the start.

        From a handler of this worker it asks for the stop and gives the report so far.
        """
        engine = self._require_engine()
        engine.request_stop(reason, timeout=timeout)
        return engine.wait()

    @final
    def health(self) -> HealthReport:
        """Live, ready, healthy, with reasons."""
        return self._require_engine().health.report()

    @final
    @property
    def fatal_error(self) -> BaseException | None:
        """The error that stopped the worker, if one did."""
        return self._require_engine().fatal

    def _require_engine(self) -> Engine:
        engine: Engine | None = self.__dict__.get("_engine")
        if engine is None:
            text = "__init__ does not call super().__init__(broker)"
            raise ContractError(type(self), [ContractProblem("ABS113", "super-init-skipped", text)])
        return engine
