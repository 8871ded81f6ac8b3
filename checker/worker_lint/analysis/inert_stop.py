"""Tasks that nobody keeps, started by a class whose inherited stop does nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from worker_lint.analysis.calls import is_abstract
from worker_lint.analysis.entity import Class, Function
from worker_lint.analysis.event_loop import is_event_loop
from worker_lint.analysis.flow.visit import find
from worker_lint.analysis.nesting import with_inner
from worker_lint.analysis.stopping import OBJECT_STOPS
from worker_lint.source import ir

_BEGINS: Final = frozenset({"start", "open", "startup", "run", "connect", "on_start"})


class Outliving(NamedTuple):
    """The call that starts a task, the method it stands in, and the stop that does nothing for it."""

    call: ir.Call
    method: Function
    stop: Function


def tasks_past_stop(cls: Class, method: Function) -> Iterator[Outliving]:
    """Tasks in locals that are given a done callback and nothing else, where the class inherits an empty stop."""
    stop: Function | None = None
    for scope in with_inner(method):
        for node in find(ir.Assign, scope.body):
            match node:
                case ir.Assign(targets=(ir.Name(id=name),), value=ir.Call() as call):
                    if _starts_task(scope, call) and _is_only_watched(scope, name):
                        stop = stop or empty_stop(cls)
                        if stop is not None:
                            yield Outliving(call, scope, stop)
                case _:
                    pass


def empty_stop(cls: Class) -> Function | None:
    """The inherited stop without a statement, of a class that is started; None where any stop does something."""
    methods = cls.project.workers.methods(cls)
    stops = [runs.function for name, runs in methods.items() if name in OBJECT_STOPS]
    if not stops or not (_BEGINS & methods.keys()):
        return None
    if not all(getattr(cls.project.hierarchy.find(cls, stop.name), "sure", False) for stop in stops):
        return None
    if any(stop.owner is cls or not _is_empty(stop) or is_abstract(stop) for stop in stops):
        return None
    return stops[0]


def _is_empty(function: Function) -> bool:
    return all(
        isinstance(statement, ir.Simple)
        or (isinstance(statement, ir.Expression) and isinstance(statement.value, ir.Constant))
        for statement in function.body
    )


def _starts_task(scope: Function, call: ir.Call) -> bool:
    name = ir.dotted_name(call.func) or ""
    if name in {"asyncio.create_task", "asyncio.ensure_future"}:
        return True
    if not isinstance(call.func, ir.Attribute) or call.func.name != "create_task":
        return False
    return name.rpartition(".")[0].lower().endswith("loop") or is_event_loop(scope, call.func.value)


def _is_only_watched(scope: Function, name: str) -> bool:
    """Whether all that is done with the local is to give it done callbacks."""
    watched: set[ir.At] = set()
    blocks = [one for one in with_inner(scope) if all(param.name != name for param in one.node.params)]
    for inner in blocks:
        for call in find(ir.Call, inner.body):
            match call.func:
                case ir.Attribute(value=ir.Name(id=found) as node, name="add_done_callback") if found == name:
                    watched.add(node.at)
                case _:
                    pass
    stored = {target.at for node in find(ir.Assign, scope.body) for target in node.targets}
    reads = {
        node.at for inner in blocks for node in find(ir.Name, inner.body) if node.id == name and node.at not in stored
    }
    later = (node.body for inner in blocks for node in find(ir.Lambda, inner.body))
    return bool(watched) and reads == watched and not any(one.id == name for one in find(ir.Name, later, inner=True))
