"""
What the bytes of a file tell of its except clauses, before it is parsed: too much rather than too little.

Clauses belong to the `try` above them at the same depth, and end where a line starts at no greater depth. A text of
several lines that starts further left ends them too early, which only lets more files through.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Final

TWO_CLAUSES: Final = "except … except"
"""A word of the screen that stands for files in which a `try` statement has more than one clause."""
NAME_AFTER_CLAUSE: Final = "except … as name … name"
"""A word of the screen that stands for files in which the name of a clause occurs outside of it."""

_BOUND: Final = re.compile(rb"except\b[^\n:]*\bas[ \t]+([\w\x80-\xff]+)[ \t]*:")
_UNCLEAR: Final = re.compile(rb"except\b(?:[^\n:]*\n|[^\n]*[ \t)\]]as[ \t\\])")
_SHALLOWER: Final[dict[int, re.Pattern[bytes]]] = {}


def has_two_clauses(data: bytes) -> bool:
    """Whether a clause follows another one at the same depth, with no `try` at that depth between them."""
    last: dict[bytes, int] = {}
    for place, depth in lines_with(data, b"except"):
        before = last.get(depth)
        if before is not None and not _begins_anew(data, before, place, depth):
            return True
        last[depth] = place
    return False


def _begins_anew(data: bytes, before: int, place: int, depth: bytes) -> bool:
    """Whether a `try` at that depth stands between two clauses; one in a text of several lines is none."""
    start = data.find(b"\n" + depth + b"try", before, place)
    return start >= 0 and all(data.find(quotes, before, start) < 0 for quotes in (b"'''", b'"""'))


def has_name_after_clause(data: bytes) -> bool:
    """
    Whether the name of a clause stands outside of all clauses that bind it, or in one of several where one stands in
    another; a clause over several lines counts.
    """
    spans: dict[bytes, list[tuple[int, int]]] = {}
    for place, depth in lines_with(data, b"except"):
        bound = _BOUND.match(data, place)
        if bound is not None:
            spans.setdefault(bound[1], []).append((place, end_of(data, bound.end(), len(depth))))
        elif _UNCLEAR.match(data, place):
            return True
    return any(_is_nested(places) or _occurs_outside(data, name, places) for name, places in spans.items())


def _is_nested(spans: list[tuple[int, int]]) -> bool:
    return any(after[0] < before[1] for before, after in pairwise(spans))


def lines_with(data: bytes, keyword: bytes) -> Iterator[tuple[int, bytes]]:
    """Where a keyword begins a line, with the white space before it."""
    place = data.find(keyword)
    while place >= 0:
        depth = data[data.rfind(b"\n", 0, place) + 1 : place]
        if not depth or depth.isspace():
            yield place, depth
        place = data.find(keyword, place + 1)


def end_of(data: bytes, start: int, depth: int) -> int:
    """Where a clause ends: before the next line that starts at its depth or further left."""
    pattern = _SHALLOWER.get(depth)
    if pattern is None:
        _SHALLOWER[depth] = pattern = re.compile(rb"\n[ \t]{0,%d}(?=[^\s#])" % depth)
    found = pattern.search(data, start)
    return found.start() if found is not None else len(data)


def _occurs_outside(data: bytes, name: bytes, spans: list[tuple[int, int]]) -> bool:
    # what comes before is looked at last: a pattern that begins with a text is found ten times as fast
    word = re.compile(name + rb"\b(?<=[^\w.]" + name + rb")")
    return any(word.search(data, start, end) for start, end in _between(data, spans))


def _between(data: bytes, spans: list[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    start = 0
    for first, end in spans:
        if start < first:
            yield start, first
        start = max(start, end)
    yield start, len(data)
