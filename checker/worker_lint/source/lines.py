"""
Places in a text: offsets in code points, lines and columns.

Lines end as the tokenizer ends them, at LF, CR LF and CR; a form feed or another separator of
Unicode ends none.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from functools import cached_property

_LINE_END = re.compile(r"\r\n|\r|\n")


class LineIndex:
    """Answers about one text. Lines and columns count from 1, columns in code points."""

    def __init__(self, text: str) -> None:
        """Take the text without its byte order mark; nothing is computed yet."""
        self.text = text

    @cached_property
    def _starts(self) -> list[int]:
        if "\r" in self.text:
            return [0, *(match.end() for match in _LINE_END.finditer(self.text))]
        starts, position, find = [0], 0, self.text.find
        while (position := find("\n", position) + 1) > 0:
            starts.append(position)
        return starts

    @property
    def count(self) -> int:
        """The number of lines; text behind the last line end counts as one, even when empty."""
        return len(self._starts)

    def line(self, number: int) -> str:
        """The text of a line without its end; empty for a number out of range."""
        if not 1 <= number <= len(self._starts):
            return ""
        start = self._starts[number - 1]
        end = self._starts[number] if number < len(self._starts) else len(self.text)
        return self.text[start:end].rstrip("\r\n")

    def offset(self, line: int, column: int) -> int:
        """The offset in the text, from 0, of a place."""
        return self._starts[line - 1] + column - 1

    def place(self, offset: int) -> tuple[int, int]:
        """Line and column of an offset in the text."""
        line = bisect_right(self._starts, offset)
        return line, offset - self._starts[line - 1] + 1
