"""Adds items to a list that is written with commas: bases of a class, names of an import."""

from __future__ import annotations

import re
from collections.abc import Sequence

from worker_lint.fixing.lines import Lines
from worker_lint.fixing.splice import Splice

_REST_OF_LINE = re.compile(r"(?P<comma>[ \t]*,)?[ \t]*(?:#.*)?$")


def insert_items(
    lines: Lines, items: Sequence[tuple[int, int]], index: int, texts: Sequence[str], *, bracketed: bool
) -> list[Splice]:
    """
    The changes that put texts before the item with this index, or behind the last one.

    `items` are the offsets of the present items' first and behind their last characters. Where
    items stand on lines of their own inside brackets, each new one gets a line of its own too.
    """
    if index < len(items):
        start = items[index][0]
        if bracketed and _starts_line(lines, start):
            number = lines.line_at(start)
            after = f",{lines.eol(number)}{lines.indent(number)}"
            return [Splice(start, start, "".join(f"{text}{after}" for text in texts))]
        return [Splice(start, start, "".join(f"{text}, " for text in texts))]
    start, end = items[-1]
    number = lines.line_at(end)
    rest = _REST_OF_LINE.match(lines.text[end : lines.stop(number)])
    if not (bracketed and rest and _starts_line(lines, start) and number < lines.count):
        return [Splice(end, end, "".join(f", {text}" for text in texts))]
    stop, new_line = lines.stop(number), f"{lines.eol(number)}{lines.indent(lines.line_at(start))}"
    rows = ",".join(f"{new_line}{text}" for text in texts)
    if rest["comma"]:
        return [Splice(stop, stop, f"{rows},")]
    if stop == end:
        return [Splice(end, end, f",{rows}")]
    return [Splice(end, end, ","), Splice(stop, stop, rows)]


def _starts_line(lines: Lines, offset: int) -> bool:
    return not lines.text[lines.start(lines.line_at(offset)) : offset].strip(" \t\f")
