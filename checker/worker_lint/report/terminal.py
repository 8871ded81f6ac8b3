"""What the receiving end of a stream can show: colours, width, characters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TextIO

from worker_lint.diagnostic import clean_text

ColourChoice = Literal["auto", "always", "never"]

NARROWEST = 40
WIDEST = 120
FILE_WIDTH = 100  # files and pipes: the same text wherever and whenever it is written
DRAWING = "╭╰│├─━┆…•"
LOCALE_VARIABLES = ("LC_ALL", "LC_CTYPE", "LANG")
LINE_SEPARATORS = {0x2028: "\N{REPLACEMENT CHARACTER}", 0x2029: "\N{REPLACEMENT CHARACTER}"}
PLAIN_LOCALES = frozenset({"C", "POSIX"})


@dataclass(frozen=True, slots=True)
class Terminal:
    """
    The abilities of one output.

    `width` counts terminal cells. `drawing` allows characters beyond ASCII for frames and
    underlines; source text is limited by `encoding` only.
    """

    colour: bool = False
    width: int = FILE_WIDTH
    encoding: str = "utf-8"
    drawing: bool = True

    def displayable(self, text: str) -> str:
        """Give the text on one line, without control characters or anything the output cannot encode."""
        text = clean_text(text).replace("\t", " ")
        if text.isascii():
            return text
        text = text.translate(LINE_SEPARATORS)
        return text.encode(self.encoding, "replace").decode(self.encoding, "replace")


def terminal_of(stream: TextIO, environment: Mapping[str, str], colour: ColourChoice = "auto") -> Terminal:
    """
    Find out what a stream can show.

    Colour follows the choice, then `NO_COLOR`, `FORCE_COLOR` and `TERM=dumb`, then whether the
    stream is a terminal. The width is the terminal's within 40 to 120 cells; `COLUMNS` wins over it.
    """
    encoding = _known_encoding(getattr(stream, "encoding", None))
    interactive = _is_terminal(stream)
    return Terminal(
        colour=_wants_colour(colour, environment, interactive=interactive),
        width=_width(stream, environment) if interactive else FILE_WIDTH,
        encoding=encoding,
        drawing=_can_encode(DRAWING, encoding) and not _has_plain_locale(environment),
    )


def _is_terminal(stream: TextIO) -> bool:
    try:
        return stream.isatty()
    except (AttributeError, ValueError):  # a closed or hand-made stream
        return False


def _wants_colour(choice: ColourChoice, environment: Mapping[str, str], *, interactive: bool) -> bool:
    if choice != "auto":
        return choice == "always"
    if environment.get("NO_COLOR"):
        return False
    if environment.get("FORCE_COLOR"):
        return True
    return interactive and environment.get("TERM") != "dumb"


def _width(stream: TextIO, environment: Mapping[str, str]) -> int:
    import os

    columns = environment.get("COLUMNS", "")
    try:
        width = int(columns) if columns.isdecimal() else os.get_terminal_size(stream.fileno()).columns
    except (OSError, ValueError):
        return FILE_WIDTH
    return max(NARROWEST, min(width or FILE_WIDTH, WIDEST))


def _known_encoding(name: str | None) -> str:
    import codecs

    try:
        return codecs.lookup(name or "utf-8").name
    except LookupError:
        return "ascii"


def _can_encode(text: str, encoding: str) -> bool:
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True


def _has_plain_locale(environment: Mapping[str, str]) -> bool:
    # Python writes UTF-8 in the C locale (PEP 540), but a terminal set to C shows it as rubble.
    # No variable at all is a container or a service: their logs are UTF-8.
    if environment.get("PYTHONIOENCODING") or environment.get("PYTHONUTF8") == "1":
        return False
    named = next((environment[name] for name in LOCALE_VARIABLES if environment.get(name)), "")
    return named in PLAIN_LOCALES
