"""Puts styled lines on a stream; the only user of rich among the formats, and only for colour."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from typing import Final, TextIO

from worker_lint.report.cells import Line
from worker_lint.report.terminal import Terminal

# The sixteen colours of the terminal's own theme: they are readable on dark and on light ground.
STYLES: Final = {
    "error": "bold red",
    "warning": "bold yellow",
    "note": "bold blue",
    "related": "cyan",
    "rule": "bold",
    "name": "dim",
    "headline": "bold",
    "headline code": "bold cyan",
    "frame": "blue",
    "path": "underline",
    "label": "bold",
    "help": "bold green",
    "code": "cyan",
    "quiet": "dim",
}

BLOCK: Final = 500  # lines


def paint(lines: Iterable[Line], terminal: Terminal, out: TextIO) -> None:
    """Write the lines, with colours where the terminal has them."""
    if terminal.colour:
        _paint_in_colour(lines, terminal, out)
        return
    out.writelines("".join(text for text, _ in line).rstrip() + "\n" for line in lines)


def _paint_in_colour(lines: Iterable[Line], terminal: Terminal, out: TextIO) -> None:
    from rich.console import Console
    from rich.segment import Segment, Segments
    from rich.style import Style

    end = Segment.line()
    styles = {name: Style.parse(definition) for name, definition in STYLES.items()}
    console = Console(
        file=out, force_terminal=True, color_system="standard", no_color=False, width=terminal.width, highlight=False
    )
    for block in _blocks(lines):
        segments = [
            segment for line in block for segment in (*(Segment(text, styles.get(name)) for text, name in line), end)
        ]
        console.print(Segments(segments), end="", crop=False)


def _blocks(lines: Iterable[Line]) -> Iterator[list[Line]]:
    # One call of the console costs far more than one line of text.
    rest = iter(lines)
    while block := list(itertools.islice(rest, BLOCK)):
        yield block
