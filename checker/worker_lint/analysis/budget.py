"""
Which functions took the most steps, and where the analysis gave up because a question took too many.

Budgets count steps (modules, classes, places), never seconds, so that the answer does not depend on
how busy the machine is. What is over its budget is unknown: rules stay silent about it.
"""

from __future__ import annotations

from collections.abc import Iterator
from heapq import nlargest
from typing import Final, NamedTuple

STEPS_LIMIT: Final = 50_000
"""Steps in the control-flow graph of one function, copies included, above which it is not followed."""


LARGEST: Final = 20
"""How many of the functions with the most steps are told."""


class Size(NamedTuple):
    """How many steps the control-flow graph of a function has, copies included."""

    steps: int
    path: str
    line: int
    name: str


class Budget:
    """The questions of one run that were given up, by file, and the steps that functions took."""

    def __init__(self) -> None:
        self._spent: dict[str, dict[str, None]] = {}
        self._steps: dict[tuple[str, int, str], int] = {}

    def took(self, size: Size) -> None:
        """Note the steps of a function; of several graphs of one, for other classes of `self`, the largest counts."""
        place = size[1:]
        self._steps[place] = max(size.steps, self._steps.get(place, 0))

    def largest(self) -> list[Size]:
        """The functions with the most steps, the largest first."""
        sizes = (Size(steps, *place) for place, steps in self._steps.items())
        return nlargest(LARGEST, sizes, key=lambda size: (size.steps, size.path, size.line))

    def spent(self, path: str, reason: str) -> None:
        """Note that a question about a file was given up; each reason counts once a file."""
        self._spent.setdefault(path, {})[reason] = None

    def __iter__(self) -> Iterator[tuple[str, str]]:
        """File and reason of each question given up, sorted."""
        return iter(sorted((path, reason) for path, reasons in self._spent.items() for reason in reasons))

    def __len__(self) -> int:
        """How many were given up."""
        return sum(map(len, self._spent.values()))
