"""Signal handlers that start a stop sequence as a task."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from worker_lint.analysis.calls import Runs
from worker_lint.analysis.entity import Class, Function, Scope
from worker_lint.analysis.nesting import Placed, own_expressions, placed_statements
from worker_lint.analysis.reached import reached_from
from worker_lint.analysis.stopping import is_stop_name
from worker_lint.source import ir

_TASKS: Final = frozenset({"create_task", "ensure_future"})


def stop_started(scope: Scope, handler: ir.Expr) -> tuple[str, Runs] | None:
    """The stop coroutine that the handler starts anew each time, with the name of the handler."""
    me = scope.owner if isinstance(scope, Function) else None
    callee = scope.project.calls.handed(scope, handler, me)
    if callee.body is not None:
        calls = list(own_expressions(ir.Expression(handler.at, callee.body.body)))
        return next((("lambda", runs) for node in calls for runs in _stop_task(scope, node, me)), None)
    if len(callee.runs) != 1 or not callee.is_sure:
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
        or (ir.dotted_name(node.func) or _last(node.func)).rpartition(".")[2] not in _TASKS
    ):
        return
    made = node.args[0] if node.args else None
    if isinstance(made, ir.Call):
        callee = scope.project.calls.of(scope, made, me)
        if len(callee.runs) == 1 and callee.is_sure and is_stop_name(callee.runs[0].function.name):
            function = callee.runs[0].function
            if function.node.is_async and not any(_asks_first(here.function) for here in reached_from(callee.runs[0])):
                yield callee.runs[0]


def _last(func: ir.Expr) -> str:
    return func.name if isinstance(func, ir.Attribute) else ir.dotted_name(func) or ""


def _asks_first(function: Function) -> bool:
    """Whether the function looks at something before it acts: a guard against a second call, most likely."""
    return any(isinstance(placed.statement, (ir.If, ir.Try, ir.Match, ir.While)) for placed in _top(function))


def _top(function: Function) -> Iterator[Placed]:
    return (placed for placed in placed_statements(function.body) if len(placed.around) <= 1)
