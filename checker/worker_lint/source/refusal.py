"""What to say about a file that no parser reads: where it stops being Python, and what it is instead."""

from __future__ import annotations

import re
from typing import Final, NamedTuple


class Refusal(NamedTuple):
    """Message and place; line and column from 1."""

    message: str
    line: int
    column: int


_BY_MESSAGE: Final = (
    ("Missing parentheses in call to 'print'", "print statement"),
    ("Missing parentheses in call to 'exec'", "exec statement"),
    ("leading zeros in decimal integer", "octal number without 0o"),
    ("parameters cannot be parenthesized", "tuple as a parameter"),
    ("inconsistent use of tabs", "tabs mixed with spaces"),
)
"""Words of the parser's complaint, and the Python 2 syntax that they mean."""

_BY_LINE: Final = (
    (re.compile(r"^\s*raise\s+[\w.]+\s*,"), "raise with a comma"),
    (re.compile(r"^\s*except\b.*,\s*\w+\s*:"), "except with a comma"),
    (re.compile(r"^\s*print\s+[\"'\w]"), "print statement"),
    (re.compile(r"(?<!\w)(?:0[xX][\da-fA-F]+|\d+)[lL]\b"), "long integer"),
    (re.compile(r"(?<!\w)[uU][rR][\"']"), "ur string"),
    (re.compile(r"<>"), "<> operator"),
    (re.compile(r"`"), "backquotes"),
    (re.compile(r"\b(?:def\s+\w+|lambda)\s*\(.*\("), "tuple as a parameter"),
)
"""The same by what stands on the line; asked only about a line that a parser refused."""


def refusal_of(error: SyntaxError, source: str) -> Refusal:
    """The parser's complaint in our words; the same on every version of Python as far as it can be."""
    lines = re.split(r"\r\n|\r|\n", source)
    line = min(max(error.lineno or 1, 1), len(lines))
    column = min(max(error.offset or 1, 1), len(lines[line - 1]) + 1)
    syntax = _python_2_syntax(error.msg, lines[line - 1])
    return Refusal(f"Python 2 syntax: {syntax}" if syntax else error.msg, line, column)


def refusal_of_text(source: str) -> Refusal | None:
    """What no parser takes in any place: a NUL byte, or half of a surrogate pair; None if there is neither."""
    found = re.search("[\0\ud800-\udfff]", source)
    if found is None:
        return None
    before = re.split(r"\r\n|\r|\n", source[: found.start()])
    message = "a NUL byte in the text" if found[0] == "\0" else "a character that is no Unicode text"
    return Refusal(message, len(before), len(before[-1]) + 1)


def _python_2_syntax(message: str, line: str) -> str | None:
    for words, syntax in _BY_MESSAGE:
        if words in message:
            return syntax
    for pattern, syntax in _BY_LINE:
        if pattern.search(line):
            return syntax
    return None
