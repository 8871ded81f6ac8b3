"""
Decoded source text with the look-ups that lowering needs: columns, words by line, comments.

`ast` counts columns in UTF-8 bytes; the IR counts code points. Most files are ASCII, where both
are the same, so only the lines of other files are ever converted.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Sequence
from functools import cached_property
from typing import Final

from worker_lint.source.ir import At
from worker_lint.source.lines import LineIndex
from worker_lint.source.occurrence import Occurrences, places_of
from worker_lint.source.pattern import pattern

_LINE_END = pattern(r"\r\n|\r|\n")
_WIDE = pattern(r"[^\x00-\x7f]")
_COMMENT = pattern(r"""(?:[^#'"]|'[^'\n]*'|"[^"\n]*")*#(.*)""")
_HEADER = pattern(r"(?:async\s+)?(?:class|def)\s+")

SEARCHES: Final = 4
"""How many whole texts it may cost to search parts of one for a word; from then on its places are known."""


class Text:
    """The text of one file, or of a piece of it whose first line is `first_line`."""

    def __init__(self, source: str, first_line: int = 1) -> None:
        self.source = source
        self.first_line = first_line
        self.ascii = source.isascii()
        self._searched: dict[str, int] = {}
        self._words: dict[str, list[int]] = {}
        self._comments: dict[int, str] = {}
        self._wide: dict[int, tuple[Sequence[int], Sequence[int]]] = {}

    @property
    def lines(self) -> list[str]:
        """The lines without their ends, split as the tokenizer splits (form feeds stay); made anew each time."""
        return _LINE_END.split(self.source) if "\r" in self.source else self.source.split("\n")

    def line(self, number: int) -> str:
        """The line with this number, or nothing past the end."""
        return self._index.line(number - self.first_line + 1)

    def column(self, line: int, byte_offset: int) -> int:
        """The column, from 1 in code points, of a UTF-8 byte offset in a line."""
        if line not in self.wide_lines:
            return byte_offset + 1
        wide = self._wide.get(line)
        if wide is None:
            wide = self._wide[line] = _wide_characters(self.line(line))
        starts, extra = wide
        return byte_offset - extra[bisect_left(starts, byte_offset)] + 1

    @cached_property
    def wide_lines(self) -> frozenset[int]:
        """The lines with a character that takes more than one byte."""
        if self.ascii:
            return frozenset()
        return frozenset(number for number, line in enumerate(self.lines, self.first_line) if not line.isascii())

    def segment(self, at: At) -> str:
        """The text of a span."""
        if at[0] == at[2]:  # the line may be long: nothing else of it is copied
            start, end = self._span(at[0], at[0])
            return self.source[start + at[1] - 1 : min(start + at[3] - 1, end)].rstrip("\r\n")
        middle = [self.between(at[0] + 1, at[2] - 1)] if at[2] - at[0] > 1 else []
        return "\n".join([self.line(at[0])[at[1] - 1 :], *middle, self.line(at[2])[: at[3] - 1]])

    def between(self, first: int, last: int) -> str:
        """The lines from `first` to `last`, as they stand there."""
        start, end = self._span(first, last)
        piece = self.source[start:end]
        if "\r" in piece:
            piece = _LINE_END.sub("\n", piece)
        return piece.removesuffix("\n") if last - self.first_line + 1 < self._index.count else piece

    def lines_between(self, first: int, last: int) -> list[str]:
        """The same, one by one."""
        return self.between(first, last).split("\n")

    def has_word(self, word: str, first: int, last: int) -> bool:
        """Whether a line from `first` to `last` holds the word (in code, text or comment)."""
        start, end = self._span(first, last)
        found = self._words.get(word)
        if found is None:
            searched = self._searched.get(word, 0)
            if searched <= SEARCHES * len(self.source):
                self._searched[word] = searched + end - start
                return self.source.find(word, start, end) >= 0
            found = self._words[word] = [match.start() for match in re.finditer(re.escape(word), self.source)]
        index = bisect_left(found, start)
        return index < len(found) and found[index] < end

    def holds(self, word: str) -> bool:
        """Whether the word occurs at all."""
        return word in self.source

    def _span(self, first: int, last: int) -> tuple[int, int]:
        return self._index.span(first - self.first_line + 1, last - self.first_line + 1)

    def may_use(self, name: str) -> bool:
        """Whether the identifier may stand for a value here, not only in imports, class headers and signatures."""
        return name in self.source and self._occurrences.may_be_value(name)

    @cached_property
    def _occurrences(self) -> Occurrences:
        return Occurrences(self.source)

    def lines_naming(self, name: str) -> list[int]:
        """The lines on which an identifier stands by itself, not as a part of a longer one."""
        before = self.first_line - 1
        return list(dict.fromkeys(self._index.place(place)[0] + before for place in places_of(name, self.source)))

    @cached_property
    def _index(self) -> LineIndex:
        return LineIndex(self.source)

    def comment(self, line: int) -> str:
        """The text of a comment that ends the line, without `#`; nothing if there is none."""
        found = self._comments.get(line)
        if found is None:
            content = self.line(line)
            match = _COMMENT.match(content) if "#" in content else None
            found = self._comments[line] = match.group(1).strip() if match else ""
        return found

    def name_after(self, line: int, byte_offset: int, name: str) -> At:
        """
        The span of the name in a `class` or `def` header that starts at the offset; the header
        itself when a continuation line hides the name.
        """
        start = self.column(line, byte_offset)
        content = self.line(line)
        match = _HEADER.match(content, start - 1)
        if match is None:
            return (line, start, line, len(content) + 1)
        return (line, match.end() + 1, line, match.end() + 1 + len(name))


def _wide_characters(line: str) -> tuple[list[int], list[int]]:
    """
    Byte offsets of the characters that take more than one byte, and how many bytes more than
    characters stand before each of them, and before the end.
    """
    starts, extra = [], [0]
    for found in _WIDE.finditer(line):
        starts.append(found.start() + extra[-1])
        extra.append(extra[-1] + len(found[0].encode("utf-8", "surrogatepass")) - 1)
    return starts, extra
