"""Functions that say themselves what failed in them, before the error gets to who called them."""

from __future__ import annotations

from worker_lint.analysis.entity import Function, Scope
from worker_lint.analysis.flow.visit import find
from worker_lint.analysis.tiers.handling import (
    is_logging,
    log_calls,
    log_level,
    mentions,
    raises_anything,
    tells_exception,
)
from worker_lint.analysis.visit import given_to, unawaited
from worker_lint.source import ir

_SEEN = 30
"""The level from which on a log line is seen by somebody: a warning."""


def tells_its_errors(function: Function) -> bool:
    """
    Whether a clause for every error in a function keeps the cause before it hands the error on: it logs it, or gives
    its text to what may keep it, as `node.last_error`. A line of the caller need not say it a second time.
    """
    tiers = function.project.tiers
    return any(
        tiers.is_broad(function, handler) and raises_anything(handler.body) and _keeps_cause(handler)
        for handler in find(ir.Handler, function.statements)
    )


def tell_by_name(scope: Scope, name: str) -> bool:
    """Whether the methods of a name in the file do so: one of them may be what an object that is not known runs."""
    named = [one for one in scope.project.functions_in(scope.path) if one.name == name and one.owner is not None]
    return bool(named) and all(tells_its_errors(one) for one in named)


def _keeps_cause(handler: ir.Handler) -> bool:
    if any(log_level(line) >= _SEEN and tells_exception(handler, (line,)) for line in log_calls(handler.body)):
        return True
    texts = [
        node
        for node in find(ir.Assign, handler.body)
        if node.value is not None and mentions((node.value,), handler.name)
    ]
    if any(isinstance(to, (ir.Attribute, ir.Subscript)) for node in texts for to in node.targets):
        return True
    names = {handler.name, *(to.id for node in texts for to in node.targets if isinstance(to, ir.Name))} - {None}
    acts = (one.value for one in find(ir.Expression, handler.body))
    calls = (one for one in map(unawaited, acts) if isinstance(one, ir.Call) and not is_logging(one))
    return any(mentions(given_to(call), name) for call in calls for name in names)
