"""One line of source code made fit for a terminal, with its underlines kept under the right characters."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from worker_lint.report.cells import cell_width
from worker_lint.report.terminal import Terminal

TAB = 4


class Columns(NamedTuple):
    """A part of a line: columns in code points from 1, the end exclusive."""

    start: int
    end: int


class Underline(NamedTuple):
    """Where an underline goes, in cells from the start of the shown text; at least one cell wide."""

    offset: int
    width: int


class ShownLine(NamedTuple):
    """A line as it is shown, and one underline for each part asked for."""

    text: str
    underlines: tuple[Underline, ...]


def show_line(source: str, parts: Sequence[Columns], room: int, terminal: Terminal) -> ShownLine:
    """
    Lay out a line in at most `room` cells.

    Tabs become spaces, hostile or unencodable characters are replaced one for one. A line that is
    too long is cut around the first part, with an ellipsis at each cut: minified files have lines
    of megabytes, so nothing outside the cut is looked at.
    """
    ellipsis = "…" if terminal.drawing else "..."
    first, last = 0, len(source)
    if len(source) > room or cell_width(source.expandtabs(TAB)) > room:
        first, last = _window(len(source), parts, room - 2 * len(ellipsis))
    lead = ellipsis if first else ""
    shown: list[str] = [lead]
    offsets: list[int] = []  # of each character of the window, and one more for the end
    at = cell_width(lead)
    limit = room - (len(ellipsis) if last < len(source) else 0)
    for character in source[first:last]:
        drawn = " " * (TAB - at % TAB) if character == "\t" else terminal.displayable(character)
        width = cell_width(drawn)
        if at + width > limit:
            last = first + len(offsets)
            break
        offsets.append(at)
        shown.append(drawn)
        at += width
    offsets.append(at)
    if last < len(source):
        shown.append(ellipsis)
    return ShownLine("".join(shown), tuple(_underline(part, first, offsets) for part in parts))


def _window(length: int, parts: Sequence[Columns], room: int) -> tuple[int, int]:
    start = min((part.start - 1 for part in parts), default=0)
    first = max(0, min(start - room // 3, length - room))
    return first, min(length, first + room)


def _underline(part: Columns, first: int, offsets: Sequence[int]) -> Underline:
    last = len(offsets) - 1
    start = offsets[min(max(part.start - 1 - first, 0), last)]
    end = offsets[min(max(part.end - 1 - first, 0), last)]
    return Underline(start, max(end - start, 1))
