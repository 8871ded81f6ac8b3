"""Text measured and cut in terminal cells; lines as pieces with a style each."""

from __future__ import annotations

import itertools
import unicodedata
from collections.abc import Iterable, Iterator

from worker_lint.source.pattern import pattern

Piece = tuple[str, str]
"""A text and the name of its style, empty for none (the names are in painting.py)."""

Line = tuple[Piece, ...]

BACKTICK = pattern("(`)")
WIDE = frozenset("WF")
UNPRINTED = frozenset(("Mn", "Me", "Cf"))


def cell_width(text: str) -> int:
    """Count the terminal cells that a text takes: two for East Asian wide characters, none for combining ones."""
    if text.isascii():
        return len(text)
    return sum(map(_character_width, text))


def wrap(text: str, width: int) -> Iterator[str]:
    """
    Break a text at its spaces and line ends into lines of at most `width` cells.

    A word that is longer than a line stays whole: a path or a name must survive copying.
    """
    for paragraph in text.splitlines():
        line = ""
        for word in paragraph.split():
            longer = f"{line} {word}" if line else word
            if line and cell_width(longer) > width:
                yield line
                line = word
            else:
                line = longer
        if line:
            yield line


def with_code(lines: Iterable[str], style: str = "", code: str = "code") -> Iterator[Line]:
    """Give text between backticks another style, also where it goes on in the next line."""
    inside = False
    for text in lines:
        pieces: list[Piece] = []
        for part in BACKTICK.split(text):
            inside = inside != (part == "`")
            pieces.append((part, code if inside or part == "`" else style))
        yield tuple(_joined(pieces))


def _joined(pieces: Iterable[Piece]) -> Iterator[Piece]:
    for style, group in itertools.groupby(pieces, key=lambda piece: piece[1]):
        text = "".join(text for text, _ in group)
        if text:
            yield text, style


def _character_width(character: str) -> int:
    if unicodedata.category(character) in UNPRINTED:
        return 0
    return 2 if unicodedata.east_asian_width(character) in WIDE else 1
