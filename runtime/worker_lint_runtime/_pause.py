"""Sleeping that ends when the worker stops, also in code that does not know the worker."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

Pause = Callable[[float], bool]
"""Waits up to so many seconds; True when a stop was asked for."""

_current: ContextVar[Pause | None] = ContextVar("worker_lint_runtime_pause", default=None)


@contextmanager
def stop_aware(pause: Pause) -> Iterator[None]:
    """Let `pause` in this context end when the worker stops."""
    token = _current.set(pause)
    try:
        yield
    finally:
        _current.reset(token)


def pause(seconds: float) -> bool:
    """
    Wait; whether the wait was cut short because the worker stops. Outside a worker's handler nothing cuts it short.

    Use it instead of `time.sleep` in everything that a handler calls.
    """
    current = _current.get()
    if current is not None:
        return current(seconds)
    return threading.Event().wait(seconds)
