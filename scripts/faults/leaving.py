"""An end by a signal that leaves nothing running."""

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

SIGNALS = (signal.SIGTERM, signal.SIGHUP)
_depth = 0
_late: list[int] = []


def exit_on_signals() -> None:
    """Let SIGTERM and SIGHUP end this program by SystemExit, so that whoever has started something closes it."""
    for each in SIGNALS:
        signal.signal(each, _on_signal)


def _on_signal(number: int, _frame: FrameType | None) -> None:
    if _depth:
        _late.append(number)
    else:
        _leave(number)


def _leave(number: int) -> None:
    for each in SIGNALS:
        signal.signal(each, signal.SIG_IGN)  # a second one must not interrupt the closing
    sys.exit(128 + number)


@contextmanager
def uninterrupted() -> Iterator[None]:
    """No such signal ends the block, but its end does: what is started in it must be noted in it. One thread only."""
    global _depth  # noqa: PLW0603  # signals are the process's, so is this
    _depth += 1
    try:
        yield
    finally:
        _depth -= 1
    if _late and not _depth:
        _leave(_late[0])
