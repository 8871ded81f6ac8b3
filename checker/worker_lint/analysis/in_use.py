"""Whether somebody is seen to run a function: what nobody names has no consequence yet."""

from __future__ import annotations

import re
from typing import Final

from worker_lint.analysis.entity import Class, Function, ModuleScope

_DEPTH: Final = 2
_OBJECT: Final = "builtins.object"


def is_used(function: Function | None, depth: int = _DEPTH) -> bool:
    """
    Whether a function is named somewhere besides its definition, in code that is no test. A decorator may register a
    public one; a method counts as used unless it is private, of a class without bases. What only private
    functions name that nobody uses is not used either.
    """
    if function is None:
        return True
    if isinstance(function.parent, ModuleScope):
        return _is_named(function, depth)
    if isinstance(function.parent, Class) and _is_private(function.name) and not function.node.decorators:
        return _is_called_on_object(function, function.parent)
    return True


def is_called(function: Function) -> bool:
    """
    Whether product code names a function besides its definition. Of a method any mention in a file that knows its class
    counts; Python itself calls those with two underscores.
    """
    if isinstance(function.parent, ModuleScope):
        return is_used(function)
    if not isinstance(function.parent, Class) or (function.name.startswith("__") and function.name.endswith("__")):
        return True
    cls, name = function.parent, re.escape(function.name)
    return cls.project.uses.is_written(cls, (function.name,), rf"(?<!def )\b{name}\b")


def is_dead(function: Function | None) -> bool:
    """Whether it is a private function that nobody uses: a public one may be loaded by its name from outside."""
    return function is not None and _is_private(function.name) and not is_used(function)


def _is_private(name: str) -> bool:
    return name.startswith("_") and not name.endswith("__")


def _is_named(function: Function, depth: int) -> bool:
    if function.node.decorators and not _is_private(function.name):
        return True
    project, name = function.project, function.name
    if len(project.store.text(function.path).lines_naming(name)) > 1:
        return not depth or not _is_called_by_unused(function, depth)
    return any(project.store.role(path) == "product" for path in _other_users(function))


def _other_users(function: Function) -> set[str]:
    """The other files that name a function of a module."""
    project = function.project
    users = {path for path, _ in project.uses.places(function.path, function.name)} - {function.path}
    project.store.trail.looked_at_users(function.path, function.name, users)
    return users


def _is_called_by_unused(function: Function, depth: int) -> bool:
    """Whether nothing but calls in functions that nobody uses name it, all of them in its own file."""
    project, name = function.project, function.name
    calls = list(project.uses.calls_naming(function.path, name))
    if len(calls) != len(project.store.text(function.path).lines_naming(name)) - 1:
        return False
    callers = [call.scope for call in calls]
    return not _other_users(function) and all(
        isinstance(one, Function) and one is not function and _is_private(one.name) and not is_used(one, depth - 1)
        for one in callers
    )


def _is_called_on_object(method: Function, cls: Class) -> bool:
    """Whether a private method is named in a file that knows its class; bases and their other classes may call it."""
    if any(isinstance(one, Class) or one.name != _OBJECT for one in cls.project.hierarchy.ancestors(cls)):
        return True
    name = re.escape(method.name)
    return cls.project.uses.is_written(cls, (method.name,), rf"(?<!def )\b{name}\b")
