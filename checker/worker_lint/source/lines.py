"""
Places in a text: offsets in code points, lines and columns.

Lines end as the tokenizer ends them, at LF, CR LF and CR; a form feed or another separator of
Unicode ends none.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from functools import cached_property
from io import StringIO
from itertools import accumulate


class LineIndex:
    """Answers about one text. Lines and columns count from 1, columns in code points."""

    def __init__(self, text: str) -> None:
        """Take the text without its byte order mark; nothing is computed yet."""
        self.text = text

    @cached_property
    def _starts(self) -> array[int]:
        """Where the lines start, in 4 bytes for each, since many texts are kept."""
        text = self.text
        lines = StringIO(text, newline="" if "\r" in text else "\n")
        starts = array("I", accumulate(map(len, lines), initial=0))
        if text and text[-1] not in "\r\n":
            starts.pop()  # what is the end of the text starts no line
        return starts

    @property
    def count(self) -> int:
        """The number of lines; text behind the last line end counts as one, even when empty."""
        return len(self._starts)

    def line(self, number: int) -> str:
        """The text of a line without its end; empty for a number out of range."""
        starts = self._starts
        if not 1 <= number <= len(starts):
            return ""
        end = starts[number] if number < len(starts) else len(self.text)
        return self.text[starts[number - 1] : end].rstrip("\r\n")

    def span(self, first: int, last: int) -> tuple[int, int]:
        """Where the lines from `first` to `last` begin and end, the end of the last one included."""
        starts = self._starts
        start = starts[max(first, 1) - 1] if first <= len(starts) else len(self.text)
        end = starts[max(last, 0)] if last < len(starts) else len(self.text)
        return start, max(start, end)

    def offset(self, line: int, column: int) -> int:
        """The offset in the text, from 0, of a place."""
        return self._starts[line - 1] + column - 1

    def place(self, offset: int) -> tuple[int, int]:
        """Line and column of an offset in the text."""
        line = bisect_right(self._starts, offset)
        return line, offset - self._starts[line - 1] + 1
