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

_NAMED: Final = (
    *("async for", "onsum", "sub", "isten", "otifies", "iter(", "iterator", "Iterator"),
    *("count(", "cycle(", "repeat(", "Sub", "CONSUM", "SUB", "LISTEN"),
)
"""What a `for` that has no end must name; most name none of it."""

_STRINGS: Final = pattern(r'(?s)"{3}.*?"{3}|\'{3}.*?\'{3}')
_GIVES: Final = pattern(r"(?m)^[ \t]+return[ \t]+(?!None\b|True\b|False\b|[(#\\])")


class Spelled:
    """The text of one file; `may_loop(function)` for each of its functions."""

    def __init__(self, text: Text) -> None:
        self._text = text
        self._whiles = list(_lines_of_whiles(text))
        self._named = [word for word in _NAMED if word in text.source]

    def may_loop(self, function: Function) -> bool:
        """Whether the function may have an endless loop, and may give its caller no value."""
        first, _, last, _ = function.node.at
        if not _between(self._whiles, first, last) and not self._may_iterate(first, last):
            return False
        return not _gives(self._text.segment(function.node.at))

    def _may_iterate(self, first: int, last: int) -> bool:
        text = self._text
        return text.has_word("for", first, last) and any(text.has_word(word, first, last) for word in self._named)


def _lines_of_whiles(text: Text) -> Iterator[int]:
    source, line, place = text.source, text.first_line, 0
    for found in _WHILE.finditer(source):
        start = found.start()
        line, place = line + source.count("\n", place, start), start
        if not source[source.rfind("\n", 0, start) + 1 : start].strip():
            yield line


def _between(lines: list[int], first: int, last: int) -> bool:
    index = bisect_left(lines, first)
    return index < len(lines) and lines[index] <= last


def _gives(written: str) -> bool:
    """Whether the function surely returns a value; one with functions inside, whose values these are, is not known."""
    if written.count("def ") > 1 or not _GIVES.search(written):
        return False
    return _GIVES.search(_STRINGS.sub("", written)) is not None
