"""What is wrong with a configuration: the place, the value, the remedy."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec


class ConfigProblem(msgspec.Struct, frozen=True, order=True):
    """One wrong key or value. `line` counts from 1; 0 means that it could not be found."""

    path: str
    line: int
    message: str
    help: str = ""

    def __str__(self) -> str:
        place = f"{self.path}:{self.line}: " if self.line else f"{self.path}: " if self.path else ""
        return f"{place}{self.message}" + (f"\n  help: {self.help}" if self.help else "")


class ConfigError(Exception):
    """
    The configuration cannot be used; the command line shows each problem and exits with 2.

    All problems of a file are reported together, so that one run is enough to mend it.
    """

    def __init__(self, problems: Sequence[ConfigProblem]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = tuple(problems)


def nearest(value: str, known: Iterable[str]) -> str:
    """Ask whether the nearest known name was meant; empty when none is near."""
    from difflib import get_close_matches

    names = list(known)
    folded = {name.casefold(): name for name in names}
    found = get_close_matches(value.casefold(), folded, n=1, cutoff=0.6)
    return f"did you mean {folded[found[0]]!r}?" if found else ""
