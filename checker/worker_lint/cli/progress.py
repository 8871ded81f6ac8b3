"""A progress bar for long cold runs: on a terminal, on stderr, and only after a second."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic
from typing import Final

from worker_lint.engine.session import Session

PATIENCE: Final = 1.0
"""Seconds before a bar appears: shorter runs are over before anybody looks."""


@contextmanager
def progress(session: Session) -> Iterator[None]:
    """Shows how many files are read."""
    if not sys.stderr.isatty():
        yield
        return
    bar = _Bar(monotonic() + PATIENCE)
    session.progress = bar.show
    try:
        yield
    finally:
        bar.clear()


class _Bar:
    """One line that is written over; rich would cost more time than it tells about."""

    def __init__(self, due: float) -> None:
        self._due = due
        self._shown = -1

    def show(self, done: int, total: int) -> None:
        percent = done * 100 // max(total, 1)
        if percent == self._shown or monotonic() < self._due:
            return
        self._shown = percent
        filled = percent // 4
        sys.stderr.write(f"\r[{'#' * filled}{'.' * (25 - filled)}] {done:,} of {total:,} files")
        sys.stderr.flush()

    def clear(self) -> None:
        if self._shown >= 0:
            sys.stderr.write("\r" + " " * 60 + "\r")
            sys.stderr.flush()
