"""Whether a function that is handed None says that it takes none."""

from __future__ import annotations

from typing import Final

from worker_lint.analysis.calls import Callee
from worker_lint.analysis.entity import Class, Function
from worker_lint.analysis.flow.visit import find
from worker_lint.analysis.nesting import own_expressions, placed_statements
from worker_lint.source import ir

_OPEN: Final = ("None", "Optional", "Any", "object", "Union", "|")


def refuses_none(function: Function, call: ir.Call, me: Class | None) -> bool:
    """
    Whether the first argument of a call goes to a parameter that is declared as something else than None, in all
    functions of the project that the call may run: it has no default, and is used there without being asked about.
    """
    callee = function.project.calls.of(function, call, me)
    known = callee.runs if callee.is_found and call.args else ()
    return bool(known) and all(_refuses(callee, runs.function) for runs in known)


def _refuses(callee: Callee, target: Function) -> bool:
    param = _first(callee, target)
    if param is None or param.annotation is None or param.default is not None:
        return False
    text = target.project.store.text(target.path).segment(param.annotation.at)
    return not any(word in text for word in _OPEN) and not _is_asked_about(target, param.name)


def _first(callee: Callee, target: Function) -> ir.Parameter | None:
    params = [one for one in target.node.params if one.kind in ("positional-only", "positional")]
    rest = params[1:] if callee.is_bound else params
    return rest[0] if rest else None


def _is_asked_about(target: Function, name: str) -> bool:
    """Whether the function tests the parameter, gives it another value, or takes a mistake in it."""
    for placed in placed_statements(target.body):
        statement = placed.statement
        if isinstance(statement, ir.Try):
            return True
        tests = [statement.test] if isinstance(statement, (ir.If, ir.While, ir.Assert)) else []
        for node in own_expressions(statement):
            if isinstance(node, ir.BoolOp):
                tests.append(node)
            elif isinstance(node, ir.Conditional):
                tests.append(node.test)
        if any(one.id == name for test in tests for one in find(ir.Name, (test,))):
            return True
        if isinstance(statement, ir.Assign) and any(ir.dotted_name(one) == name for one in statement.targets):
            return True
    return False
