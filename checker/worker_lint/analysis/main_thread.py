"""
The locks that the main thread takes in a loop, or holds while it waits, in code that is no signal handler.

Only the main thread may install a handler. So the function that installs it runs there, with those of its file that
call it and the methods of its class that nothing hands to another thread, and all that these surely call.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING, Final, NamedTuple

from worker_lint.analysis.calls import Runs
from worker_lint.analysis.entity import Class, External, Function, Instance, ModuleScope, Scope
from worker_lint.analysis.flow import find
from worker_lint.analysis.locking import tries_only
from worker_lint.analysis.nesting import own_calls, placed_statements, with_inner
from worker_lint.analysis.reached import reached_from
from worker_lint.analysis.visit import last_name
from worker_lint.source import ir

if TYPE_CHECKING:
    from worker_lint.analysis.calls import Callee

_LOCKS: Final = frozenset(
    {"threading.Lock", "threading.Semaphore", "threading.BoundedSemaphore", "multiprocessing.synchronize.Lock"}
)
"""An RLock lets its own thread in again, and a Condition has one unless told otherwise."""
_REENTRANT: Final = ("threading.RLock.", "threading.Condition.notify")
_THREAD: Final = "threading.Thread"
_CALLERS: Final = 3
"""Calls from the function that installs a handler up to the last one that is looked at."""


class Lock(NamedTuple):
    """A lock, or what has one: its name, and the class whose field it is or the block whose name it is."""

    owner: Class | Scope
    name: str

    def is_same(self, other: Lock) -> bool:
        """Whether both can be one lock: fields of one class, or of a class and one below it."""
        if self.name != other.name:
            return False
        if isinstance(self.owner, Class) and isinstance(other.owner, Class):
            order = self.owner.project.hierarchy.order
            return self.owner in order(other.owner) or other.owner in order(self.owner)
        return self.owner is other.owner


class _Step(NamedTuple):
    """A statement that the main thread runs, the class of `self` there, and all the statements around it."""

    scope: Scope
    me: Class | None
    statement: ir.Stmt
    around: tuple[ir.Stmt, ...]


def is_unsafe(callee: Callee, call: ir.Call) -> bool:
    """Whether a call takes a lock that does not let its own thread in again."""
    is_known = callee.model is not None and callee.model.facts.signal_safe is False and callee.is_sure
    return is_known and not callee.dotted.startswith(_REENTRANT) and not tries_only(callee.dotted, call)


def is_plain_lock(scope: Scope, expr: ir.Expr, me: Class | None) -> bool:
    """Whether an expression is a lock that does not let its own thread in again."""
    kind = scope.project.values.of(scope, expr, me)
    return isinstance(kind, Instance) and isinstance(kind.of, External) and kind.of.dotted in _LOCKS


def lock_of(scope: Scope, expr: ir.Expr, me: Class | None) -> Lock | None:
    """The lock that an expression names: a field, or a name of the module or of a function around."""
    if isinstance(expr, ir.Attribute):
        kind = scope.project.values.of(scope, expr.value, me)
        owner = kind.of if isinstance(kind, Instance) else kind
        return Lock(owner, expr.name) if isinstance(owner, (Class, ModuleScope)) else None
    current: Scope | None = scope if isinstance(expr, ir.Name) else None
    while isinstance(expr, ir.Name) and current is not None:
        if isinstance(current, Function) and any(param.name == expr.id for param in current.node.params):
            return None
        is_own = expr.id in current.block.names and expr.id not in current.block.globals
        if is_own and not isinstance(current, Class):
            return Lock(current, expr.id)
        current = current.parent
    return None


def locks_of_main(scope: Scope, after: ir.At, apart: Collection[Function]) -> list[Lock]:
    """
    The locks that the main thread takes in a loop, or holds while it waits, once the block has installed a handler
    at the place `after`; `apart` is the code of the handler.
    """
    found: list[Lock] = []
    for step in _steps(scope, after, apart):
        is_again = any(isinstance(one, ir.While) for one in (*step.around, step.statement))
        for expr in _taken(step):
            lock = lock_of(step.scope, expr, step.me)
            if lock is not None and (is_again or _waits_inside(step)):
                found.append(lock)
    return found


def _taken(step: _Step) -> Iterator[ir.Expr]:
    """What a statement takes: locks, and objects whose methods take one."""
    if isinstance(step.statement, ir.With):
        for item in step.statement.items:
            if is_plain_lock(step.scope, item.context, step.me):
                yield item.context
    for call in own_calls(step.statement):
        if isinstance(call.func, ir.Attribute) and is_unsafe(_callee(step, call), call):
            yield call.func.value


def _waits_inside(step: _Step) -> bool:
    """Whether the statement is a block under a lock that waits for something, itself or in what it calls."""
    if not isinstance(step.statement, ir.With):
        return False
    inner = [_callee(step, call) for call in find(ir.Call, step.statement.body)]
    for callee in inner:
        if _waits(callee):
            return True
        for here in reached_from(callee.runs[0]) if callee.is_single and callee.creates is None else ():
            calls = (call for placed in here.statements() for call in own_calls(placed.statement))
            if any(_waits(here.function.project.calls.of(here.function, call, here.me)) for call in calls):
                return True
    return False


def _waits(callee: Callee) -> bool:
    return callee.model is not None and callee.model.facts.blocking is True and callee.is_sure


def _callee(step: _Step, call: ir.Call) -> Callee:
    return step.scope.project.calls.of(step.scope, call, step.me)


def _steps(scope: Scope, after: ir.At, apart: Collection[Function]) -> Iterator[_Step]:
    if isinstance(scope, ModuleScope):
        for placed in placed_statements(scope.statements):
            if placed.statement.at[2:] > after[2:]:
                yield _Step(scope, None, *placed)
    for root in _roots(scope, apart):
        for here in reached_from(root):
            if root.function is not scope and scope in (here.function, *(way.function for way in here.ways)):
                continue  # what a caller does again and again with the installation in it
            for placed in here.statements():
                first = here.ways[0].call.at if here.ways else placed.statement.at
                if root.function is not scope or first[2:] > after[2:]:
                    yield _Step(here.function, here.me, placed.statement, (*here.around, *placed.around))


def _roots(scope: Scope, apart: Collection[Function]) -> Iterator[Runs]:
    """The functions of the file that the main thread runs first of all."""
    found = list(_with_callers(scope))
    cls = _class_around(scope)
    if cls is not None and not scope.project.hierarchy.derives_from(cls, _THREAD):
        methods = [one for one in scope.project.values.fields.methods(cls) if one not in apart]
        source = scope.project.store.text(scope.path).source
        handed = [one for one in methods if _is_handed_over(one, source)]
        elsewhere = {here.function for one in handed for here in reached_from(Runs(one, cls))}
        found.extend(one for one in methods if one not in elsewhere)
    for function in dict.fromkeys(found):
        yield Runs(function, function.owner)


def _with_callers(scope: Scope) -> Iterator[Function]:
    """The function itself, and those of its file that call it, or one that does."""
    names: set[str] = set()
    if isinstance(scope, Function):
        yield scope
        names = _names_of(scope)
    module = scope.module
    blocks = [inner for one in scope.project.functions_in(scope.path) for inner in with_inner(one)]
    called = {one: {last_name(call.func) for call in find(ir.Call, one.statements)} for one in blocks}
    for _ in range(_CALLERS):
        above = [one for one in blocks if not names.isdisjoint(called[one]) and one is not scope]
        yield from above
        names = names.union(*map(_names_of, above))
    calls = [call for placed in placed_statements(module.statements) for call in own_calls(placed.statement)]
    if scope is module or any(last_name(call.func) in names for call in calls):
        for call in calls:
            callee = scope.project.calls.of(module, call)
            if callee.is_single and callee.runs[0].function.path == scope.path and callee.creates is None:
                yield callee.runs[0].function


def _names_of(function: Function) -> set[str]:
    """The name by which a function is called: of `__init__` it is that of the class."""
    if function.name == "__init__" and function.owner is not None:
        return {function.owner.name}
    return {function.name}


def _class_around(scope: Scope) -> Class | None:
    """The class in whose method a block stands."""
    current: Scope | None = scope
    while isinstance(current, Function):
        current = current.parent
    return current if isinstance(current, Class) else None


def _is_handed_over(method: Function, source: str) -> bool:
    """Whether a method is named where it is not called: who is given it may run it on a thread of its own."""
    return re.search(rf"\.{re.escape(method.name)}\b(?!\s*\()", source) is not None
