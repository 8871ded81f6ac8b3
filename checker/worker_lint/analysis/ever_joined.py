"""Whether somebody waits for the thread or process that runs a function."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from worker_lint.analysis.calls import Runs
from worker_lint.analysis.children import is_thread_class, joins_itself
from worker_lint.analysis.entity import Class, Function, Scope
from worker_lint.analysis.flow.visit import find
from worker_lint.analysis.nesting import mentions
from worker_lint.analysis.reached import reached_from
from worker_lint.analysis.statements import given_result
from worker_lint.analysis.stopping import is_stop_name
from worker_lint.analysis.visit import last_name
from worker_lint.source import ir

if TYPE_CHECKING:
    from worker_lint.analysis.project import Project


def is_ever_joined(function: Function) -> bool:
    """
    Whether the very thread or process that runs the function is joined: under the name by which those who start it keep
    it, or, for a class that is a thread, by its own stop or under the name of one of its objects.
    """
    cls = function.owner
    if cls is None:
        started = _started_in_module(function)
        return any(
            _is_joined(function.project, function.path, name) for scope, call in started for name in _kept(scope, call)
        )
    names = (name for scope, call in _started_by(cls, function) for name in _kept(scope, call))
    if any(_is_joined(function.project, function.path, name) for name in names):
        return True
    return is_thread_class(cls) and _is_its_code(cls, function) and _is_object_joined(cls)


def _started_in_module(function: Function) -> Iterator[tuple[Scope, ir.Call]]:
    """The calls of the file that are given the function as their target."""
    for other in function.project.functions_in(function.path):
        if mentions(other, function.name) and mentions(other, "target"):
            for call in find(ir.Call, other.body):
                if any(one.name == "target" and ir.dotted_name(one.value) == function.name for one in call.keywords):
                    yield other, call


def _started_by(cls: Class, function: Function) -> Iterator[tuple[Scope, ir.Call]]:
    """The calls of the class that make a thread or process for code which leads to the function."""
    for runs in cls.project.workers.methods(cls).values():
        if not mentions(runs.function, "Thread", "Process"):
            continue
        for entry in cls.project.workers.entries(runs.function, cls):
            if entry.kind in {"thread", "process"} and len(entry.callee.runs) == 1:
                if _leads_to(Runs(entry.callee.runs[0].function, cls), function):
                    yield entry.site.function, entry.call


def _is_its_code(cls: Class, function: Function) -> bool:
    own = cls.project.calls.method(cls, "run").runs
    return len(own) == 1 and _leads_to(Runs(own[0].function, cls), function)


def _leads_to(runs: Runs, function: Function) -> bool:
    return any(here.function is function for here in reached_from(runs))


def _kept(scope: Scope, made: ir.Call) -> Iterator[str]:
    """The names of the locals and fields that are given what a call makes."""
    return filter(None, map(last_name, given_result(scope.statements, made)))


def _is_joined(project: Project, path: str, name: str) -> bool:
    """
    Whether a stop of the file, or a function that sets an event, joins what has this name, itself or by a function that
    is called after that. Others may join it when it has long ended.
    """
    kept = re.escape(name)
    joins = re.compile(rf"\b{kept}\.join\(|(?<![.\w])\w*join\w*\([^()\n]*\b{kept}\b")
    for function in project.functions_in(path):
        if mentions(function, "join") and (is_stop_name(function.name) or mentions(function, ".set(")):
            if joins.search(project.store.text(path).segment(function.node.at)):
                return True
    return False


def _is_object_joined(cls: Class) -> bool:
    """Whether the object is joined: by itself, or under a name that those who make it give it."""
    if joins_itself(cls):
        return True
    project = cls.project
    made = [one for kind in (cls, *project.hierarchy.descendants(cls)) for one in project.uses.creations(kind)]
    places = [(one.scope.path, name) for one in made for name in _kept(one.scope, one.node)]
    return any(_is_joined(project, path, name) for path, name in dict.fromkeys(places))
