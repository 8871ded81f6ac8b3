"""Carries signals to an ordinary thread, where locks may be taken."""

import os
import signal
import threading
from collections.abc import Callable
from contextlib import ExitStack
from types import FrameType
from typing import Self

STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT)
_END = b"\0"  # no signal has the number zero


def _ignore(_number: int, _frame: FrameType | None) -> None:
    """Do nothing: the interpreter has already written the signal's number to the wake-up descriptor."""


class SignalWatch:
    """
    Calls a function in a thread of its own for each stop signal that arrives.

    A signal handler runs between two instructions of the main thread, which may hold any lock: even `Event.set` can
    wait for ever there. So the handler does nothing at all, and the C level writes the signal's number to a pipe.

    Use it in the main thread, as a context manager; on leaving, the former handlers are back.
    """

    def __init__(self, on_signal: Callable[[int], None]) -> None:
        self._on_signal = on_signal
        self._former_descriptor = -1
        self._releases = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as acquired:
            self._read, self._write = os.pipe()
            acquired.callback(os.close, self._read)
            acquired.callback(os.close, self._write)
            os.set_blocking(self._write, False)
            thread = threading.Thread(target=self._listen, name="worker-signals", daemon=True)
            thread.start()
            acquired.callback(thread.join)
            acquired.callback(os.write, self._write, _END)
            self._former_descriptor = signal.set_wakeup_fd(self._write, warn_on_full_buffer=False)
            acquired.callback(signal.set_wakeup_fd, self._former_descriptor)
            for number in STOP_SIGNALS:
                former = signal.signal(number, _ignore)
                # None: it was installed by something other than Python, and cannot be put back from here.
                acquired.callback(signal.signal, number, signal.SIG_DFL if former is None else former)
            self._releases = acquired.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._releases.close()

    def _listen(self) -> None:
        while True:
            for number in os.read(self._read, 64):
                if number == _END[0]:
                    return
                if number in STOP_SIGNALS:
                    self._on_signal(number)
                elif self._former_descriptor >= 0:
                    os.write(self._former_descriptor, bytes([number]))
