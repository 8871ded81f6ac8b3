"""The circuit breaker as workers use it: thread-safe, named after the dependency that it guards."""

import logging
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import TypeVar

from worker_lint_runtime._breaker_core import BreakerCore, BreakerSettings, BreakerState, Permit
from worker_lint_runtime._clock import Clock
from worker_lint_runtime._retry import NotRetriedError

log = logging.getLogger("worker_lint_runtime.breaker")

Result = TypeVar("Result")
Listener = Callable[["CircuitBreaker", BreakerState], None]


class CircuitOpenError(NotRetriedError):
    """
    The call was not made. `retry_after` says in how many seconds a probe may pass.

    It is no failure of the message: a worker releases the message without charging an attempt and pauses.
    """

    def __init__(self, name: str, retry_after: float) -> None:
        super().__init__(f"circuit breaker {name!r} is open for another {retry_after:.1f} s")
        self.name, self.retry_after = name, retry_after


class CircuitBreaker:
    """
    Refuses calls to a dependency that fails or answers too slowly, and probes it after a while.

    One breaker stands for one dependency and is shared by all that call it. No lock is held while the guarded code
    runs. Cancellation, `KeyboardInterrupt` and `SystemExit` are not counted: they say nothing about the dependency.

    Args:
        name: of the dependency; appears in errors and logs.
        settings: thresholds and times.
        failures: exceptions that count as the dependency's failure; others pass as its answer.
        clock: source of monotonic time.

    """

    def __init__(
        self,
        name: str,
        settings: BreakerSettings | None = None,
        *,
        failures: tuple[type[Exception], ...] = (Exception,),
        clock: Clock | None = None,
    ) -> None:
        self.name = name
        self._failures = failures
        self._clock = clock or Clock()
        self._core = BreakerCore(settings or BreakerSettings())
        self._seen = BreakerState.CLOSED
        self._lock = threading.Lock()
        self._listeners: list[Listener] = []

    @property
    def state(self) -> BreakerState:
        """The state now."""
        with self._lock:
            return self._core.state(self._clock.monotonic())

    @property
    def retry_after(self) -> float:
        """Seconds until a probe may pass; zero unless open."""
        with self._lock:
            return self._core.retry_after(self._clock.monotonic())

    def on_change(self, listener: Listener) -> None:
        """Call the listener, outside the lock, after each change of state; what it raises is logged."""
        self._listeners.append(listener)

    @contextmanager
    def guard(self) -> Generator[None, None, None]:
        """Guard the code of a `with` block. Raises CircuitOpenError instead of entering it when the breaker is open."""
        permit = self._admit()
        try:
            yield
        except self._failures:
            self._settle(permit, failed=True)
            raise
        except Exception:
            self._settle(permit, failed=False)
            raise
        except BaseException:
            self._settle(permit, failed=None)
            raise
        self._settle(permit, failed=False)

    def call(self, function: Callable[[], Result]) -> Result:
        """What the function returns. Raises CircuitOpenError without calling it when the breaker is open."""
        with self.guard():
            return function()

    def _admit(self) -> Permit:
        with self._lock:
            now = self._clock.monotonic()
            permit = self._core.admit(now)
            wait = self._core.retry_after(now)
        self._tell()
        if permit is None:
            raise CircuitOpenError(self.name, wait)
        return permit

    def _settle(self, permit: Permit, *, failed: bool | None) -> None:
        with self._lock:
            if failed is None:
                self._core.give_back(permit)
            else:
                self._core.record(permit, self._clock.monotonic(), failed=failed)
        self._tell()

    def _tell(self) -> None:
        with self._lock:
            state = self._core.state(self._clock.monotonic())
            if state is self._seen:
                return
            self._seen = state
        log.warning("circuit breaker %s is now %s", self.name, state)
        for listener in list(self._listeners):
            try:
                listener(self, state)
            except Exception:  # a listener must not change what the guarded call returns
                log.exception("a listener of circuit breaker %s failed", self.name)
