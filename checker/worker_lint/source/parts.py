"""
What the text of one function tells before it is parsed, by the words that the screen knows for whole files: too much
rather than too little.

Where a function inside has a shape, the one around it has it, too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from worker_lint.source.clause_bodies import IDLE_CLAUSE, has_dropping_clause
from worker_lint.source.marks import SHAPES

LIMIT_ASKED: Final = "limit=None … except … if limit and"
"""Functions with a parameter that is None by default, and a clause that may ask whether it is there."""


def may_ask_for_limit(data: bytes) -> bool:
    """Whether the words stand there that such a clause is made of."""
    return all(word in data for word in (b"None", b"except", b"if", b"and")) and (b"while" in data or b"for" in data)


_OF_PARTS: Final[Mapping[str, Callable[[bytes], bool]]] = {
    IDLE_CLAUSE: has_dropping_clause,
    LIMIT_ASKED: may_ask_for_limit,
}
"""What a function is asked otherwise than its file, in which threads and tasks may stand elsewhere."""


def may_hold(shape: str, lines: str) -> bool:
    """Whether the lines of a function or class may hold what the word stands for."""
    holds = _OF_PARTS.get(shape) or SHAPES[shape.encode()].holds
    return holds(lines.encode("utf-8", "surrogatepass"))
