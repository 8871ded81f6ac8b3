"""Tasks that nobody keeps: what is lost with them when they fail, or at the stop."""

from __future__ import annotations

from typing import Final

from worker_lint.analysis.calls import Runs
from worker_lint.analysis.entity import Class, Function
from worker_lint.analysis.explained import is_explained
from worker_lint.analysis.flow.visit import find
from worker_lint.analysis.guard import within
from worker_lint.analysis.nesting import Placed, mentions, own_expressions, placed_statements
from worker_lint.analysis.self_contained import is_looked_after, is_wait, looks_after_itself
from worker_lint.analysis.statements import plain_call
from worker_lint.analysis.stopping import is_stop_name
from worker_lint.analysis.visit import last_name
from worker_lint.source import ir

_DEPTH: Final = 3


def is_waited_for(scope: Function, call: ir.Call, coroutine: Function) -> bool:
    """
    Whether the function waits for the end of the loop that it gives the coroutine to, and it is the coroutine that
    ends the loop: its own end is then waited for as well.
    """
    ends = any(_is_call_of(one, "stop") for one in find(ir.Call, coroutine.body))
    joins = any(_is_call_of(one, "join") and one.at[:2] > call.at[:2] for one in find(ir.Call, scope.body))
    return ends and joins and mentions(coroutine, "loop")


def loss_is_sure(scope: Function, call: ir.Call, made: ir.Call, runs: tuple[Runs, ...]) -> bool:
    """
    Whether the loss of the task is one that its author has not chosen: an error can leave it, through what it
    awaits, too; it is more than the stop of another object, whose end it is itself; no comment explains it, and the
    file has no end that cancels all tasks there are.
    """
    if is_explained(scope, call.at) or _ends_another(made):
        return False
    if "all_tasks(" in scope.project.store.text(scope.path).source:
        return False
    return all(may_fail(one.function, one.me) for one in runs)


def may_fail(function: Function, me: Class | None, depth: int = _DEPTH) -> bool:
    """Whether a wait of the coroutine function can end it with an error, as far as the project's own code tells."""
    if looks_after_itself(function):
        return False
    if depth == 0:
        return True
    for placed in placed_statements(function.body):
        if not is_wait(placed.statement) or is_looked_after(function, placed) or _is_given_up(placed):
            continue
        awaits = [node.value for node in own_expressions(placed.statement) if isinstance(node, ir.Await)]
        if not awaits or any(_lets_out(function, me, awaited, depth) for awaited in awaits):
            return True
    return False


def _is_given_up(placed: Placed) -> bool:
    """Whether a handler around the wait does nothing, or tells it and no more: the author can do without the work."""
    for outer in placed.around:
        if isinstance(outer, ir.Try) and within(outer.body, placed.statement):
            for handler in outer.handlers:
                if all(isinstance(one, ir.Simple | ir.Return) or _only_tells(one) for one in handler.body):
                    return True
    return False


def _only_tells(statement: ir.Stmt) -> bool:
    call = plain_call(statement)
    return call is not None and "log" in (ir.dotted_name(call.func) or "").lower()


def _lets_out(function: Function, me: Class | None, awaited: ir.Expr, depth: int) -> bool:
    if not isinstance(awaited, ir.Call):
        return True
    callee = function.project.calls.of(function, awaited, me)
    if not callee.runs or not callee.is_sure:
        return True
    return any(may_fail(one.function, one.me, depth - 1) for one in callee.runs)


def _ends_another(made: ir.Call) -> bool:
    """Whether the coroutine is the stop method of an object other than the own one."""
    receiver = ir.dotted_name(made.func.value) if isinstance(made.func, ir.Attribute) else "self"
    return receiver not in ("self", "cls") and is_stop_name(last_name(made.func))


def _is_call_of(call: ir.Call, name: str) -> bool:
    return isinstance(call.func, ir.Attribute) and call.func.name == name
