"""Clauses that log a line and do not look at what they have caught."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from worker_lint.analysis.flow.visit import find
from worker_lint.analysis.tiers.handling import (
    ends_process,
    hands_on,
    log_calls,
    log_level,
    may_look_at_it,
    raises_anything,
    tells_exception,
)
from worker_lint.analysis.tiers.loops import is_endless
from worker_lint.analysis.tiers.reasons import states_reason
from worker_lint.analysis.tiers.sites import TrySite
from worker_lint.source import ir

_WARNING: Final = 30
_BARE: Final = ("warn", "warning", "error", "critical")
_GIVING_UP: Final = frozenset({"exit", "abort", "fail", "error_exit", "die"})


def quiet_clauses(site: TrySite) -> Iterator[tuple[ir.Handler, list[ir.Call]]]:
    """
    The clauses for more than one can tell from their text that log at least a warning, and neither tell, raise nor
    hand on what it was, nor state a reason; each with its log lines. `source.clause_bodies` screens files for them.
    """
    for handler in site.node.handlers:
        lines = [*log_calls(handler.body), *_warnings(handler)]
        if _is_loud(lines) and _looks_away(handler) and _is_wide(site, handler) and not _is_answered(site, handler):
            yield handler, lines


def _is_loud(lines: list[ir.Call]) -> bool:
    """Whether a line is at least a warning: what is only traced does not count as reported."""
    return any(log_level(line) >= _WARNING or isinstance(line.func, ir.Name) for line in lines)


def _warnings(handler: ir.Handler) -> Iterator[ir.Call]:
    """Calls of functions that stand for a log line: `warn("…")` and its kin, by bare names."""
    for call in find(ir.Call, handler.body):
        if isinstance(call.func, ir.Name) and call.func.id in _BARE:
            yield call


def _looks_away(handler: ir.Handler) -> bool:
    """Whether nothing in the clause looks at what it caught, as its own text tells."""
    body = handler.body
    if raises_anything(body) or tells_exception(handler, body) or hands_on(handler) or may_look_at_it(body):
        return False
    return not any(isinstance(call.func, ir.Attribute) and call.func.name in _GIVING_UP for call in find(ir.Call, body))


def _is_answered(site: TrySite, handler: ir.Handler) -> bool:
    """Whether the process ends there, or a comment says why nothing is told."""
    return states_reason(site.scope, handler) or ends_process(site.scope, handler.body)


def _is_wide(site: TrySite, handler: ir.Handler) -> bool:
    """Whether the clause takes more than one can tell from its text."""
    if site.scope.project.tiers.is_broad(site.scope, handler):
        return True
    is_variable = isinstance(handler.exception, (ir.Name, ir.Attribute)) and _is_lower(handler.exception)
    in_loop = any(is_endless(site.scope, loop) for loop in site.loops)
    unknown = site.scope.project.tiers.caught(site.scope, handler) == (None,)
    return is_variable and in_loop and unknown


def _is_lower(expression: ir.Name | ir.Attribute) -> bool:
    """Whether the name is that of a variable, not of a class or constant (`errors`, `self.recoverable`)."""
    name = expression.id if isinstance(expression, ir.Name) else expression.name
    return name.islower() and name.endswith("s")
