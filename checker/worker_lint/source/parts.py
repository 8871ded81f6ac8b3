"""
What the text of one function tells before it is parsed, by the words that the screen knows for whole files: too much
rather than too little.

Where a function inside has a shape, the one around it has it, too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from worker_lint.source.clause_bodies import IDLE_CLAUSE, QUIET_CLAUSE, has_dropping_clause, has_quiet_clause
from worker_lint.source.clauses import NAME_AFTER_CLAUSE, TWO_CLAUSES, has_name_after_clause, has_two_clauses
from worker_lint.source.handling import (
    CALL_BEFORE_RAISE,
    CALLS_ITSELF,
    FALLS_THROUGH,
    JUMP_IN_FINALLY,
    RETRIES,
    falls_through,
    has_call_before_raise,
    has_jump_in_finally,
    may_call_itself,
    retries,
)

LIMIT_ASKED: Final = "limit=None … except … if limit and"
"""Functions with a parameter that is None by default, and a clause that may ask whether it is there."""


def may_ask_for_limit(data: bytes) -> bool:
    """Whether the words stand there that such a clause is made of."""
    return all(word in data for word in (b"None", b"except", b"if", b"and")) and (b"while" in data or b"for" in data)


_SHAPES: Final[Mapping[str, Callable[[bytes], bool]]] = {
    TWO_CLAUSES: has_two_clauses,
    NAME_AFTER_CLAUSE: has_name_after_clause,
    JUMP_IN_FINALLY: has_jump_in_finally,
    CALLS_ITSELF: may_call_itself,
    CALL_BEFORE_RAISE: has_call_before_raise,
    RETRIES: retries,
    FALLS_THROUGH: falls_through,
    QUIET_CLAUSE: has_quiet_clause,
    IDLE_CLAUSE: has_dropping_clause,
    LIMIT_ASKED: may_ask_for_limit,
}
"""What to ask of a function for each of these words; threads and tasks may stand elsewhere in its file."""


def may_hold(shape: str, lines: str) -> bool:
    """Whether the lines of a function or class may hold what the word stands for."""
    return _SHAPES[shape](lines.encode("utf-8", "surrogatepass"))
