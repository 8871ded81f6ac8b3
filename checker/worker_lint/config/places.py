"""
Finds the line of a key or a value in TOML text, for messages.

The parser of the standard library keeps no places. A scan of the lines is enough: at worst a
message names the line of the table around.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import takewhile

KEY = r"""(?:[A-Za-z0-9_-]+|"(?:[^"\\]|\\.)*"|'[^']*')"""
KEY_PATH = rf"{KEY}(?:\s*\.\s*{KEY})*"
HEADER = re.compile(rf"\s*\[\[?\s*({KEY_PATH})\s*\]\]?\s*(?:#.*)?$")
ASSIGNMENT = re.compile(rf"\s*({KEY_PATH})\s*=")

Keys = tuple[str, ...]


def find_line(text: str, keys: Keys, value: str | None = None) -> int:
    """
    Give the line (from 1) of a key, or of a text in its value; 0 when nothing of it is found.

    For a key inside an inline table, and for a text in a list over several lines, the lines
    after the nearest key found are searched.
    """
    lines = text.splitlines()
    depth, start = max(_matches(lines, keys), default=(0, 0), key=lambda match: match[0])
    if not start:
        return 0
    needles = [*keys[depth:], *([value] if value is not None else [])]
    for needle in needles:
        start = _line_with(needle, lines, start)
    return start


def _matches(lines: list[str], keys: Keys) -> Iterator[tuple[int, int]]:
    """Give each line that stands for a beginning of the keys, with the length of that beginning."""
    table: Keys = ()
    for number, line in enumerate(lines, start=1):
        header, assignment = HEADER.match(line), ASSIGNMENT.match(line)
        if header:
            path = table = _split(header[1])
        elif assignment:
            path = (*table, *_split(assignment[1]))
        else:
            continue
        if path == keys[: len(path)]:
            yield len(path), number


def _split(path: str) -> Keys:
    return tuple(part.strip("\"'") for part in re.findall(KEY, path))


def _line_with(needle: str, lines: list[str], start: int) -> int:
    pattern = re.compile(rf"(?<![\w-]){re.escape(needle)}(?![\w-])")
    value = takewhile(lambda item: item[0] == start or not HEADER.match(item[1]), enumerate(lines[start - 1 :], start))
    return next((number for number, line in value if pattern.search(line)), start)
