"""
Places in a text: offsets in code points, lines and columns, and the columns that `ast` gives.

Lines end as the tokenizer ends them, at LF, CR LF and CR; a form feed or another separator of
Unicode ends none.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from functools import cached_property

from worker_lint.diagnostic import Span

_LINE_END = re.compile(r"\r\n|\r|\n")


class LineIndex:
    """
    Answers about one text. Lines and columns count from 1, columns in code points.

    `ast` counts columns from 0 in bytes of UTF-8. In an ASCII line both agree but for the 1,
    so only other lines are ever encoded.
    """

    def __init__(self, text: str) -> None:
        """Take the text without its byte order mark; nothing is computed yet."""
        self.text = text
        self._ascii = text.isascii()
        self._encoded: dict[int, bytes] = {}

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

    def column(self, line: int, byte_offset: int) -> int:
        """The column at a byte offset of `ast`; inside a character, that character's column."""
        if self._ascii:
            return byte_offset + 1
        encoded = self._encoded_line(line)
        head = encoded[:byte_offset]
        return byte_offset + 1 if head.isascii() else len(head.decode("utf-8", "ignore")) + 1

    def byte_offset(self, line: int, column: int) -> int:
        """The byte offset, as `ast` counts, of a column."""
        return column - 1 if self._ascii else len(self.line(line)[: column - 1].encode("utf-8", "surrogatepass"))

    def span(self, line: int, byte_offset: int, end_line: int, end_byte_offset: int) -> Span:
        """The span of the four numbers of a node of `ast`."""
        return Span(line, self.column(line, byte_offset), end_line, self.column(end_line, end_byte_offset))

    def offset(self, line: int, column: int) -> int:
        """The offset in the text, from 0, of a place."""
        return self._starts[line - 1] + column - 1

    def place(self, offset: int) -> tuple[int, int]:
        """Line and column of an offset in the text."""
        line = bisect_right(self._starts, offset)
        return line, offset - self._starts[line - 1] + 1

    def _encoded_line(self, number: int) -> bytes:
        encoded = self._encoded.get(number)
        if encoded is None:
            encoded = self._encoded[number] = self.line(number).encode("utf-8", "surrogatepass")
        return encoded
