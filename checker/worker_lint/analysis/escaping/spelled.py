"""Which functions may hold an endless loop that counts, told from their text: most need not be parsed to know."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from worker_lint.source.pattern import pattern

if TYPE_CHECKING:
    from worker_lint.analysis.entity import Function
    from worker_lint.source.text import Text

_CALLED: Final = r"[\w.]+(?:\([\w.]*\))?"
_WHILE: Final = pattern(rf"while\b(?![ \t]+{_CALLED}[ \t]*(?:[<>]=?|[!=]=)[ \t]*{_CALLED}[ \t]*:)")
"""A `while` statement other than one that compares two things, which has an end."""

_FOR: Final = pattern(r"(?m)^[ \t\f]*(async\b[\s\\]*)?for\b")
_NAMED: Final = pattern(r"(?i)consum|sub|listen|iterator|notifies|\b(?:count|cycle|repeat|iter)\b")
"""What a `for` that has no end must name in its header; most name none of it."""

_SIGN: Final = pattern(
    r'(?s)\\\n|#[^\n]*|"{3}.*?"{3}|\'{3}.*?\'{3}|"(?:[^"\\\n]|\\.)*"|\'(?:[^\'\\\n]|\\.)*\'|[][(){}\n"\']'
)
"""What a logical line is told by: where it goes on, comments, texts, brackets, its end, and quotes of no text."""
_OPENING, _CLOSING, _QUOTES = frozenset("([{"), frozenset(")]}"), frozenset("\"'")
_UNSURE: Final = "iter"

_STRINGS: Final = pattern(r'(?s)"{3}.*?"{3}|\'{3}.*?\'{3}')
_GIVES: Final = pattern(r"(?m)^[ \t]+return[ \t]+(?!None\b|True\b|False\b|[(#\\])")


class Spelled:
    """The text of one file; `may_loop(function)` for each of its functions."""

    def __init__(self, text: Text) -> None:
        self._text = text
        self._whiles = list(_lines_of_whiles(text))
        self._fors = list(_lines_of_fors(text))

    def may_loop(self, function: Function) -> bool:
        """Whether the function may have an endless loop, and may give its caller no value."""
        first, _, last, _ = function.node.at
        if not holds_one(self._whiles, first, last) and not holds_one(self._fors, first, last):
            return False
        return not _gives(self._text.segment(function.node.at))


def _lines_of_whiles(text: Text) -> Iterator[int]:
    source, line, place = text.source, text.first_line, 0
    for found in _WHILE.finditer(source):
        start = found.start()
        line, place = line + source.count("\n", place, start), start
        if not source[source.rfind("\n", 0, start) + 1 : start].strip():
            yield line


def _lines_of_fors(text: Text) -> Iterator[int]:
    source, line, place = text.source.replace("\r\n", "\n").replace("\r", "\n"), text.first_line, 0
    for found in _FOR.finditer(source):
        start = found.end()
        line, place = line + source.count("\n", place, start), start
        if found[1] or not text.ascii or _NAMED.search(_header(source, start)):
            yield line


def _header(source: str, start: int) -> str:
    """What follows the word `for` in its logical line, without texts; where that is unsure, what counts as named."""
    parts, opened, place = [""], 0, start
    for found in _SIGN.finditer(source, start):
        parts.append(source[place : found.start()])
        place, sign = found.end(), found[0]
        if sign in _QUOTES:
            return _UNSURE
        if sign == "\n" and opened <= 0:
            break
        opened += (sign in _OPENING) - (sign in _CLOSING)
    else:
        parts.append(source[place:])
    return " ".join(parts)


def holds_one(lines: list[int], first: int, last: int) -> bool:
    """Whether one of the lines, which are sorted, is among those from `first` to `last`."""
    index = bisect_left(lines, first)
    return index < len(lines) and lines[index] <= last


def _gives(written: str) -> bool:
    """Whether the function surely returns a value; one with functions inside, whose values these are, is not known."""
    if written.count("def ") > 1 or not _GIVES.search(written):
        return False
    return _GIVES.search(_STRINGS.sub("", written)) is not None
