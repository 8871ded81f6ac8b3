"""
Contexts that a coroutine leaves by hand, after an `await` that a cancellation may end: they then stay entered.

Only contexts that belong to the task that has entered them count: a task group or a portal whose scope is never left
breaks the cancellation of everything around it. Leaving them on each way out is what `async with` is for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from worker_lint.analysis.entity import Class, External, Function, Instance
from worker_lint.analysis.flow import find
from worker_lint.analysis.nesting import body_text
from worker_lint.analysis.statements import plain_call, statement_lists
from worker_lint.analysis.suspending import never_suspends
from worker_lint.analysis.visit import is_none, method_name, receiver_name
from worker_lint.source import ir

if TYPE_CHECKING:
    from collections.abc import Iterator

    from worker_lint.analysis.project import Project

_OF_THE_TASK: Final = frozenset(
    {"anyio.from_thread.BlockingPortal", "anyio.abc.BlockingPortal", "anyio.abc.TaskGroup", "anyio.CancelScope"}
    | {"asyncio.taskgroups.TaskGroup", "asyncio.TaskGroup", "trio.Nursery", "trio.CancelScope"}
)


class StaysEntered(NamedTuple):
    """The `await` that may be cancelled, and the call that leaves the context after it."""

    awaited: ir.Call
    left: ir.Call


def stays_entered(project: Project, function: Function, me: Class | None) -> Iterator[StaysEntered]:
    """The exits called without an error that follow an `await` in the same block, and stand in no other."""
    if not function.node.is_async or "__aexit__(" not in body_text(function):
        return
    exits = [one for one in find(ir.Call, function.statements) if method_name(one) == "__aexit__"]
    for block in statement_lists(function.statements):
        calls = [(statement, plain_call(statement)) for statement in block]
        for index, (_, left) in enumerate(calls):
            if left is None or left not in exits or not left.args or not all(is_none(one) for one in left.args):
                continue
            alone = sum(receiver_name(one) == receiver_name(left) for one in exits) == 1
            if alone and _is_of_task(project, function, left, me):
                before = (call for one, call in calls[:index] if call is not None and _waits(function, one, call, me))
                yield from (StaysEntered(call, left) for call in before)


def _waits(function: Function, statement: ir.Stmt, call: ir.Call, me: Class | None) -> bool:
    """Whether the statement is an `await` that a cancellation may end."""
    is_await = isinstance(statement, ir.Expression) and isinstance(statement.value, ir.Await)
    return is_await and method_name(call) != "__aexit__" and not never_suspends(function, call, me)


def _is_of_task(project: Project, function: Function, left: ir.Call, me: Class | None) -> bool:
    if not isinstance(left.func, ir.Attribute):
        return False
    kind = project.values.of(function, left.func.value, me)
    return isinstance(kind, Instance) and isinstance(kind.of, External) and kind.of.dotted in _OF_THE_TASK
