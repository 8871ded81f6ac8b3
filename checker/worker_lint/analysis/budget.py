"""
Where the analysis gave up because a question took too many steps.

Budgets count steps (modules, classes, places), never seconds, so that the answer does not depend on
how busy the machine is. What is over its budget is unknown: rules stay silent about it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

STEPS_LIMIT: Final = 50_000
"""Steps in the control-flow graph of one function, copies included, above which it is not followed."""


class Budget:
    """The questions of one run that were given up, by file."""

    def __init__(self) -> None:
        self._spent: dict[str, dict[str, None]] = {}

    def spent(self, path: str, reason: str) -> None:
        """Note that a question about a file was given up; each reason counts once a file."""
        self._spent.setdefault(path, {})[reason] = None

    def __iter__(self) -> Iterator[tuple[str, str]]:
        """File and reason of each question given up, sorted."""
        return iter(sorted((path, reason) for path, reasons in self._spent.items() for reason in reasons))

    def __len__(self) -> int:
        """How many were given up."""
        return sum(map(len, self._spent.values()))
