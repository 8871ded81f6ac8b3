"""Whether an `await` gives other tasks a turn: one that never does can neither be cancelled nor interrupted."""

from __future__ import annotations

import sys
from typing import Final

from worker_lint.analysis.calls import Callee, Runs
from worker_lint.analysis.entity import Class, Function
from worker_lint.analysis.flow.visit import find, receiver_of
from worker_lint.analysis.guard import in_handler
from worker_lint.analysis.looping import targets
from worker_lint.analysis.nesting import Placed, own_expressions, placed_statements
from worker_lint.source import ir

_PUT: Final = "asyncio.queues.Queue.put"
_ALWAYS: Final = frozenset(
    {"asyncio.sleep", "asyncio.to_thread", "asyncio.queues.Queue.get", "asyncio.open_connection"}
    | {"asyncio.create_subprocess_exec", "asyncio.create_subprocess_shell", "anyio.sleep", "trio.sleep"}
)
_WRAPPERS: Final = frozenset({"asyncio.wait_for", "asyncio.gather", "asyncio.shield", "asyncio.create_task"})
_IN_PROCESS: Final = frozenset({"anyio", "trio", "sniffio", "asgiref", "aiologic", "janus", "asyncio_extras"})
"""Libraries whose coroutines hand things on within the process, as those of asyncio do."""
_DEPTH: Final = 4
"""Coroutines that may call one another before the answer is no."""
_FAR: Final = 6
"""The same where one way that leads to a wait is enough: the outside is often behind several layers."""


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
    Whether the `await` gives other tasks a turn each time it is reached: a sleep, a request to another process or
    thread, a new item of a queue, what the function was given to call, or a coroutine that comes to one of these on
    every way. A task, a future or an event may be done, and a lock is most often free.
    """
    if not isinstance(awaited, ir.Call):
        return False
    callee = scope.project.calls.of(scope, awaited, me)
    if callee.dotted in _WRAPPERS:
        return any(surely_suspends(scope, one, me, depth) for one in awaited.args)
    if callee.dotted:
        return callee.dotted in _ALWAYS or _asks_outside(callee)
    if callee.runs:
        return depth > 0 and callee.is_sure and all(_comes_to_wait(runs, depth) for runs in callee.runs)
    return isinstance(awaited.func, ir.Name) and _is_given(scope, awaited.func.id)


def goes_outside(scope: Function, awaited: ir.Expr, me: Class | None = None, depth: int = _FAR) -> bool:
    """
    Whether the `await`, whichever function of the project it runs, has a way that comes to a sure wait, such as a
    request to another process, or to a coroutine of a library. Ways through a handler do not count, nor do declarations
    without a body.
    """
    if surely_suspends(scope, awaited, me):
        return True
    if depth == 0 or not isinstance(awaited, ir.Call):
        return False
    callee = scope.project.calls.of(scope, awaited, me)
    if callee.dotted:
        return callee.dotted.partition(".")[0] not in sys.stdlib_module_names | _IN_PROCESS
    known = [runs for runs in callee.runs if not runs.function.node.shape.startswith("not-implemented")]
    return callee.is_found and bool(known) and all(_may_come_outside(runs, depth) for runs in known)


def _may_come_outside(runs: Runs, depth: int) -> bool:
    function = runs.function
    if not function.node.is_async or function.node.is_generator:
        return False
    return any(
        isinstance(one, ir.Await) and goes_outside(function, one.value, runs.me, depth - 1)
        for placed in placed_statements(function.body)
        if in_handler(placed) is None
        for one in own_expressions(placed.statement)
    )


def _asks_outside(callee: Callee) -> bool:
    """Whether a library says that this asks another process: a coroutine that fails when the link is down."""
    model = callee.model
    return model is not None and model.library != "python" and bool(model.coroutine and model.raises)


def _is_given(scope: Function, name: str) -> bool:
    """Whether a name stands for code of a user: a parameter, or a member of the collection."""
    if any(param.name == name for param in scope.node.params):
        return True
    return any(name in targets(loop.target) for loop in find(ir.For, scope.body))


def _comes_to_wait(runs: Runs, depth: int) -> bool:
    """Whether each way through a coroutine waits: it does so in a plain row of statements, with no return before."""
    function = runs.function
    if not function.node.is_async or function.node.is_generator or function.node.decorators:
        return False
    for placed in placed_statements(function.body):
        if isinstance(placed.statement, (ir.Return, ir.Raise)) and not _awaits_surely(runs, placed, depth):
            return False
        if all(isinstance(outer, ir.With) for outer in placed.around) and _awaits_surely(runs, placed, depth):
            return True
    return False


def _awaits_surely(runs: Runs, placed: Placed, depth: int) -> bool:
    return any(
        isinstance(one, ir.Await) and surely_suspends(runs.function, one.value, runs.me, depth - 1)
        for one in own_expressions(placed.statement)
    )


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
