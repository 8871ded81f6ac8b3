"""Retry, circuit breaker and health as decorators, for functions, methods and coroutine functions."""

import functools
import inspect
import threading
from collections.abc import Awaitable, Callable, Generator
from contextlib import AbstractContextManager
from typing import Any, TypeVar, cast, overload

from worker_lint_runtime._breaker import CircuitBreaker
from worker_lint_runtime._breaker_core import BreakerSettings
from worker_lint_runtime._call_health import CallMonitor
from worker_lint_runtime._clock import Clock
from worker_lint_runtime._pause import pause, pause_async
from worker_lint_runtime._retry import InterruptedByStopError, RetryPolicy

Wrapped = TypeVar("Wrapped", bound=Callable[..., Any])

_breakers: dict[str, CircuitBreaker] = {}
_monitors: dict[str, CallMonitor] = {}
_registry = threading.Lock()


def circuit_breaker(name: str, settings: BreakerSettings | None = None) -> CircuitBreaker:
    """The breaker of the dependency with this name; made with the settings when it is first asked for."""
    with _registry:
        if name not in _breakers:
            _breakers[name] = CircuitBreaker(name, settings)
        return _breakers[name]


def call_monitor(name: str) -> CallMonitor:
    """The monitor with this name; made when it is first asked for."""
    with _registry:
        if name not in _monitors:
            _monitors[name] = CallMonitor(name)
        return _monitors[name]


@overload
def with_circuit_breaker(function: Wrapped, /) -> Wrapped: ...
@overload
def with_circuit_breaker(
    *, name: str = "", settings: BreakerSettings | None = None, breaker: CircuitBreaker | None = None
) -> Callable[[Wrapped], Wrapped]: ...
def with_circuit_breaker(
    function: Wrapped | None = None,
    /,
    *,
    name: str = "",
    settings: BreakerSettings | None = None,
    breaker: CircuitBreaker | None = None,
) -> Wrapped | Callable[[Wrapped], Wrapped]:
    """
    Guard a function by a circuit breaker: the one given, or the one of the name, which all instances share.

    The name should be the dependency's; without one it is the function's. Above `with_auto_retry`, a sequence of
    attempts counts as one call; below it, each attempt counts and an open breaker ends the retries.
    """

    def decorate(wrapped: Wrapped) -> Wrapped:
        chosen = breaker or circuit_breaker(name or _name(wrapped), settings)
        return _within(wrapped, chosen.guard)

    return decorate if function is None else decorate(function)


@overload
def with_health_monitoring(function: Wrapped, /) -> Wrapped: ...
@overload
def with_health_monitoring(*, name: str = "", monitor: CallMonitor | None = None) -> Callable[[Wrapped], Wrapped]: ...
def with_health_monitoring(
    function: Wrapped | None = None, /, *, name: str = "", monitor: CallMonitor | None = None
) -> Wrapped | Callable[[Wrapped], Wrapped]:
    """Count the calls of a function; `call_monitor(name).figures()` tells. Without a name, it is the function's."""

    def decorate(wrapped: Wrapped) -> Wrapped:
        return _within(wrapped, (monitor or call_monitor(name or _name(wrapped))).watch)

    return decorate if function is None else decorate(function)


@overload
def with_auto_retry(function: Wrapped, /) -> Wrapped: ...
@overload
def with_auto_retry(
    *, policy: RetryPolicy | None = None, clock: Clock | None = None
) -> Callable[[Wrapped], Wrapped]: ...
def with_auto_retry(
    function: Wrapped | None = None, /, *, policy: RetryPolicy | None = None, clock: Clock | None = None
) -> Wrapped | Callable[[Wrapped], Wrapped]:
    """
    Call a function again when it fails, as the policy says.

    Raises what the last attempt raised. When the worker stops during a wait, raises InterruptedByStopError from it: the
    worker then releases the message, and no attempt is charged.
    """
    retry = _Retry(policy or RetryPolicy(max_attempts=3), clock or Clock())

    def decorate(wrapped: Wrapped) -> Wrapped:
        if inspect.iscoroutinefunction(wrapped):
            return _keep_signature(wrapped, functools.partial(retry.call_async, wrapped), is_async=True)
        _refuse_generators(wrapped)
        return _keep_signature(wrapped, functools.partial(retry.call, wrapped), is_async=False)

    return decorate if function is None else decorate(function)


class _Retry:
    """Runs attempts; the decisions are the policy's."""

    def __init__(self, policy: RetryPolicy, clock: Clock) -> None:
        self._policy, self._clock = policy, clock

    def call(self, function: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
        plan = self._plan()
        delay = next(plan)
        while True:
            try:
                return function(*arguments, **named)
            except Exception as error:
                delay = plan.send(error)
                if delay is None:
                    raise
                if pause(delay):
                    raise InterruptedByStopError(f"the worker stops; the last attempt failed: {error}") from error

    async def call_async(self, function: Callable[..., Awaitable[Any]], *arguments: Any, **named: Any) -> Any:
        plan = self._plan()
        delay = next(plan)
        while True:
            try:
                return await function(*arguments, **named)
            except Exception as error:
                delay = plan.send(error)
                if delay is None:
                    raise
                if await pause_async(delay):
                    raise InterruptedByStopError(f"the worker stops; the last attempt failed: {error}") from error

    def _plan(self) -> Generator[float | None, Exception, None]:
        """Is sent the error of each attempt, and gives the delay before the next, or None."""
        if self._policy.budget is not None:
            self._policy.budget.earn()
        attempt, waited = 1, 0.0
        delay: float | None = 0.0
        while True:
            error = yield delay
            delay = self._policy.next_delay(error, attempt=attempt, waited=waited, random=self._clock.random())
            attempt, waited = attempt + 1, waited + (delay or 0.0)


def _within(wrapped: Wrapped, guard: Callable[[], AbstractContextManager[None]]) -> Wrapped:
    if inspect.iscoroutinefunction(wrapped):

        async def call_async(*arguments: Any, **named: Any) -> Any:
            with guard():
                return await wrapped(*arguments, **named)

        return _keep_signature(wrapped, call_async, is_async=True)
    _refuse_generators(wrapped)

    def call(*arguments: Any, **named: Any) -> Any:
        with guard():
            return wrapped(*arguments, **named)

    return _keep_signature(wrapped, call, is_async=False)


def _keep_signature(wrapped: Wrapped, call: Callable[..., Any], *, is_async: bool) -> Wrapped:
    """A function, so that it binds as a method, with the name, signature and kind of the wrapped one."""
    if is_async:

        @functools.wraps(wrapped)
        async def decorated_async(*arguments: Any, **named: Any) -> Any:
            return await call(*arguments, **named)

        return cast("Wrapped", decorated_async)

    @functools.wraps(wrapped)
    def decorated(*arguments: Any, **named: Any) -> Any:
        return call(*arguments, **named)

    return cast("Wrapped", decorated)


def _refuse_generators(wrapped: Callable[..., Any]) -> None:
    if inspect.isgeneratorfunction(wrapped) or inspect.isasyncgenfunction(wrapped):
        raise TypeError(f"{_name(wrapped)} is a generator: its body runs after the call that would be guarded")


def _name(wrapped: Callable[..., Any]) -> str:
    return f"{getattr(wrapped, '__module__', '?')}.{getattr(wrapped, '__qualname__', repr(wrapped))}"
