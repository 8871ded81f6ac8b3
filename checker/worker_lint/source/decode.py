"""
Bytes to text as Python itself reads source: byte order mark, PEP 263 declaration, else UTF-8.

Whatever Python would refuse before its parser starts (wrong bytes, an unknown or contradicted
encoding, NUL characters, UTF-16) is refused here too, with the place and a remedy. Text that
only a parser can refuse, such as Python 2, passes.
"""

from __future__ import annotations

import codecs
import re
from typing import Final, Literal

import msgspec

from worker_lint.source.content import SIZE_LIMIT
from worker_lint.source.pattern import pattern

Newlines = Literal["none", "lf", "crlf", "cr", "mixed"]

_DECLARATION = pattern(rb"[ \t\f]*#.*?coding[:=][ \t]*([-_.a-zA-Z0-9]+)")
_BLANK_OR_COMMENT = pattern(rb"[ \t\f]*(?:#.*)?\Z", re.DOTALL)
_LINE_END = pattern(rb"\r\n|\r|\n")
_OTHER_MARKS: Final = (
    (codecs.BOM_UTF32_LE, "UTF-32"),
    (codecs.BOM_UTF32_BE, "UTF-32"),
    (codecs.BOM_UTF16_LE, "UTF-16"),
    (codecs.BOM_UTF16_BE, "UTF-16"),
)
_RESAVE: Final = "save the file as UTF-8"


class Decoded(msgspec.Struct, frozen=True):
    """
    The text of a file, line ends as they stand and without the byte order mark.

    `encoding` is Python's own name of it; `bom` tells of a UTF-8 mark; `newlines` which line
    ends occur. `encode(text)` gives the bytes back, except in the few encodings (UTF-7, ISO 2022)
    that can write one text in several ways.
    """

    text: str
    encoding: str = "utf-8"
    bom: bool = False
    newlines: Newlines = "lf"

    def encode(self, text: str) -> bytes:
        """
        Another text in the same encoding, with the same mark.

        Raises:
            UnicodeEncodeError: the encoding lacks a character.
        """
        return (codecs.BOM_UTF8 if self.bom else b"") + text.encode(self.encoding)


class DecodeProblem(msgspec.Struct, frozen=True):
    """Why bytes are no Python source; line and column count from 1, the column in code points."""

    message: str
    line: int
    column: int
    help: str


def decode(data: bytes, limit: int = SIZE_LIMIT) -> Decoded | DecodeProblem:
    """The text of a source file of at most `limit` bytes, or why it has none."""
    if len(data) > limit:
        remedy = "exclude the file, or raise the limit in the configuration"
        return DecodeProblem(f"{len(data):,} bytes are over the limit of {limit:,}", 1, 1, remedy)
    for mark, name in _OTHER_MARKS:
        if data.startswith(mark):
            return DecodeProblem(f"the file is {name}, which Python does not read as source", 1, 1, _RESAVE)
    bom = data.startswith(codecs.BOM_UTF8)
    if bom:
        data = data[len(codecs.BOM_UTF8) :]
    nul = data.find(b"\0")
    if nul >= 0:
        line, column = _place(data, nul, "latin-1")
        message = "the file holds a NUL byte, which Python refuses"
        return DecodeProblem(message, line, column, "remove it, or exclude the file")
    encoding = _encoding(data, bom=bom)
    if isinstance(encoding, DecodeProblem):
        return encoding
    text = _text(data, encoding)
    return text if isinstance(text, DecodeProblem) else Decoded(text, encoding, bom, _newlines(text))


def _encoding(data: bytes, *, bom: bool) -> str | DecodeProblem:
    """The declared encoding or UTF-8, by the name that the codec registry gives."""
    for number, line in enumerate(_LINE_END.split(data[:2048], 2)[:2], 1):
        match = _DECLARATION.match(line)
        if match:
            name, column = match[1].decode("ascii"), match.start(1) + 1
            try:
                codec = codecs.lookup(name)
            except (LookupError, ValueError):
                codec = None
            # The marker is private, but nothing public tells a text encoding from a transform.
            if codec is None or not getattr(codec, "_is_text_encoding", True):
                remedy = f"{_RESAVE} and drop the declaration"
                return DecodeProblem(f"no encoding is called {name!r}", number, column, remedy)
            if bom and codec.name != "utf-8":
                message = f"the file begins with a UTF-8 mark but declares {name}"
                return DecodeProblem(message, number, column, "drop the declaration, or save without the mark")
            return codec.name
        if not _BLANK_OR_COMMENT.match(line):
            break
    return "utf-8"


def _text(data: bytes, encoding: str) -> str | DecodeProblem:
    try:
        text = data.decode(encoding)
        if encoding != "utf-8" and not text.isascii():
            text.encode("utf-8")  # some codecs let half a surrogate pair through; the parser does not
    except UnicodeDecodeError as error:
        line, column = _place(data, error.start, encoding)
        message = f"byte 0x{data[error.start]:02x} is not valid {encoding}"
        return DecodeProblem(message, line, column, f"{_RESAVE}, or declare the encoding it really has (PEP 263)")
    except UnicodeError as error:
        reason = getattr(error, "reason", str(error))
        return DecodeProblem(f"the text cannot be read as {encoding}: {reason}", 1, 1, _RESAVE)
    return text


def _place(data: bytes, offset: int, encoding: str) -> tuple[int, int]:
    """Line and column of a byte, the bytes before it in the line being readable."""
    lines = _LINE_END.split(data[:offset])
    return len(lines), len(lines[-1].decode(encoding, "replace")) + 1


def _newlines(text: str) -> Newlines:
    feeds, returns = text.count("\n"), text.count("\r")
    if not returns:
        return "lf" if feeds else "none"
    pairs = text.count("\r\n")
    if feeds == returns == pairs:
        return "crlf"
    return "mixed" if feeds else "cr"
