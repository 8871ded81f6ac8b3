"""Methods of an object that surely run beside one another: in tasks that it starts, and as callbacks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from worker_lint.analysis.entity import Class, Function
from worker_lint.analysis.launched import handed_methods
from worker_lint.analysis.nesting import mentions

_LAUNCHES: Final = ("create_task", "ensure_future", "call_soon", "call_later", "add_done_callback", "start_soon")


def run_beside(cls: Class, one: Function, other: Function) -> bool:
    """
    Whether two methods belong to two different courses of the object, of which at least one is a task or a callback:
    not both to the same single one, which takes them one after the other, nor both to a user alone.
    """
    callbacks = _callbacks(cls)
    roots = callbacks | frozenset(_in_tasks(cls))
    first, second = (frozenset(_courses(cls, method, roots)) for method in (one, other))
    if not first or not second or not (first | second) & roots:
        return False
    return len(first | second) > 1 or bool(first & second & callbacks)


def _courses(cls: Class, method: Function, roots: frozenset[str]) -> Iterator[str]:
    """The tasks and callbacks that lead to a method, and the method itself when anybody may call it."""
    for root in roots:
        if root == method.name or method.name in cls.project.resources.reached(cls, root):
            yield root
    if not method.name.startswith("_") and method.name not in roots:
        yield method.name


def _callbacks(cls: Class) -> frozenset[str]:
    """The methods that are handed to somebody: each message or connection may run them anew."""
    names = {method.name for method in cls.project.values.fields.methods(cls) if not method.node.decorators}
    return handed_methods(cls) & names


def _in_tasks(cls: Class) -> Iterator[str]:
    for method in cls.project.values.fields.methods(cls):
        for entry in cls.project.workers.entries(method, cls) if mentions(method, *_LAUNCHES) else ():
            yield from (runs.function.name for runs in entry.callee.runs if runs.me is cls)
