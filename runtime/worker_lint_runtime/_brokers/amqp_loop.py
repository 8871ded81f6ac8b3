"""The loop in which a connection's thread waits, and which lends the connection to others while that thread sleeps."""

import heapq
import itertools
import selectors
import socket
import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any

from pika.adapters.utils.selector_ioloop_adapter import AbstractSelectorIOLoop

from worker_lint_runtime._clock import Clock

LONGEST_SLEEP = 5.0
"""Seconds; nothing depends on it."""

Handler = Callable[[int, int], None]
"""Called with a file descriptor and what it is ready for."""


class Timer:
    """What is to be done at a moment, unless it is cancelled before."""

    __slots__ = ("callback", "cancelled")

    def __init__(self, callback: Callable[..., Any]) -> None:
        self.callback = callback
        self.cancelled = False


class SharedLoop(AbstractSelectorIOLoop):
    """
    An event loop for pika that one thread runs and any thread may use through `run_soon` and `add_callback`.

    All that touches the connection is done by whoever owns it: the loop's thread, but for the time that it sleeps.
    Then another thread can do a short thing itself. Handing that over would cost a wake-up, a turn of the loop and two
    changes of threads for each message. What is to be written is tried at once, before anybody waits for room.
    """

    def __init__(self) -> None:
        self._clock = Clock()  # of the machine, as the heartbeats of the other side
        self._selector = selectors.DefaultSelector()
        self._handlers: dict[int, Handler] = {}
        self._wanted: dict[int, int] = {}
        self._changed: set[int] = set()
        """Descriptors for which something else is wanted than the selector knows, or was for a while."""
        self._callbacks: deque[Callable[..., Any]] = deque()
        self._timers: list[tuple[float, int, Timer]] = []
        self._numbers = itertools.count()
        self._owner = threading.Lock()
        """Held by whoever works on the connection."""
        self._running = self._asleep = False
        self._waking = threading.Lock()
        self._mouth: socket.socket | None
        self._ear, self._mouth = socket.socketpair()
        self._ear.setblocking(False)
        self._mouth.setblocking(False)
        self._selector.register(self._ear, selectors.EVENT_READ)
        self._handlers[self._ear.fileno()] = self._listen

    # pika asks by these names what its bits are.

    @property
    def READ(self) -> int:  # noqa: N802
        """There is something to read."""
        return selectors.EVENT_READ

    @property
    def WRITE(self) -> int:  # noqa: N802
        """There is room to write."""
        return selectors.EVENT_WRITE

    @property
    def ERROR(self) -> int:  # noqa: N802
        """A socket with an error is told to be writable, and the attempt finds the error."""
        return selectors.EVENT_WRITE

    # For any thread.

    # What a callback raises ends the loop, and the link makes a new connection.
    def add_callback(self, callback: Callable[..., Any]) -> None:  # worker-lint: ignore[ABS203] see above
        """Call it in the loop's thread, soon."""
        self._callbacks.append(callback)
        # The loop says that it sleeps and then looks for callbacks; here it is the other way round. One sees the other.
        if self._asleep:
            self._wake()

    def run_soon(self, action: Callable[[], object]) -> None:
        """Call it here and now if the connection is free, otherwise in the loop's thread. It must not wait."""
        if not self._owner.acquire(blocking=False):
            self.add_callback(action)
            return
        try:
            if self._asleep:
                action()
                self._settle_changes()
            else:  # the loop has not begun, or has ended
                self._callbacks.append(action)
        except Exception as error:  # noqa: BLE001  # must end the loop, as if it had been raised there
            self.add_callback(partial(_raise, error))
        except BaseException:  # such as KeyboardInterrupt: half of a frame may be written
            self.add_callback(partial(_raise, InterruptedError("who used the connection was interrupted")))
            raise
        finally:
            self._owner.release()

    def _wake(self) -> None:
        with self._waking, suppress(BlockingIOError):  # full: it wakes anyway
            if self._mouth is not None:
                self._mouth.send(b"x")

    # For the owner.

    def call_later(self, delay: float, callback: Callable[..., Any]) -> Timer:
        """Call it after so many seconds, unless `remove_timeout` is given what this returns."""
        timer = Timer(callback)
        heapq.heappush(self._timers, (self._clock.monotonic() + delay, next(self._numbers), timer))
        if self._asleep:  # it may sleep too long
            self._wake()
        return timer

    def remove_timeout(self, timeout_handle: Timer) -> None:
        """Do not call it any more."""
        timeout_handle.cancelled = True

    def add_handler(self, fd: int, handler: Handler, events: int) -> None:
        """Watch a file descriptor."""
        self._handlers[fd] = handler
        self._wanted[fd] = events
        self._selector.register(fd, events)

    def update_handler(self, fd: int, events: int) -> None:
        """Watch it for something else."""
        self._wanted[fd] = events
        self._changed.add(fd)

    def remove_handler(self, fd: int) -> None:
        """Watch it no more."""
        self._handlers.pop(fd, None)
        self._wanted.pop(fd, None)
        self._changed.discard(fd)
        with suppress(KeyError):
            self._selector.unregister(fd)

    def _settle_changes(self) -> None:
        """Write what is to be written; only where there is no room, the selector is told to wait for it."""
        while self._changed:
            fd = self._changed.pop()
            known = self._selector.get_key(fd).events
            if self._wanted[fd] & ~known & selectors.EVENT_WRITE:
                self._handlers[fd](fd, selectors.EVENT_WRITE)
            wanted = self._wanted.get(fd, known)  # the attempt may have ended the connection
            if wanted != known:
                self._selector.modify(fd, wanted)
                if self._asleep:  # not each kind of selector notices
                    self._wake()

    # For the loop's thread.

    def start(self) -> None:
        """Run until `stop` is called."""
        with self._owner:
            self._running = True
            while self._running:
                self._settle_changes()  # also what was asked for before the start
                self._turn()

    def stop(self) -> None:
        """Return from `start` after this turn. In other threads: through `add_callback`."""
        self._running = False

    def close(self) -> None:
        """Release what the loop holds; after `start` has returned."""
        with self._waking:
            mouth, self._mouth = self._mouth, None
        if mouth is not None:
            mouth.close()
            self._ear.close()
            self._selector.close()

    def _turn(self) -> None:
        for key, events in self._sleep():
            handler = self._handlers.get(key.fd)
            if handler is not None:  # the one before may have removed it
                handler(key.fd, events)
        for _ in range(len(self._callbacks)):  # what these add comes after what the sockets have to say
            self._callbacks.popleft()()
        while self._timers and self._timers[0][0] <= self._clock.monotonic():
            _, _, timer = heapq.heappop(self._timers)
            if not timer.cancelled:
                timer.callback()

    def _sleep(self) -> list[tuple[selectors.SelectorKey, int]]:
        """Wait for something to do, and let others have the connection meanwhile."""
        left = LONGEST_SLEEP
        if self._timers:
            left = min(left, max(0.0, self._timers[0][0] - self._clock.monotonic()))
        self._asleep = True
        if self._callbacks:
            left = 0.0
        self._owner.release()
        try:
            return self._selector.select(left)
        finally:
            self._owner.acquire()
            self._asleep = False

    def _listen(self, _fd: int, _events: int) -> None:
        with suppress(BlockingIOError):
            self._ear.recv(4096)


def _raise(error: Exception) -> None:
    raise error
