"""Thread locks that a coroutine holds while other tasks of its loop run: whether these may stand still for them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from worker_lint.analysis.assigned import assigned_at
from worker_lint.analysis.entity import External, Function, Instance
from worker_lint.analysis.explained import is_explained
from worker_lint.analysis.flow.visit import find
from worker_lint.analysis.nobody_waits import is_lone_task
from worker_lint.analysis.suspending import never_suspends, surely_suspends
from worker_lint.analysis.visit import last_name
from worker_lint.source import ir

_LOCKS: Final = frozenset(
    {"threading.Lock", "threading.Condition", "threading.Semaphore", "threading.BoundedSemaphore"}
)
"""An `RLock` is no trap for the tasks of one loop: all of them run on the thread that has it."""
_MADE_OF_RLOCK: Final = "threading.Condition"


def awaits_holding(scope: Function, block: ir.With) -> Iterator[tuple[ir.Expr, ir.Await]]:
    """The locks of a `with` that one thread cannot take twice, each with an `await` that gives others a turn."""
    for item in block.items:
        kind = scope.project.values.of(scope, item.context)
        if isinstance(kind, Instance) and isinstance(kind.of, External) and kind.of.dotted in _LOCKS:
            if kind.of.dotted == _MADE_OF_RLOCK and not _has_given_lock(scope, item.context):
                continue
            for awaited in find(ir.Await, block.body):
                if not _is_let_go_before(item.context, block, awaited.at) and not never_suspends(
                    scope, awaited.value, scope.owner
                ):
                    yield item.context, awaited
                    break


def stops_others_surely(scope: Function, lock: ir.Expr, awaited: ir.Await) -> bool:
    """
    Whether a second task surely gets there: the lock is shared, the `await` is known to wait, no comment explains it,
    and the coroutine is not the one task of its loop.
    """
    is_shared = isinstance(lock, ir.Attribute) or ir.dotted_name(lock) not in _names_made(scope)
    if not is_shared or is_explained(scope, lock.at) or is_lone_task(scope):
        return False
    return surely_suspends(scope, awaited.value, scope.owner)


def _names_made(scope: Function) -> set[str]:
    """The locals of the function."""
    targets = (ir.dotted_name(target) for one in find(ir.Assign, scope.body) for target in one.targets)
    return {name for name in targets if name}


def _has_given_lock(scope: Function, lock: ir.Expr) -> bool:
    """Whether a condition was made with a lock of its own choice: without one it takes an `RLock`."""
    fields = (place for place in scope.project.places.denotes(scope, lock, scope.owner) if len(place) == 2)
    made = [one for place in fields for one in assigned_at(scope, place) or () if isinstance(one, ir.Call)]
    return any(one.args or one.keywords for one in made)


def _is_let_go_before(lock: ir.Expr, block: ir.With, at: ir.At) -> bool:
    """Whether the block gives the lock back by hand before a place in it, as one does who takes it again after."""
    name = ir.dotted_name(lock)
    return any(
        last_name(call.func) == "release"
        and isinstance(call.func, ir.Attribute)
        and ir.dotted_name(call.func.value) == name
        and call.at[:2] < at[:2]
        for call in find(ir.Call, block.body)
    )
