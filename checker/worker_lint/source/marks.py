"""Words of the screen that stand for more than a text that occurs: by them far fewer files are worth reading."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

from worker_lint.source.clause_bodies import IDLE_CLAUSE, QUIET_CLAUSE, has_idle_clause, has_quiet_clause
from worker_lint.source.clauses import NAME_AFTER_CLAUSE, TWO_CLAUSES, has_name_after_clause, has_two_clauses
from worker_lint.source.going_on import GOES_ON, HANDS_OVER, WAITS_IN_WHILE, goes_on, hands_over, waits_in_while
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
from worker_lint.source.named import NAMES_CHILD, STARTERS_NAMED, STARTS_WORK, names_child, starts_work
from worker_lint.source.raised import RAISES_CONSTANT, raises_constant
from worker_lint.source.shared import FILLED_AFTER_WAIT, LOCK_TAKEN, LOCKS, is_filled_after_wait, is_lock_taken


class Shape(NamedTuple):
    """What to ask of a file, and what it is not asked without: a text of `needs`, each a piece of an identifier."""

    needs: tuple[bytes, ...]
    holds: Callable[[bytes], bool]


_EXCEPT: Final = (b"except",)

SHAPES: Final[Mapping[bytes, Shape]] = {
    TWO_CLAUSES.encode(): Shape(_EXCEPT, has_two_clauses),
    NAME_AFTER_CLAUSE.encode(): Shape(_EXCEPT, has_name_after_clause),
    JUMP_IN_FINALLY.encode(): Shape((b"finally",), has_jump_in_finally),
    CALLS_ITSELF.encode(): Shape(_EXCEPT, may_call_itself),
    CALL_BEFORE_RAISE.encode(): Shape(_EXCEPT, has_call_before_raise),
    RETRIES.encode(): Shape((b"while",), retries),
    FALLS_THROUGH.encode(): Shape(_EXCEPT, falls_through),
    QUIET_CLAUSE.encode(): Shape(_EXCEPT, has_quiet_clause),
    IDLE_CLAUSE.encode(): Shape(_EXCEPT, has_idle_clause),
    FILLED_AFTER_WAIT.encode(): Shape((b"await",), is_filled_after_wait),
    LOCK_TAKEN.encode(): Shape(LOCKS, is_lock_taken),
    GOES_ON.encode(): Shape((b"while", b"for"), goes_on),
    HANDS_OVER.encode(): Shape((b"next__", b"consume", b"Consumer", b"on_recv"), hands_over),
    WAITS_IN_WHILE.encode(): Shape((b"while",), waits_in_while),
    NAMES_CHILD.encode(): Shape((b"Thread", b"Process"), names_child),
    STARTS_WORK.encode(): Shape(STARTERS_NAMED, starts_work),
    RAISES_CONSTANT.encode(): Shape((b"NotImplemented",), raises_constant),
}
"""The shapes by these words."""
