"""Values of literals and names, as `ast` gives them, from their source text."""

from __future__ import annotations

import ast
import re
import unicodedata
import warnings
from typing import Any, Final

import libcst as cst

HUGE: Final = 2**64
"""Stands for an integer with more digits than Python converts; the IR keeps such a number as text."""

_ESCAPE_OR_QUOTE: Final = re.compile(r'\\.|"', re.DOTALL)
_QUOTES: Final = ('"', '\\"')

DIGIT_LIMIT: Final = 4_300
"""Python's own default limit (`sys.set_int_max_str_digits`)."""


def identifier(node: cst.Name) -> str:
    """The name as Python's parser normalises it (PEP 3131)."""
    return node.value if node.value.isascii() else unicodedata.normalize("NFKC", node.value)


def number(text: str) -> int:
    """
    The value of an integer literal.

    Raises:
        ValueError: Python 3 has no such literal (`0777`).
    """
    if len(text) > DIGIT_LIMIT and not text[:2].lower().startswith(("0x", "0o", "0b")):
        return HUGE
    return int(text, 0)


def string(text: str) -> Any:
    """
    The value of a string or bytes literal.

    Raises:
        ValueError: an escape sequence in it is broken.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # unknown escapes in the analysed code
            return ast.literal_eval(text)
    except SyntaxError as error:
        raise ValueError(error.msg) from None


def formatted_text(text: str, start: str, end: str) -> str:
    """The value of literal text between the braces of an f-string that opens with `start`."""
    prefix = start[: -len(end)].lower().replace("f", "").replace("t", "")
    text = text.replace("{{", "{").replace("}}", "}")
    if "r" in prefix:
        return text
    if "\\" not in text:
        return text
    trailing = len(text) - len(text.rstrip("\\"))
    if trailing % 2:  # `\{x}`: the backslash stands for itself
        text += "\\"
    quoted = _ESCAPE_OR_QUOTE.sub(lambda found: "\\x22" if found[0] in _QUOTES else found[0], text)
    return str(string(f'"""{quoted}"""'))
