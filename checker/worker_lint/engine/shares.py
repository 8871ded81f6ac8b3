"""
Cutting the files of a large run into shares, each of which one process analyses.

Files of one folder ask for much the same others, so a share is a run of neighbours in path order. The
cuts depend on the files alone: whoever works on the shares, and how many do, makes no difference to
what is asked together.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import groupby
from typing import Final

LARGEST: Final = 8_000_000
"""Bytes of source in a share: what is found out about a share is forgotten with its process."""

FEWEST: Final = 4
"""Shares of a run that is cut at all, so that none is long alone at the end."""

WORTH: Final = 2_000_000
"""Bytes of source below which a second process is hardly sooner done."""


def shares_of(paths: Iterable[str], size: Callable[[str], int]) -> list[tuple[str, ...]]:
    """The paths, sorted, as shares of similar size that end between folders where they can; one for few bytes."""
    ordered = sorted(paths)
    sizes = {path: size(path) for path in ordered}
    total = sum(sizes.values())
    if total < WORTH:
        return [tuple(ordered)] if ordered else []
    count = max(FEWEST, -(-total // LARGEST))
    return _cut(ordered, sizes, total / count)


def _cut(paths: Sequence[str], sizes: dict[str, int], aim: float) -> list[tuple[str, ...]]:
    shares: list[tuple[str, ...]] = []
    share: list[str] = []
    held = 0
    for _, group in groupby(paths, key=_folder):
        files = list(group)
        weight = sum(sizes[path] for path in files)
        pieces = [files] if weight <= aim else [[path] for path in files]
        for piece in pieces:
            added = sum(sizes[path] for path in piece)
            # Rather a little too much than a little too little: a cut costs what both sides find out.
            if share and held + added / 2 > aim:
                shares.append(tuple(share))
                share, held = [], 0
            share.extend(piece)
            held += added
    return [*shares, tuple(share)] if share else shares


def _folder(path: str) -> str:
    return path.rpartition("/")[0]
