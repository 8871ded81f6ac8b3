"""Sleeping that ends when the worker stops, also in code that does not know the worker."""

import threading
from collections.abc import Awaitable, Callable, Generator
from contextlib import contextmanager
from contextvars import ContextVar

Pause = Callable[[float], bool]
"""Waits up to so many seconds; True when a stop was asked for."""
AsyncPause = Callable[[float], Awaitable[bool]]
"""As Pause, to be awaited."""

_current: ContextVar[Pause | None] = ContextVar("worker_lint_runtime_pause", default=None)
_current_async: ContextVar[AsyncPause | None] = ContextVar("worker_lint_runtime_pause_async", default=None)


@contextmanager
def stop_aware(wait: Pause, wait_async: AsyncPause | None = None) -> Generator[None, None, None]:
    """Let `pause` and `pause_async` in this context end when the worker stops."""
    token, token_async = _current.set(wait), _current_async.set(wait_async)
    try:
        yield
    finally:
        _current.reset(token)
        _current_async.reset(token_async)


def pause(seconds: float) -> bool:
    """
    Wait; whether the wait was cut short because the worker stops. Outside a worker's handler nothing cuts it short.

    Use it instead of `time.sleep` in everything that a handler calls.
    """
    current = _current.get()
    if current is not None:
        return current(seconds)
    return threading.Event().wait(seconds)


async def pause_async(seconds: float) -> bool:
    """As `pause`, for coroutines; use it instead of `asyncio.sleep`."""
    current = _current_async.get()
    if current is not None:
        return await current(seconds)
    import asyncio

    await asyncio.sleep(seconds)
    return False
