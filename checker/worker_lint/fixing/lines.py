"""Lines and offsets of a text, split as Python's tokenizer splits: at CR LF, CR and LF, nowhere else."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter
from functools import cached_property

_LINE_END = re.compile(r"\r\n|\r|\n")
_INDENT = re.compile(r"[ \t\f]*")


class Lines:
    """
    The lines of a text, numbered from 1, and their offsets.

    `plain` is the same text as a parser likes it: every line ends with a line feed, no form
    feeds, and lines of blanks are empty. Its lines are those of the text, each shifted by
    `shift[number]` characters to the left.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        ends = list(_LINE_END.finditer(text))
        self.starts = [0, *(end.end() for end in ends)]
        self.stops = [*(end.start() for end in ends), len(text)]
        counted = Counter(end.group() for end in ends)
        self.newline = counted.most_common(1)[0][0] if counted else "\n"
        self.shift = [0, *(_form_feeds(self.content(number)) for number in range(1, len(self.starts) + 1))]

    @cached_property
    def longest(self) -> int:
        """The length of the longest line, in characters."""
        return max(stop - start for start, stop in zip(self.starts, self.stops, strict=True))

    @property
    def count(self) -> int:
        """How many lines there are; an empty one after the last line end counts."""
        return len(self.starts)

    @property
    def plain(self) -> str:
        """The text for a parser."""
        return "\n".join(self._plain(number) for number in range(1, self.count + 1))

    def _plain(self, number: int) -> str:
        content = self.content(number)[self.shift[number] :].replace("\f", " ")
        return "" if not content.strip(" \t") else content

    def content(self, number: int) -> str:
        """A line without its end."""
        return self.text[self.starts[number - 1] : self.stops[number - 1]]

    def start(self, number: int) -> int:
        """The offset of a line's first character."""
        return self.starts[number - 1]

    def stop(self, number: int) -> int:
        """The offset of a line's end, before the line feed."""
        return self.stops[number - 1]

    def line_at(self, offset: int) -> int:
        """The number of the line that holds an offset."""
        return bisect_right(self.starts, offset)

    def eol(self, number: int) -> str:
        """How a line ends; the last line of a file without final line end, as most lines do."""
        found = self.text[self.stops[number - 1] : self.starts[number]] if number < self.count else ""
        return found or self.newline

    def indent(self, number: int) -> str:
        """The blanks that count as the line's indentation (a form feed starts the line anew)."""
        found = _INDENT.match(self.content(number))
        return found.group().rpartition("\f")[2] if found else ""

    def is_blank(self, number: int) -> bool:
        """Whether a line holds nothing but blanks."""
        return not self.content(number).strip(" \t\f")


def _form_feeds(content: str) -> int:
    found = _INDENT.match(content)
    return found.group().rfind("\f") + 1 if found else 0
