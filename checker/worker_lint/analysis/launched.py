"""What a class starts and keeps: the field that holds a thread, pool or task, and the code that runs there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from worker_lint.analysis.calls import Runs
from worker_lint.analysis.entity import Class, Function
from worker_lint.analysis.flow import Place
from worker_lint.analysis.flow.visit import find
from worker_lint.analysis.nesting import mentions
from worker_lint.analysis.places import Use
from worker_lint.analysis.reached import reached_from
from worker_lint.analysis.visit import given_to
from worker_lint.analysis.workers import Entry, EntryKind
from worker_lint.source import ir

_THREAD = "threading.Thread"
_LAUNCHES = ("Thread", "Timer", "create_task", "ensure_future", "submit", "add_job", "run_in_executor", "apply_async")
"""What a method that starts something speaks of: the cheap question before its body is read."""

_ON_EVENT: Final = ("on_", "add_on_", "register_on_")
"""Beginnings of the names under which libraries take what they call at every event."""


class Launched(NamedTuple):
    """
    Code of a class that runs elsewhere, with the field by which the class knows what runs it.

    Attributes:
        kind: `thread`, `timer`, `pool`, `task` or `callback`.
        place: The field: of the thread, the task, the pool or the scheduler; `("self",)` when the object is the thread.
        runs: The function that runs there.
        path: The file in which it is started.
        at: Where it is started.
    """

    kind: EntryKind
    place: Place
    runs: Runs
    path: str
    at: ir.At


def launched_by(cls: Class) -> Iterator[Launched]:
    """The threads, tasks and pool jobs that the methods of the class body start and keep in fields."""
    if cls.project.hierarchy.derives_from(cls, _THREAD):
        own = cls.project.calls.method(cls, "run")
        if len(own.runs) == 1:
            yield Launched(
                "thread", ("self",), Runs(own.runs[0].function, cls), cls.path, own.runs[0].function.node.name_at
            )
    for method in cls.project.values.fields.methods(cls):
        if not mentions(method, *_LAUNCHES):
            continue
        for entry in cls.project.workers.entries(method, cls):
            yield from _kept(cls, entry)


def _kept(cls: Class, entry: Entry) -> Iterator[Launched]:
    if len(entry.callee.runs) != 1 or entry.kind not in {"thread", "timer", "pool", "task", "callback"}:
        return
    function = entry.site.function
    for place in _places_of(cls, entry, function):
        if len(place) == 2 and place[0] == "self":
            yield Launched(entry.kind, place, entry.callee.runs[0], function.path, entry.call.at)


def _places_of(cls: Class, entry: Entry, function: Function) -> Iterator[Place]:
    """Where the result of the call is kept; for pools and schedulers the object that is asked."""
    if entry.kind in {"pool", "callback"}:
        if isinstance(entry.call.func, ir.Attribute):
            yield from sorted(cls.project.places.denotes(function, entry.call.func.value, cls))
        return
    for node in find(ir.Assign, function.body):
        if node.value is not None and node.value.at == entry.call.at:
            for target in node.targets:
                yield from _target_places(cls, function, target)


def _target_places(cls: Class, function: Function, target: ir.Expr) -> Iterator[Place]:
    name = ir.dotted_name(target)
    subject = function.node.params[0].name if function.node.params else ""
    if name is not None and name.count(".") == 1 and name.startswith(f"{subject}."):
        yield ("self", name.partition(".")[2])
    elif isinstance(target, ir.Name):
        for node in find(ir.Assign, function.body):  # `thread = Thread(…)`, then `self._thread = thread`
            if isinstance(node.value, ir.Name) and node.value.id == target.id:
                for other in node.targets:
                    if not isinstance(other, ir.Name):
                        yield from _target_places(cls, function, other)


def ended_before(cls: Class, method: Function, at: ir.At) -> frozenset[str]:
    """The methods that run in tasks of the object which the method has awaited before this place."""
    awaited = {
        use.place
        for use in cls.project.places.uses(method, cls)
        if use.at[:2] < at[:2] and use.how in {"read", "passed"} and len(use.place) == 2
    }
    found: set[str] = set()
    for place in awaited:
        for one in cls.project.values.fields.assigned(cls, place[1]):
            for call in find(ir.Call, (one.source.expr,)) if one.source.expr is not None else ():
                callee = cls.project.calls.of(one.scope, call, cls)
                if len(callee.runs) == 1 and callee.runs[0].me is cls:
                    found.update(here.function.name for here in reached_from(callee.runs[0]) if here.me is cls)
    return frozenset(found)


def handed_methods(cls: Class) -> frozenset[str]:
    """The names of methods that are handed over somewhere: nobody knows on which thread they are called."""
    found: set[str] = set()
    for method in cls.project.values.fields.methods(cls):
        for call in find(ir.Call, method.body, inner=True):
            for value in given_to(call):
                found.update(node.name for node in find(ir.Attribute, (value,), inner=True))
    return frozenset(found)


def is_event_callback(use: Use) -> bool:
    """Whether the place where the method is handed over says that it is called at each event of a kind."""
    if use.how == "stored" and isinstance(use.statement, ir.Assign):
        names = [ir.dotted_name(target) or "" for target in use.statement.targets]
    elif use.call is not None:
        values = [keyword.name or "" for keyword in use.call.keywords if keyword.value.at == use.at]
        names = [ir.dotted_name(use.call.func) or "", *values]
    else:
        return False
    return any(name.rpartition(".")[2].startswith(_ON_EVENT) for name in names)
