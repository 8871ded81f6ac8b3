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
"""A word of the screen that stands for files in which the name of a clause occurs outside of it in its function."""

_BOUND: Final = re.compile(rb"except\b[^\n:]*\bas[ \t]+([\w\x80-\xff]+)[ \t]*:")
_UNCLEAR: Final = re.compile(rb"except\b(?:[^\n:]*\n|[^\n]*[ \t)\]]as[ \t\\])")
_NEXT: Final = re.compile(rb"\s*(?:def |async def |class |@\w|\Z)")
"""What surely begins a statement: a line further left may also go on with an expression, or with a text."""
_QUOTES: Final = (b'"""', b"'''")
_CLOSING: Final = re.compile(rb"\s*\)")
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
    Whether the name of a clause stands in its function outside of all clauses that bind it, or in one of several where
    one stands in another; a clause over several lines counts.
    """
    spans: dict[bytes, list[tuple[int, int]]] = {}
    for place, depth in lines_with(data, b"except"):
        bound = _BOUND.match(data, place)
        if bound is not None:
            spans.setdefault(bound[1], []).append((place, end_of(data, bound.end(), len(depth))))
        elif _UNCLEAR.match(data, place):
            return True
    return any(
        _is_nested(places) or (_occurs_outside(data, name, places) and _occurs_beside(data, name, places))
        for name, places in spans.items()
    )


def _is_nested(spans: list[tuple[int, int]]) -> bool:
    return any(after[0] < before[1] for before, after in pairwise(spans))


def _occurs_beside(data: bytes, name: bytes, places: list[tuple[int, int]]) -> bool:
    """Whether the name stands outside of its clauses in one of the functions that these stand in."""
    functions = {_function_of(data, place) for place, _ in places}
    return any(
        _occurs_outside(data[start:end], name, [(first - start, last - start) for first, last in inside])
        for start, end in functions
        if (inside := [span for span in places if start <= span[0] < end])
    )


def _function_of(data: bytes, place: int) -> tuple[int, int]:
    """Where the innermost function around a clause begins and ends; the whole text where that cannot be told."""
    whole = (0, len(data))
    depth = place - data.rfind(b"\n", 0, place) - 1
    start = data.rfind(b"def ", 0, place)
    while start >= 0:
        line = data[data.rfind(b"\n", 0, start) + 1 : start]
        before = len(line) - len(line.lstrip())
        if before < depth and line.strip() in (b"", b"async"):
            end = end_of(data, place, before)
            is_plain = _NEXT.match(data, end) is not None and not any(
                data.count(quotes, start, end) % 2 for quotes in _QUOTES
            )
            return (start, end) if is_plain and _holds(data, start, before, place) else whole
        start = data.rfind(b"def ", 0, start)
    return whole


def _holds(data: bytes, start: int, depth: int, place: int) -> bool:
    """Whether the block of a function reaches a place; the bracket that closes its signature does not end it."""
    end = end_of(data, start, depth)
    while end < place and _CLOSING.match(data, end):
        end = end_of(data, end + 1, depth)
    return end >= place


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
