"""
Method resolution order over project classes, modelled classes and what is known of neither.

The merge is C3 (Barrett et al., "A monotonic superclass linearization for Dylan", 1996), as
CPython's `type.mro` does it.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Sequence
from itertools import islice
from typing import Final, TypeVar

import msgspec

_T = TypeVar("_T")

LIMIT: Final = 1_000
"""Classes above one class; with more of them nothing is known of it."""


class Opaque(msgspec.Struct, frozen=True):
    """
    A base of which nothing is known. One from outside the project cannot derive from a class of
    the project; an `internal` one could be anything.
    """

    name: str
    internal: bool = False


TOO_DEEP: Final = Opaque("too many bases", internal=True)
"""Stands for all bases of a class above which there are more than `LIMIT`."""


def linearize(
    root: _T, bases: Callable[[_T], Sequence[_T]], *, limit: int = LIMIT
) -> tuple[tuple[_T, ...], bool] | None:
    """
    The order, and whether it is consistent; None when more than `limit` classes stand above.

    Python refuses to create a class without a consistent order, and a class that is its own base;
    both still get an order here, so that analysis can go on.
    """
    finished: dict[_T, list[_T]] = {}
    path: dict[_T, Sequence[_T]] = {root: bases(root)}
    pending = [root]
    consistent = True
    while pending:
        cls = pending[-1]
        parents = path[cls]
        waiting = next((parent for parent in parents if parent not in finished and parent not in path), None)
        if waiting is not None:
            if len(finished) + len(path) > limit:
                return None
            path[waiting] = bases(waiting)
            pending.append(waiting)
            continue
        known = [parent for parent in parents if parent in finished]
        if len(known) == 1:  # by far the most, and cheap in long chains
            merged, clean = finished[known[0]], True
        else:
            merged, clean = _merge([*(finished[parent] for parent in known), known])
        consistent = consistent and clean and len(known) == len(parents)
        finished[cls] = [cls, *merged]
        del path[cls]
        pending.pop()
    return tuple(finished[root]), consistent


def _merge(sequences: Sequence[Sequence[_T]]) -> tuple[list[_T], bool]:
    merged: list[_T] = []
    clean = True
    pending = [deque(sequence) for sequence in sequences if sequence]
    behind = _behind_the_first(pending)
    while pending:
        head = next((sequence[0] for sequence in pending if not behind[sequence[0]]), None)
        if head is None:
            clean = False
            head = pending[0][0]
            pending = [deque([head, *(item for item in sequence if item != head)]) for sequence in pending]
            behind = _behind_the_first(pending)
        merged.append(head)
        for sequence in pending:
            if sequence[0] == head:
                sequence.popleft()
                if sequence:
                    behind[sequence[0]] -= 1
        pending = [sequence for sequence in pending if sequence]
    return merged, clean


def _behind_the_first(sequences: Sequence[deque[_T]]) -> Counter[_T]:
    """In how many sequences an item stands behind another one."""
    return Counter(item for sequence in sequences for item in islice(sequence, 1, None))
