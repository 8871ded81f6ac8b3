"""Changes of text as data: which characters go, what comes instead."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple


class Splice(NamedTuple):
    """
    Replaces the characters from offset `start` up to `end` by `text`; an insertion if they are equal.

    Where two insertions meet, whole lines that `opens` come before what is put into a line.
    """

    start: int
    end: int
    text: str
    opens: bool = False


def spliced(text: str, splices: Iterable[Splice]) -> str:
    """The text after all changes, which must not clash."""
    pieces: list[str] = []
    last = 0
    for splice in sorted(splices, key=lambda splice: (splice.start, splice.end, not splice.opens)):
        pieces += [text[last : splice.start], splice.text]
        last = splice.end
    return "".join([*pieces, text[last:]])


def clash(first: Splice, second: Splice) -> bool:
    """Whether the outcome of two changes would depend on their order."""
    if first.start == first.end == second.start == second.end:
        return first.opens == second.opens
    return first.start < second.end and second.start < first.end


def any_clash(new: Sequence[Splice], old: Sequence[Splice]) -> bool:
    """Whether a new change clashes with an old one, or with another new one."""
    inner = any(clash(one, two) for index, one in enumerate(new) for two in new[:index])
    return inner or any(clash(one, two) for one in new for two in old)
