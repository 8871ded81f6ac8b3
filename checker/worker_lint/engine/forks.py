"""
Copies of this process that work side by side on what it has worked out so far.

The readers are started afresh and told what to do in bytes. What the analysis starts from is a large
part of a gigabyte, which a copy shares with the original for nothing. A process with other threads
must not be copied, and not every system can: then the work is done here.
"""

from __future__ import annotations

import gc
import multiprocessing
import os
import threading
from collections import deque
from collections.abc import Callable, Sequence
from multiprocessing.connection import Connection, wait
from typing import TYPE_CHECKING, Final, TypeVar

if TYPE_CHECKING:
    from multiprocessing.context import ForkProcess

_ORDER = TypeVar("_ORDER")
_ANSWER = TypeVar("_ANSWER")

_FAILED: Final = 1


def is_alone() -> bool:
    """Whether no other thread is in the middle of anything, which a copy would never see the end of."""
    return threading.active_count() == 1


def forked(work: Callable[[_ORDER], _ANSWER], orders: Sequence[_ORDER], count: int) -> list[_ANSWER | None]:
    """
    The answers in the order of the orders, each from a copy of its own that ends with it, `count` at a
    time; None for each that was lost with its process.
    """
    context = multiprocessing.get_context("fork")
    answers: list[_ANSWER | None] = [None] * len(orders)
    waiting = deque(enumerate(orders))
    running: dict[Connection, tuple[int, ForkProcess]] = {}
    frozen = gc.get_freeze_count()
    gc.freeze()  # whatever a collection looks at in a copy is no longer shared
    try:
        while waiting or running:
            while waiting and len(running) < count:
                place, order = waiting.popleft()
                ours, theirs = context.Pipe(duplex=False)
                process = context.Process(target=_serve, args=(work, order, theirs), daemon=True)
                process.start()
                theirs.close()
                running[ours] = (place, process)
            for ready in wait([*running]):
                if isinstance(ready, Connection):
                    place, process = running.pop(ready)
                    answers[place] = _received(ready)
                    process.join()
    finally:
        if not frozen:
            gc.unfreeze()
        for _, process in running.values():
            process.terminate()
            process.join()
    return answers


def _received(connection: Connection) -> _ANSWER | None:
    with connection:
        try:
            answer: _ANSWER = connection.recv()
        except (EOFError, OSError):
            return None
    return answer


def _serve(work: Callable[[_ORDER], _ANSWER], order: _ORDER, answers: Connection) -> None:
    """What a copy does; it says nothing about an error, which comes again where the work is done over."""
    try:
        answers.send(work(order))
        answers.close()
    except BaseException:  # noqa: BLE001 - of an interruption the original knows, too
        os._exit(_FAILED)
