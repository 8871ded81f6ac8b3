"""Who waits for an event in a field of an object without limit, and who else sets that event."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from worker_lint.analysis.entity import Class, Function
from worker_lint.analysis.nesting import own_calls, placed_statements, with_inner
from worker_lint.analysis.touching import Act, acts_of, callers_of, family
from worker_lint.analysis.unset import SETS
from worker_lint.source import ir

_LIMITS: Final = frozenset({"wait_for", "timeout", "timeout_at", "wait", "move_on_after", "fail_after"})
_APART: Final = frozenset({"create_task", "ensure_future"})


class Waiter(NamedTuple):
    """
    A wait without limit.

    Attributes:
        act: The call of `wait`.
        is_limited_above: Whether every caller in the class limits the method around it; others may not.
    """

    act: Act
    is_limited_above: bool


def waiter_for(cls: Class, name: str, own: frozenset[str]) -> Waiter | None:
    """Where a method outside the code of the one who sets it waits for an event; best, one that no caller limits."""
    found: Waiter | None = None
    for owner in family(cls):
        for method in cls.project.values.fields.methods(owner):
            for act in acts_of(method, cls) if method.name not in own else ():
                if act.name != name or act.called != "wait" or not _is_unlimited(act):
                    continue
                if act.function is not method and _are_limited(_inner_calls(method, act.function)):
                    continue  # nobody else can call a function that stands in a method
                if not _are_limited(_method_calls(cls, method)):
                    return Waiter(act, is_limited_above=False)
                found = found or Waiter(act, is_limited_above=True)
    return found


def is_set_elsewhere(cls: Class, name: str, own: frozenset[str], setter: str) -> bool:
    """
    Whether a method outside the thread's code sets the event, by itself or by a method that the thread's code calls,
    too, or hands it to somebody who may.
    """
    shared: list[str] = []
    for owner in family(cls):
        for method in cls.project.values.fields.methods(owner):
            for act in acts_of(method, cls):
                if act.name != name or act.use is None:
                    continue
                if method.name in own:
                    if act.called in SETS:
                        shared.append(method.name)
                elif act.called in SETS or act.use.how in {"passed", "stored", "held", "returned"}:
                    return True
                elif act.use.how == "attribute" and act.use.name in SETS:
                    return True
    return _is_called_from_outside(cls, shared, own, setter)


def _is_called_from_outside(cls: Class, names: list[str], own: frozenset[str], setter: str) -> bool:
    """Whether a method outside the thread's code calls one of these methods without running the thread's code."""
    seen = {setter}
    pending = list(names)
    while pending:
        current = pending.pop()
        if current in seen:
            continue
        seen.add(current)
        callers = callers_of(cls, current)
        if not callers <= own:
            return True
        pending.extend(callers)
    return False


def _is_unlimited(act: Act) -> bool:
    use = act.use
    if use is None or use.call is None or use.call.args or use.call.keywords or use.statement is None:
        return False
    return not _is_limited(use.function, use.statement, use.call, _LIMITS | _APART)


def _is_limited(function: Function, statement: ir.Stmt, call: ir.Call, names: frozenset[str]) -> bool:
    """Whether a call stands in a call of one of these names, or in a `with` of a limit."""
    around = list(own_calls(statement))
    for placed in placed_statements(function.body):
        if placed.statement is statement:
            around.extend(inner for outer in placed.around if isinstance(outer, ir.With) for inner in own_calls(outer))
    return any((ir.dotted_name(one.func) or "").rpartition(".")[2] in names for one in around if one is not call)


def _are_limited(calls: Iterator[tuple[Function, ir.Stmt, ir.Call]]) -> bool:
    """Whether there are calls, and all of them run under a limit."""
    found = [_is_limited(function, statement, call, _LIMITS) for function, statement, call in calls]
    return bool(found) and all(found)


def _inner_calls(method: Function, inner: Function) -> Iterator[tuple[Function, ir.Stmt, ir.Call]]:
    """The calls of a function that stands in a method."""
    for block in with_inner(method):
        for placed in placed_statements(block.body):
            for call in own_calls(placed.statement):
                if isinstance(call.func, ir.Name) and call.func.id == inner.name:
                    yield block, placed.statement, call


def _method_calls(cls: Class, method: Function) -> Iterator[tuple[Function, ir.Stmt, ir.Call]]:
    """The calls of a method by methods of the same object."""
    for owner in family(cls):
        for each in cls.project.values.fields.methods(owner):
            for use in cls.project.places.uses(each, cls):
                if use.place == ("self",) and use.name == method.name and use.call is not None:
                    if use.how == "called" and use.statement is not None:
                        yield use.function, use.statement, use.call
