"""
Method resolution order over project classes, modelled classes and what is known of neither.

The merge is C3 (Barrett et al., "A monotonic superclass linearization for Dylan", 1996), as
CPython's `type.mro` does it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Opaque:
    """
    A base of which nothing is known. One from outside the project cannot derive from a class of
    the project; an `internal` one could be anything.
    """

    name: str
    internal: bool = False


def linearize(root: _T, bases: Callable[[_T], Sequence[_T]]) -> tuple[tuple[_T, ...], bool]:
    """
    The order, and whether it is consistent. Python refuses to create a class without a consistent
    order, and a class that is its own base; both still get an order here, so that analysis can go on.
    """
    consistent = True

    def order(cls: _T, above: tuple[_T, ...]) -> list[_T]:
        nonlocal consistent
        if cls in above:
            consistent = False
            return []
        parents = list(bases(cls))
        sequences = [order(parent, (*above, cls)) for parent in parents]
        merged, clean = _merge([*sequences, parents])
        consistent = consistent and clean
        return [cls, *merged]

    return tuple(order(root, ())), consistent


def _merge(sequences: list[list[_T]]) -> tuple[list[_T], bool]:
    merged: list[_T] = []
    clean = True
    pending = [list(sequence) for sequence in sequences if sequence]
    while pending:
        head = _next_head(pending)
        if head is None:
            clean = False
            head = pending[0][0]
        merged.append(head)
        pending = [rest for sequence in pending if (rest := [item for item in sequence if item != head])]
    return merged, clean


def _next_head(sequences: list[list[_T]]) -> _T | None:
    for sequence in sequences:
        head = sequence[0]
        if not any(head in other[1:] for other in sequences):
            return head
    return None
