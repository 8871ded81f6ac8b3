"""Whether an `await` gives other tasks a turn: one that never does can neither be cancelled nor interrupted."""

from __future__ import annotations

from typing import Final

from worker_lint.analysis.entity import Class, Function
from worker_lint.analysis.flow.visit import find, receiver_of
from worker_lint.source import ir

_PUT: Final = "asyncio.queues.Queue.put"
_DEPTH: Final = 4
"""Coroutines that may call one another before the answer is no."""


def never_suspends(scope: Function, awaited: ir.Expr, me: Class | None = None, depth: int = _DEPTH) -> bool:
    """Whether the awaited call certainly runs only coroutines that wait for nothing, whatever the object is."""
    if depth == 0 or not isinstance(awaited, ir.Call):
        return False
    callee = scope.project.calls.of(scope, awaited, me)
    if callee.dotted == _PUT:
        return _has_room(scope, awaited, me)
    if not callee.is_sure or not callee.runs or callee.body is not None:
        return False
    return all(_is_immediate(runs.function, runs.me, depth) for runs in callee.runs)


def surely_suspends(scope: Function, awaited: ir.Expr, me: Class | None = None, depth: int = _DEPTH) -> bool:
    """
    Whether the `await` may give other tasks a turn, as far as it is known what it runs: a task or future, something
    outside the project, what the function was given to call, or a coroutine that comes to one of these.
    """
    if not isinstance(awaited, ir.Call):
        return True
    callee = scope.project.calls.of(scope, awaited, me)
    if callee.dotted:
        return callee.dotted != _PUT or not _has_room(scope, awaited, me)
    if callee.runs:
        return depth > 0 and any(_comes_to_wait(runs.function, runs.me, depth) for runs in callee.runs)
    return isinstance(awaited.func, ir.Name)  # code of a user: a parameter, or a member of the collection


def _comes_to_wait(function: Function, me: Class | None, depth: int) -> bool:
    if not function.node.is_async:
        return not function.node.is_generator  # it returns what is awaited
    if any(loop.is_async for loop in find(ir.For, function.body)):
        return True
    entered = [item.context for block in find(ir.With, function.body) if block.is_async for item in block.items]
    if any(isinstance(context, ir.Call) for context in entered):
        return True  # a connection, a transaction; a lock is a field, and most often free
    return any(surely_suspends(function, one.value, me, depth - 1) for one in find(ir.Await, function.body))


def _has_room(scope: Function, put: ir.Call, me: Class | None) -> bool:
    """Whether the queue is a field that only ever holds queues without a limit: there is always room."""
    place = receiver_of(put)
    subject = scope.node.params[0].name if scope.node.params else ""
    if me is None or place is None or len(place) != 2 or place[0] != subject:
        return False
    made = [one.source.expr for one in scope.project.values.fields.assigned(me, place[1]) if not one.added]
    calls = [expr for expr in made if isinstance(expr, ir.Call)]
    return bool(calls) and not any(call.args or call.keywords for call in calls)


def _is_immediate(function: Function, me: Class | None, depth: int) -> bool:
    node = function.node
    if not node.is_async or node.is_generator or node.decorators or node.shape != "other":
        return False
    if any(loop.is_async for loop in find(ir.For, function.body)):
        return False
    if any(block.is_async for block in find(ir.With, function.body)):
        return False
    if any(part.is_async for part in find(ir.Generator, function.body)):
        return False
    return all(never_suspends(function, one.value, me, depth - 1) for one in find(ir.Await, function.body))
