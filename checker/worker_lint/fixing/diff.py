"""The difference between two versions of a file, as `patch` and `git apply` read it."""

from __future__ import annotations

import difflib
from collections.abc import Iterator

from worker_lint.source.decode import DecodeProblem, decode


def unified_diff(path: str, old: bytes, new: bytes) -> str:
    """
    A unified diff with three lines of context; empty if nothing changed.

    Lines are split at line feeds only, so that carriage returns stay where they are. Bytes that
    do not decode are shown as replacement characters.
    """
    if old == new:
        return ""
    before, after = _lines(old), _lines(new)
    changes = difflib.unified_diff(before, after, f"a/{path}", f"b/{path}")
    return "".join(_complete(changes))


def _lines(data: bytes) -> list[str]:
    decoded = decode(data, limit=len(data))
    if isinstance(decoded, DecodeProblem):
        text = data.decode("utf-8", "replace")
    else:
        text = "\ufeff" * decoded.bom + decoded.text
    pieces = text.split("\n")
    lines = [f"{piece}\n" for piece in pieces[:-1]]
    return [*lines, pieces[-1]] if pieces[-1] else lines


def _complete(lines: Iterator[str]) -> Iterator[str]:
    for line in lines:
        yield line
        if not line.endswith("\n"):
            yield "\n\\ No newline at end of file\n"
