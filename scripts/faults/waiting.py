"""Waiting for what must come, with a limit."""

import time
from collections.abc import Callable


def wait_until(done: Callable[[], bool], what: str, limit: float = 120.0, *, pause: float = 0.005) -> None:
    """Look until it is so. Raises TimeoutError."""
    end = time.monotonic() + limit
    while not done():
        if time.monotonic() > end:
            raise TimeoutError(what)
        time.sleep(pause)
