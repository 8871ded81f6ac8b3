"""What both kinds of worker have in common: class checks, settings, hooks, health, requests to stop."""

import logging
from abc import ABC
from typing import Any, ClassVar, final

from worker_lint_runtime._contract import ContractError, ContractProblem, declares_abstract, require_contract
from worker_lint_runtime._health import HealthReport
from worker_lint_runtime._message import Message
from worker_lint_runtime._settings import WorkerSettings
from worker_lint_runtime._tiers import Tier
from worker_lint_runtime._worker.engine import Engine

log = logging.getLogger("worker_lint_runtime.worker")


class WorkerSurface(ABC):
    """The common half of BaseWorker and AsyncBaseWorker; not to be derived from directly."""

    queue: ClassVar[str] = ""
    settings: ClassVar[WorkerSettings] = WorkerSettings()
    _engine: Engine

    def __init_subclass__(cls, *, abstract: bool = False, **arguments: Any) -> None:
        super().__init_subclass__(**arguments)
        require_contract(cls, abstract=abstract or ABC in cls.__bases__ or declares_abstract(cls))

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
    def request_stop(self, reason: str = "requested", *, timeout: float | None = None) -> None:
        """
        Ask for a stop and return at once; from any thread, but not from a signal handler.

        A timeout in seconds may only shorten the one of the settings.
        """
        self._require_engine().request_stop(reason, timeout=timeout)

    @final
    def quiet(self, reason: str = "quiet") -> None:
        """
        Take no message any more, but finish those in work; the worker then waits for its stop.

        For a deployment that wants long handlers to end before it stops anything. From any thread, not from a signal
        handler. There is no way back. Raises BrokerError when the broker cannot be told; it delivers nothing all the
        same, since what still comes is released.
        """
        self._require_engine().quiet(reason)

    @final
    def escalate(self, reason: str = "requested") -> None:
        """Ask for a stop as a signal does: the first time it drains, the second it cancels, the third it closes."""
        self._require_engine().escalate(reason)

    @final
    def health(self) -> HealthReport:
        """Live, ready, healthy, with reasons."""
        return self._require_engine().health.report()

    @property
    @final  # below property, which cannot carry the mark
    def fatal_error(self) -> BaseException | None:
        """The error that stopped the worker, if one did."""
        return self._require_engine().fatal

    def _describe_tasks(self) -> list[str]:
        """Where the tasks of the worker are, as text; only a worker of coroutines has any."""
        return []

    def _require_engine(self) -> Engine:
        engine: Engine | None = self.__dict__.get("_engine")
        if engine is None:
            text = "__init__ does not call super().__init__(broker)"
            raise ContractError(type(self), [ContractProblem("ABS113", "super-init-skipped", text)])
        return engine

    def _require_queue(self) -> str:
        if not self.queue:
            raise ValueError(f"{type(self).__qualname__}.queue names no queue")
        return self.queue
