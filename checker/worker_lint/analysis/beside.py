"""Methods of an object that surely run beside one another: in tasks that it starts, and as callbacks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from worker_lint.analysis.entity import Class, Function
from worker_lint.analysis.flow.visit import find
from worker_lint.analysis.locking import Locking
from worker_lint.analysis.meanwhile import is_part_of_stop, surely_waits
from worker_lint.analysis.membership import Change, Walked, collection_kind
from worker_lint.analysis.nesting import mentions
from worker_lint.analysis.touching import methods_named
from worker_lint.analysis.visit import given_to
from worker_lint.source import ir

_LAUNCHES: Final = ("create_task", "ensure_future", "call_soon", "call_later", "add_done_callback", "start_soon")


def surely_comes_between(locking: Locking, walked: Walked, change: Change) -> bool:
    """
    Whether another task surely can make the change during the loop: the loop waits for something real, it is no part
    of a stop, and the change belongs to another task or callback of the object. A list only skips a member, so that
    what a user alone takes out, when he likes, does not count there.
    """
    cls = locking.cls
    method, other = _method_of(walked.function), _method_of(change.function)
    if is_part_of_stop(locking, method) or not surely_waits(cls, walked):
        return False
    if collection_kind(cls, walked.field) == "list" and not _is_by_itself(cls, other):
        return False
    return run_beside(cls, method, other) and not _is_done_before(cls, method, other)


def _method_of(function: Function) -> Function:
    """The method in which a function is defined, or the function itself."""
    while function.owner is None and isinstance(function.parent, Function):
        function = function.parent
    return function


def run_beside(cls: Class, one: Function, other: Function) -> bool:
    """
    Whether two methods belong to two different courses of the object, of which at least one is a task or a callback:
    not both to the same single one, which takes them one after the other, nor both to a user alone.
    """
    callbacks = _callbacks(cls)
    roots = _roots(cls, callbacks)
    first, second = (frozenset(_courses(cls, method, roots)) for method in (one, other))
    if not first or not second or not (first | second) & roots:
        return False
    return len(first | second) > 1 or bool(first & second & callbacks)


def _is_done_before(cls: Class, method: Function, other: Function) -> bool:
    """
    Whether the other method is a step of those who start the task with this one, and is always taken before they do:
    nobody else in the class calls it, so that it has its place in the order.
    """
    roots = frozenset(_in_tasks(cls))
    tasks = {course for course in _courses(cls, method, roots) if course in roots}
    callers = [one for one in cls.project.values.fields.methods(cls) if _calls(one, other.name)]
    return bool(tasks and callers) and all(_starts_after(cls, caller, other.name, tasks) for caller in callers)


def _starts_after(cls: Class, caller: Function, name: str, tasks: set[str]) -> bool:
    """Whether the caller starts all these tasks itself, after its last call of the method."""
    started = {
        runs.function.name: entry.call.at
        for entry in (cls.project.workers.entries(caller, cls) if mentions(caller, *_LAUNCHES) else ())
        for runs in entry.callee.runs
        if runs.me is cls
    }
    last = max(call.at for call in _calls(caller, name))
    return all(task in started and started[task] > last for task in tasks)


def _calls(method: Function, name: str) -> list[ir.Call]:
    """The calls of a method of the same object."""
    subject = method.node.params[0].name if method.node.params else ""
    called = f"{subject}.{name}"
    found = find(ir.Call, method.body, inner=True) if mentions(method, name) else ()
    return [call for call in found if ir.dotted_name(call.func) == called]


def _is_by_itself(cls: Class, method: Function) -> bool:
    """Whether a task or callback of the object leads to the method."""
    roots = _roots(cls, _callbacks(cls))
    return any(course in roots for course in _courses(cls, method, roots))


def _roots(cls: Class, callbacks: frozenset[str]) -> frozenset[str]:
    """The methods with which tasks and callbacks begin, without those to which only another one of them leads."""
    names = callbacks | frozenset(_in_tasks(cls))
    below = {name: _reached(cls, name) for name in names}
    return frozenset(
        name
        for name in names
        if name in callbacks or not any(name in below[other] and other not in below[name] for other in names - {name})
    )


def _courses(cls: Class, method: Function, roots: frozenset[str]) -> Iterator[str]:
    """The tasks and callbacks that lead to a method, and the method itself when anybody may call it."""
    for root in roots:
        if method.name in _reached(cls, root):
            yield root
    if not method.name.startswith("_") and method.name not in roots:
        yield method.name


def _reached(cls: Class, name: str) -> frozenset[str]:
    """The methods that one of them may run through `self`, also as `Base.method(self)`, itself among them."""
    found: set[str] = set()
    pending = {name}
    bases = {base.name for base in cls.project.hierarchy.order(cls) if isinstance(base, Class)}
    while pending:
        found |= cls.project.resources.reached(cls, pending.pop())
        for method in methods_named(cls, found):
            pending.update(_unbound(method, bases) - found)
    return frozenset(found)


def _unbound(method: Function, bases: set[str]) -> set[str]:
    """The methods of bases that a method calls by the name of the class."""
    subject = method.node.params[0].name if method.node.params else ""
    return {
        call.func.name
        for call in find(ir.Call, method.body)
        if isinstance(call.func, ir.Attribute) and isinstance(call.func.value, ir.Name) and call.func.value.id in bases
        if call.args and isinstance(call.args[0], ir.Name) and call.args[0].id == subject
    }


def _callbacks(cls: Class) -> frozenset[str]:
    """The methods that are handed to somebody, uncalled: each message or connection may run them anew."""
    methods = list(cls.project.values.fields.methods(cls))
    names = {method.name for method in methods if not method.node.decorators}
    found: set[str] = set()
    for method in methods:
        subject = method.node.params[0].name if method.node.params else ""
        for call in find(ir.Call, method.body, inner=True):
            for value in given_to(call):
                owner, _, name = (ir.dotted_name(value) or "").partition(".")
                if owner == subject and name in names:
                    found.add(name)
    return frozenset(found)


def _in_tasks(cls: Class) -> Iterator[str]:
    for method in cls.project.values.fields.methods(cls):
        for entry in cls.project.workers.entries(method, cls) if mentions(method, *_LAUNCHES) else ():
            yield from (runs.function.name for runs in entry.callee.runs if runs.me is cls)
