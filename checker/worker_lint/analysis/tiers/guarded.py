"""Functions that let no error out: all that may fail in them stands in a `try` statement that takes every error."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from worker_lint.analysis.entity import Function, Scope
from worker_lint.analysis.flow.visit import find
from worker_lint.analysis.tiers.handling import is_logging, raises_anything
from worker_lint.analysis.visit import encloses, last_name
from worker_lint.source import ir

_PLAIN: Final = frozenset(f"builtins.{name}" for name in ("list", "tuple", "set", "dict", "isinstance", "bool", "id"))


def lets_nothing_out(scope: Scope, body: tuple[ir.Stmt, ...]) -> bool:
    """Whether a block calls something, and nothing but functions that take all errors themselves."""
    calls = [call for call in find(ir.Call, body) if not is_logging(call)]
    rest = [call for call in calls if scope.project.calls.of(scope, call).dotted not in _PLAIN]
    return bool(rest) and all(_takes_all(scope, call) for call in rest)


def may_let_nothing_out(scope: Scope, body: tuple[ir.Stmt, ...]) -> bool:
    """Whether a call of a block may run a method of its own file, by its name, that takes all errors itself."""
    calls = [call for call in find(ir.Call, body) if isinstance(call.func, ir.Attribute)]
    names = {last_name(call.func) for call in calls if not scope.project.calls.of(scope, call).is_known}
    functions = [one for one in scope.project.functions_in(scope.path) if one.name in names and one.owner is not None]
    return any(_has_no_way_out(one) for one in functions)


def guarded_spans(scope: Scope, body: tuple[ir.Stmt, ...]) -> list[ir.At]:
    """The blocks of a body whose errors a clause takes, each and every one, without raising any."""
    guards = [one.body for one in find(ir.Try, body) if takes_every_error(scope, one)]
    return [(*block[0].at[:2], *block[-1].at[2:]) for block in guards]


def is_within(spans: Iterable[ir.At], at: ir.At) -> bool:
    """Whether a place lies in one of the spans."""
    return any(encloses(span, at) for span in spans)


def _takes_all(scope: Scope, call: ir.Call) -> bool:
    callee = scope.project.calls.of(scope, call)
    if not callee.runs or callee.creates is not None:
        return False
    return all(not runs.function.node.is_generator and _has_no_way_out(runs.function) for runs in callee.runs)


def _has_no_way_out(function: Function) -> bool:
    body = function.statements
    spans = guarded_spans(function, body)
    risky = (*find(ir.Call, body), *find(ir.Raise, body), *find(ir.Subscript, body), *find(ir.Await, body))
    rest = [one for one in risky if not (isinstance(one, ir.Call) and is_logging(one))]
    return bool(spans) and all(is_within(spans, one.at) for one in rest)


def takes_every_error(scope: Scope, node: ir.Try) -> bool:
    """Whether a clause of a `try` statement takes every error, and none of its clauses raises."""
    tiers = scope.project.tiers
    return any(tiers.is_broad(scope, one) for one in node.handlers) and not any(
        raises_anything(one.body) for one in node.handlers
    )
