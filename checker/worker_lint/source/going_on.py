"""
What the bytes of a file tell of loops that go on, before it is parsed: too much rather than too little.

A compound statement begins a line, and one in a function is indented. A head that is not plain to read counts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

GOES_ON: Final = "while … or for … in forever"
"""A word of the screen: files in which a function may have a loop that goes on until it is told to end."""
HANDS_OVER: Final = "consume() or def __next__"
"""A word of the screen: files that register functions for messages, or hand messages over by iteration."""
WAITS_IN_WHILE: Final = "while … sleep()"
"""A word of the screen: files with an indented `while` and a call that may wait behind it."""

_CALLED: Final = rb"[\w.]+(?:\([\w.]*\))?"
_COMPARES: Final = re.compile(rb"[ \t]+" + _CALLED + rb"[ \t]*(?:[<>]=?|[!=]=)[ \t]*" + _CALLED + rb"[ \t]*:")
_WHILE: Final = re.compile(rb"\n[ \t\f]+while\b")
_ASYNC: Final = re.compile(rb"\n[ \t\f]+async[\s\\]+for\b")
_FOR: Final = re.compile(rb"\n[ \t\f]+for\b")
_CONTINUED: Final = re.compile(rb"\n[ \t\f]+\\\n[ \t\f\\\n]*(?:while|for|async)\b")
"""A loop behind a line with nothing but the sign of continuation."""
_WAITS: Final = (b"sleep(", b"get(", b"wait(")
_MEANT: Final = re.compile(rb"(?i:consum|sub|listen)|iterator|notifies|count|cycle|repeat|iter|[][{'\"#]|lambda")
"""What the plain head of a `for` that has an end does not hold; a colon at its end is its own."""
_LINE: Final = re.compile(rb"[^\n]*\n?")
_QUOTED: Final = re.compile(rb"'(?:[^'\\\n]|\\.)*'|\"(?:[^\"\\\n]|\\.)*\"|#[^\n]*")
_UNCLEAR: Final = re.compile(rb"'''|\"\"\"|(?<!\w)(?:[fFtT][rR]?|[rR][fFtT])['\"]")
"""Texts that may go over several lines, and those that hold code."""
_TO_BRACKET: Final = rb"(?:[\s\\]|#[^\n]*\n)*\("
"""What may stand between the name of a function and the arguments of its call."""
_ITERATED: Final = re.compile(
    rb"(?:consume|listen|iterator|notifies|count|cycle|repeat|iter)"
    + _TO_BRACKET
    + rb"|\bin\b[\s\\(]*[\w.\s\\\x80-\xff]*?(?i:consum|sub|listen)[\w.\s\\)\x80-\xff]*(?:[:,]|#)"
)
"""What stands in the head of a `for` that may go on for ever: a call of a known name, or one that means a consumer."""
_CALL: Final = re.compile(rb"(?:consume|on_recv|Consumer)" + _TO_BRACKET)
_DEFINED: Final = re.compile(rb"\bdef[\s\\]+__a?next__")
_HANDING: Final = (b"consume", b"Consumer", b"on_recv")


def goes_on(data: bytes) -> bool:
    """
    Whether an indented loop may go on for ever: a `while` but for one that compares two plain things, an `async for`,
    a `for` over what may have no end.
    """
    data = _unified(data)
    if b"while" in data and any(_COMPARES.match(data, loop.end()) is None for loop in _WHILE.finditer(data)):
        return True
    if (b"async" in data and _ASYNC.search(data)) or _begins_oddly(data):
        return True
    return any(_may_be_endless(data, loop.end()) for loop in _FOR.finditer(data))


def waits_in_while(data: bytes) -> bool:
    """Whether one of the calls stands somewhere behind the first indented `while`."""
    if b"while" not in data or not any(word in data for word in _WAITS):
        return False
    data = _unified(data)
    loop = _WHILE.search(data)
    start = loop.end() if loop is not None else len(data)
    return _begins_oddly(data) or any(data.find(word, start) >= 0 for word in _WAITS)


def _begins_oddly(data: bytes) -> bool:
    return b"\\\n" in data and _CONTINUED.search(data) is not None


def _unified(data: bytes) -> bytes:
    """The same with one kind of line ends."""
    return data.replace(b"\r\n", b"\n").replace(b"\r", b"\n") if b"\r" in data else data


def _may_be_endless(data: bytes, start: int) -> bool:
    """Whether the `for` that ends at a place may go over something without an end."""
    line = data[start : data.find(b"\n", start)]  # at the end of a file no head ends with a colon
    if line.endswith(b":") and _MEANT.search(line) is None:
        return False
    head = _head(data, start)
    return head is None or (b":" in head and _ITERATED.search(head) is not None)


def _head(data: bytes, start: int) -> bytes | None:
    """The code up to where no bracket is open at the end of a line; None where that cannot be told."""
    end, code = start, b""
    while end < len(data):
        line = _LINE.match(data, end)
        end = line.end() if line is not None else len(data)
        head = data[start:end]
        code = _QUOTED.sub(b"", head)
        if _UNCLEAR.search(head):
            return None
        if b"'" in code or b'"' in code:  # a text that ends nowhere on its line: no code, but words of a longer text
            return None if b"\\\n" in head else b""
        opened = sum(map(code.count, (b"(", b"[", b"{"))) - sum(map(code.count, (b")", b"]", b"}")))
        if opened <= 0 and not code.endswith(b"\\\n"):
            break
    return code


def hands_over(data: bytes) -> bool:
    """Whether a call of a known name may register a function for messages, or a method gives the next item."""
    if b"next__" in data and _DEFINED.search(data):
        return True
    return any(_CALL.match(data, place) for word in _HANDING for place in _places(data, word))


def _places(data: bytes, word: bytes) -> Iterator[int]:
    place = data.find(word)
    while place >= 0:
        yield place
        place = data.find(word, place + 1)
