"""Words of the screen that stand for more than a text that occurs: by them far fewer files are worth reading."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

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
from worker_lint.source.named import NAMES_CHILD, STARTS_WORK, names_child, starts_work
from worker_lint.source.raised import RAISES_CONSTANT, raises_constant
from worker_lint.source.shared import FILLED_AFTER_WAIT, LOCK_TAKEN, is_filled_after_wait, is_lock_taken

SHAPES: Final[Mapping[bytes, Callable[[bytes], bool]]] = {
    TWO_CLAUSES.encode(): has_two_clauses,
    NAME_AFTER_CLAUSE.encode(): has_name_after_clause,
    JUMP_IN_FINALLY.encode(): has_jump_in_finally,
    CALLS_ITSELF.encode(): may_call_itself,
    CALL_BEFORE_RAISE.encode(): has_call_before_raise,
    RETRIES.encode(): retries,
    FALLS_THROUGH.encode(): falls_through,
    QUIET_CLAUSE.encode(): has_quiet_clause,
    IDLE_CLAUSE.encode(): has_idle_clause,
    FILLED_AFTER_WAIT.encode(): is_filled_after_wait,
    LOCK_TAKEN.encode(): is_lock_taken,
    GOES_ON.encode(): goes_on,
    HANDS_OVER.encode(): hands_over,
    WAITS_IN_WHILE.encode(): waits_in_while,
    NAMES_CHILD.encode(): names_child,
    STARTS_WORK.encode(): starts_work,
    RAISES_CONSTANT.encode(): raises_constant,
}
"""What to ask of a file for each of these words."""
