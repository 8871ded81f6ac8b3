"""Code that runs only as a program starts: an error there ends the process, and with it whatever it has open."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from worker_lint.analysis.entity import Class, Function, ModuleScope
from worker_lint.analysis.flow import find
from worker_lint.analysis.nesting import body_text
from worker_lint.analysis.no_return import is_ending
from worker_lint.analysis.one_shot import ends_process
from worker_lint.analysis.visit import last_name
from worker_lint.source import ir

if TYPE_CHECKING:
    from collections.abc import Iterator

    from worker_lint.analysis.entity import Scope

_DEPTH: Final = 4
_STARTS: Final = frozenset({"__init__", "start", "run", "serve", "main"})
"""Methods that a main function calls on the object that is the program."""
_PROGRAM: Final = "__main__.py"
"""The module that `python -m` runs."""
_OPTIONS: Final = frozenset({"args", "opts", "options", "arguments", "namespace"})
"""What functions call the options that `argparse` and the like have parsed."""


def is_made_by_main(cls: Class | None) -> bool:
    """
    Whether only main functions and scripts make objects of a class: its constructor is a part of them. Beside a main
    function of its own module, a function there that nothing calls counts for nothing.
    """
    scopes = [one.scope for one in cls.project.uses.creations(cls)] if cls is not None else []
    others = [one for one in scopes if not isinstance(one, ModuleScope) and not _is_main(one)]
    return len(others) < len(scopes) and all(cls is not None and _is_unused(one, cls.path) for one in others)


def runs_only_at_start(function: Function, depth: int = _DEPTH) -> bool:
    """
    Whether all that is known to call a function is the start of a program: its main function or another that works on
    the parsed command line or ends the process where something is missing, the start of the object that main functions
    alone make, a module that is run as a program, or what only these call.
    """
    if ends_process(function) or _reads_command_line(function) or _gives_up(function):
        return True
    if depth == 0 or isinstance(function.parent, Function):
        return False
    owner = function.owner
    if owner is not None and function.name in _STARTS:
        return all(_is_part_of_program(one, depth - 1) for one in _made(owner))
    if owner is not None and not function.name.startswith("_"):
        if not all(_is_part_of_program(one, depth - 1) for one in _made(owner)):
            return False
    callers = _callers(function)
    return bool(callers) and all(_is_start(one, depth - 1) for one in callers)


def _is_start(scope: Scope, depth: int) -> bool:
    if isinstance(scope, Function):
        return runs_only_at_start(scope, depth)
    return isinstance(scope, ModuleScope) and scope.path.rpartition("/")[2] == _PROGRAM


def _gives_up(function: Function) -> bool:
    """Whether a function of a module ends the process by itself under a condition: who calls it has nothing running."""
    if function.owner is not None or "exit(" not in body_text(function):
        return False
    return any(is_ending(call) for branch in find(ir.If, function.body) for call in find(ir.Call, (branch,)))


def _reads_command_line(function: Function) -> bool:
    """Whether the function is given the options of the command line: it reads fields of an argument of such a name."""
    names = {param.name for param in function.node.params if param.kind not in ("var-positional", "var-keyword")}
    text = body_text(function) if not _OPTIONS.isdisjoint(names) else ""
    return any(re.search(rf"\b{name}\.\w", text) for name in names & _OPTIONS)


def has_own_process(function: Function) -> bool:
    """Whether the function, or one that it calls, forks: what follows is the work of the child, which ends with it."""
    own = list(find(ir.Call, function.statements))
    if any(last_name(call.func) == "fork" for call in own):
        return True
    called = (runs.function for call in own for runs in function.project.calls.of(function, call).runs)
    return any("fork(" in body_text(one) for one in called)


def _is_part_of_program(cls: Class, depth: int) -> bool:
    """Whether product code makes objects of exactly this class, and does so only as the program starts."""
    role = cls.project.store.role
    scopes = [one.scope for one in cls.project.uses.creations(cls) if role(one.scope.path) == "product"]
    return bool(scopes) and all(isinstance(one, Function) and runs_only_at_start(one, depth) for one in scopes)


def _made(cls: Class) -> tuple[Class, ...]:
    """Of the class and those below it the ones that something makes; the class itself where nothing does."""
    family = (cls, *cls.project.hierarchy.descendants(cls))
    return tuple(one for one in family if next(cls.project.uses.creations(one), None) is not None) or (cls,)


def _callers(function: Function) -> list[Scope]:
    """The product code that names a function of a module, or a method in its class and those above and below."""
    project, name = function.project, function.name
    if function.owner is None:
        places = project.uses.places(function.path, name)
        project.store.trail.looked_at_users(function.path, name, (path for path, _ in places))
        return [scope for path, known in places for scope in _naming(function, path, known)]
    hierarchy = project.hierarchy
    family = (
        *(one for one in hierarchy.order(function.owner) if isinstance(one, Class)),
        *hierarchy.descendants(function.owner),
    )
    methods = (method for one in family for method in project.values.fields.methods(one) if method is not function)
    return [one for one in methods if any(node.name == name for node in find(ir.Attribute, one.statements))]


def _naming(function: Function, path: str, name: str) -> Iterator[Scope]:
    """The functions of a product file in which a name stands, and its module where that calls it."""
    project = function.project
    if project.store.role(path) != "product":
        return
    if path != project.store.own:
        project.store.rely_on(path)
    for scope in project.uses.scopes_with(path, name):
        is_call = any(True for call in project.uses.calls_naming(path, name) if call.scope is scope)
        if scope is not function and (isinstance(scope, Function) or is_call):
            yield scope


def _is_main(scope: Scope) -> bool:
    return isinstance(scope, Function) and ends_process(scope)


def _is_unused(scope: Scope, path: str) -> bool:
    """Whether it is a function of this file whose name occurs nowhere else there."""
    if not isinstance(scope, Function) or scope.path != path or scope.owner is not None:
        return False
    source = scope.project.store.text(path).source
    return len(re.findall(rf"\b{re.escape(scope.name)}\b", source)) == 1
