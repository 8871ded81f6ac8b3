"""Signal handlers that start a stop sequence as a task."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from worker_lint.analysis.calls import Runs
from worker_lint.analysis.entity import Class, Function, Scope
from worker_lint.analysis.flow.visit import find
from worker_lint.analysis.loop_fields import field_named
from worker_lint.analysis.nesting import Placed, own_expressions, placed_statements
from worker_lint.analysis.reached import reached_from
from worker_lint.analysis.stopping import is_stop_name
from worker_lint.analysis.visit import last_name
from worker_lint.source import ir

_TASKS: Final = frozenset({"create_task", "ensure_future"})


def stop_started(scope: Scope, handler: ir.Expr) -> tuple[str, Runs] | None:
    """The stop coroutine that the handler starts anew each time, with the name of the handler."""
    me = scope.owner if isinstance(scope, Function) else None
    callee = scope.project.calls.handed(scope, handler, me)
    if callee.body is not None:
        calls = list(own_expressions(ir.Expression(handler.at, callee.body.body)))
        return next((("lambda", runs) for node in calls for runs in _stop_task(scope, node, me)), None)
    if not callee.is_single:
        return None
    function, owner = callee.runs[0]
    if _asks_first(function) or function.node.is_async:
        return None
    for placed in placed_statements(function.body):
        for node in own_expressions(placed.statement):
            for runs in _stop_task(function, node, owner):
                return function.name, runs
    return None


def _stop_task(scope: Scope, node: ir.Expr, me: Class | None) -> Iterator[Runs]:
    """What runs as the stop, when the call starts a task for it."""
    if (
        not isinstance(node, ir.Call)
        or (ir.dotted_name(node.func) or last_name(node.func)).rpartition(".")[2] not in _TASKS
    ):
        return
    made = node.args[0] if node.args else None
    if isinstance(made, ir.Call):
        callee = scope.project.calls.of(scope, made, me)
        if callee.is_single and is_stop_name(callee.runs[0].function.name):
            function = callee.runs[0].function
            reached = [here.function for here in reached_from(callee.runs[0])]
            if function.node.is_async and not any(_asks_first(one) and not _marks_late(one) for one in reached):
                yield callee.runs[0]


def _asks_first(function: Function) -> bool:
    """Whether the function looks at something before it acts: a guard against a second call, most likely."""
    return any(isinstance(placed.statement, (ir.If, ir.Try, ir.Match, ir.While)) for placed in _top(function))


def _marks_late(function: Function) -> bool:
    """
    Whether the function leaves when a field says so, and is the one that sets this field, but waits before: two
    runs of it both get past the question.
    """
    asked: set[str] = set()
    for placed in placed_statements(function.body):
        statement = placed.statement
        if not asked:
            if isinstance(statement, ir.If):
                asked = {field_named(function, node) for node in find(ir.Attribute, (statement.test,))} - {""}
                if not asked or not isinstance(statement.body[-1], ir.Return) or len(statement.body) > 1:
                    return False
            elif not isinstance(statement, ir.Expression) or any(find(ir.Await, (statement,))):
                return False
        elif any(find(ir.Await, (statement,))) or (isinstance(statement, (ir.For, ir.With)) and statement.is_async):
            return _is_marked_after(function, asked, statement.at)
        elif any(field_named(function, node) in asked for node in _touched(statement)):
            return False
    return False


def _is_marked_after(function: Function, asked: set[str], at: ir.At) -> bool:
    return any(
        isinstance(placed.statement, ir.Assign)
        and placed.statement.at > at
        and any(field_named(function, target) in asked for target in placed.statement.targets)
        for placed in placed_statements(function.body)
    )


def _touched(statement: ir.Stmt) -> Iterator[ir.Expr]:
    """The fields that a statement sets, or calls something of."""
    yield from getattr(statement, "targets", ())
    for node in own_expressions(statement):
        if isinstance(node, ir.Call) and isinstance(node.func, ir.Attribute):
            yield node.func.value
            yield node.func


def _top(function: Function) -> Iterator[Placed]:
    return (placed for placed in placed_statements(function.body) if len(placed.around) <= 1)
