"""
The excerpt of a diagnostic: framed source lines with their spans underlined, in the order of reading.

Pure layout: gives lines of styled pieces, knows neither colours nor streams.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from worker_lint.diagnostic import Diagnostic, Span
from worker_lint.report.cells import Line, cell_width, with_code, wrap
from worker_lint.report.context import RenderContext
from worker_lint.report.source_line import Columns, Underline, show_line

LONGEST_SPAN = 4  # lines of a span that are shown; of a longer one only the first is
CONTEXT = 1  # lines shown around the diagnostic's own span


class Frame(NamedTuple):
    """The characters that frame an excerpt."""

    first: str
    next: str
    side: str
    gap: str
    item: str
    last: str
    mark: str
    other_mark: str
    inside: str


DRAWN = Frame(first="╭─", next="├─", side="│", gap="┆", item="├", last="╰", mark="━", other_mark="─", inside="┃")
ASCII = Frame(first="-->", next="-->", side="|", gap=":", item="=", last="=", mark="^", other_mark="-", inside=">")


class Annotation(NamedTuple):
    """A span to underline, the text at its underline, and its style (a severity or `related`)."""

    path: str
    span: Span
    text: str
    style: str

    @property
    def lines(self) -> range:
        """The lines to show; the first is underlined, the others carry a bar at their side."""
        end = self.span.end_line
        if end - self.span.line >= LONGEST_SPAN:
            end = self.span.line
        return range(self.span.line, end + 1)


class Excerpt:
    """Lays out one diagnostic's source."""

    def __init__(self, diagnostic: Diagnostic, context: RenderContext) -> None:
        self.diagnostic = diagnostic
        self.context = context
        self.frame = DRAWN if context.terminal.drawing else ASCII
        self.annotations = _annotations(diagnostic, steps=context.is_path(diagnostic))
        self.gutter = 1 + len(str(max(item.lines[-1] + CONTEXT for item in self.annotations)))

    def lines(self) -> Iterator[Line]:
        """Give the excerpt: one block for each run of spans in one file."""
        start = self.frame.first
        for path, group in itertools.groupby(self.annotations, key=lambda item: item.path):
            block = list(group)
            span = block[0].span
            place = self.context.terminal.displayable(f"{path}:{span.line}:{span.column}")
            yield ((" " * (self.gutter + 1) + start + " ", "frame"), (place, "path"))
            yield from self._block(path, block)
            start = self.frame.next

    def margin(self, character: str) -> Line:
        """Give the empty gutter with a frame character after it."""
        return ((f"{'':{self.gutter}} {character}", "frame"),)

    def _block(self, path: str, block: Sequence[Annotation]) -> Iterator[Line]:
        previous = None
        for number in self._numbers(block):
            source = self._source(path, number)
            marks = [item for item in block if number == item.span.line]
            if source is None:
                yield from (line for item in marks for line in self._message(item, indent=1))
                continue
            if previous is not None and number > previous + 1:
                yield self.margin(self.frame.gap)
            previous = number
            around = [item for item in block if number in item.lines[1:]]
            yield from self._source_line(number, source, marks, around)

    def _numbers(self, block: Sequence[Annotation]) -> list[int]:
        numbers = {number for item in block for number in item.lines}
        own = block[0]
        if own.style != "related":
            around = range(own.lines[0] - CONTEXT, own.lines[-1] + CONTEXT + 1)
            numbers.update(n for n in around if n > 0 and (self._source(own.path, n) or "").strip())
        # An ellipsis takes as much room as the one line that it would hide.
        numbers.update(n + 1 for n in tuple(numbers) if n + 2 in numbers)
        return sorted(numbers)

    def _source(self, path: str, number: int) -> str | None:
        source = self.context.read_line(path, number)
        if source is None and (path, number) == (self.diagnostic.path, self.diagnostic.span.line):
            source = self.diagnostic.line_text or None
        return None if source is None else source.rstrip("\r\n")

    def _source_line(
        self, number: int, source: str, marks: Sequence[Annotation], around: Sequence[Annotation]
    ) -> Iterator[Line]:
        room = max(self.context.terminal.width - self.gutter - 4, 20)
        shown = show_line(source, [_columns(item, source) for item in marks], room, self.context.terminal)
        side = (self.frame.inside, around[0].style) if around else (self.frame.side, "frame")
        yield ((f"{number:>{self.gutter}} ", "frame"), side, (f" {shown.text.rstrip()}", ""))
        for item, underline in zip(marks, shown.underlines, strict=True):
            yield from self._underline(item, underline)

    def _underline(self, item: Annotation, underline: Underline) -> Iterator[Line]:
        character = self.frame.other_mark if item.style == "related" else self.frame.mark
        drawn = (" " * (1 + underline.offset) + character * underline.width, item.style)
        text = self.context.terminal.displayable(item.text)
        if cell_width(text) + cell_width(drawn[0]) + 1 <= self.context.terminal.width - self.gutter - 2:
            pieces = next(with_code([f" {text}"], item.style)) if text else ()
            yield (*self.margin(self.frame.side), drawn, *pieces)
        else:
            yield (*self.margin(self.frame.side), drawn)
            yield from self._message(item, indent=1 + underline.offset)

    def _message(self, item: Annotation, indent: int) -> Iterator[Line]:
        room = self.context.terminal.width - self.gutter - 2
        indent = max(1, min(indent, room - 30))
        text = self.context.terminal.displayable(item.text)
        for line in with_code(wrap(text, room - indent), item.style):
            yield (*self.margin(self.frame.side), (" " * indent, ""), *line)


def _annotations(diagnostic: Diagnostic, *, steps: bool) -> list[Annotation]:
    own = Annotation(diagnostic.path, diagnostic.span, "", diagnostic.severity)
    others = (
        Annotation(place.path, place.span, f"{number}. {place.message}" if steps else place.message, "related")
        for number, place in enumerate(diagnostic.related, start=1)
    )
    return [own, *others]


def _columns(item: Annotation, source: str) -> Columns:
    span = item.span
    end = span.end_column if span.end_line == span.line else len(source.rstrip()) + 1
    return Columns(span.column, end)
