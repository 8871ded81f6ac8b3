"""What is around a call: whether an error of it is dealt with in the function, or where the function is called."""

from __future__ import annotations

from typing import TYPE_CHECKING

from worker_lint.analysis.deliveries.openings import functions_with
from worker_lint.analysis.flow import find, walk
from worker_lint.analysis.visit import encloses, given_to, last_name
from worker_lint.source import ir

if TYPE_CHECKING:
    from worker_lint.analysis.entity import Function

_LOCKS = ("lock", "mutex", "cond", "sem")


def is_protected(function: Function, at: ir.At) -> bool:
    """
    Whether a `try` statement with clauses or a `finally` block, or a context that may swallow, stands around the place.
    """
    for node in find(ir.Try, function.statements):
        if any(encloses(statement.at, at) for statement in node.body) and (node.handlers or node.final):
            return True
    for context in find(ir.With, function.statements):
        if any(encloses(statement.at, at) for statement in context.body):
            if not all(_is_lock(item.context) for item in context.items):
                return True
    return False


def is_called_protected(function: Function) -> bool:
    """Whether every call of a method of this name in its file stands in a `try` body; False when there is none."""
    places = [
        (caller, call)
        for caller in functions_with(function.project, function.path, (function.name,))
        for call in find(ir.Call, caller.statements)
        if last_name(call.func) == function.name
    ]
    return bool(places) and all(is_protected(caller, call.at) for caller, call in places)


def _is_lock(context: ir.Expr) -> bool:
    name = (ir.dotted_name(context) or "").rpartition(".")[2].lower()
    return any(word in name for word in _LOCKS)


def is_handed_on(function: Function, name: str) -> bool:
    """Whether a local is given to calls, returned, kept or captured, so that other code may end its use."""
    statements = function.statements
    for call in find(ir.Call, statements, inner=True):
        given = given_to(call)
        if any(isinstance(node, ir.Name) and node.id == name for node in walk(*given)):
            return True
    kept: list[ir.Expr | None] = [node.value for node in find(ir.Return, statements)]
    kept += [node.value for node in find(ir.Yield, statements)]
    kept += [node.value for node in find(ir.Assign, statements) if not isinstance(node.value, ir.Call)]
    if any(isinstance(node, ir.Name) and node.id == name for value in kept for node in walk(value)):
        return True
    inner = function.project.values.fields.inner(function)
    entered = [item.context for item in find(ir.WithItem, statements)]
    return any(
        isinstance(node, ir.Name) and node.id == name
        for node in walk(*entered, *(each for scope in inner for each in scope.statements))
    )
