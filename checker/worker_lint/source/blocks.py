"""The blocks that an `ast` statement holds."""

from __future__ import annotations

import ast
from collections.abc import Iterator


def blocks_of(node: ast.stmt) -> Iterator[list[ast.stmt]]:
    """Every block of a statement that is not empty, those of handlers and cases included."""
    for name in ("body", "orelse", "finalbody"):
        block = getattr(node, name, None)
        if block:
            yield block
    for part in (*getattr(node, "handlers", ()), *getattr(node, "cases", ())):
        yield part.body
