"""Whether somebody waits for the thread or process that runs a function."""

from __future__ import annotations

import re
from collections.abc import Iterator

from worker_lint.analysis.calls import Runs
from worker_lint.analysis.children import is_thread_class, joins_itself
from worker_lint.analysis.entity import Class, Function, Scope
from worker_lint.analysis.flow.visit import find
from worker_lint.analysis.nesting import mentions
from worker_lint.analysis.reached import reached_from
from worker_lint.analysis.visit import last_name
from worker_lint.source import ir


def is_ever_joined(function: Function) -> bool:
    """
    Whether the very thread or process that runs the function is joined: under the name by which those who start it keep
    it, or, for a class that is a thread, by its own stop or under the name of one of its objects.
    """
    cls = function.owner
    if cls is None:
        started = _started_in_module(function)
        return any(_is_joined_in_file(function, name) for scope, call in started for name in _kept(scope, call))
    names = (name for scope, call in _started_by(cls, function) for name in _kept(scope, call))
    if any(_is_joined_in_file(function, name) for name in names):
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
    for node in find(ir.Assign, scope.statements):
        if node.value is made:
            yield from (name for target in node.targets if (name := last_name(target)))


def _is_joined_in_file(function: Function, name: str) -> bool:
    """Whether the file joins what has this name, itself or by a function that is called after that."""
    source = function.project.store.text(function.path).source
    return bool(re.search(_joins(name), source))


def _joins(name: str) -> str:
    kept = re.escape(name)
    return rf"\b{kept}\.join\(|(?<![.\w])\w*join\w*\([^()\n]*\b{kept}\b"


def _is_object_joined(cls: Class) -> bool:
    if joins_itself(cls):
        return True
    kept = {name for made in cls.project.uses.creations(cls) for name in _kept(made.scope, made.node)}
    return any(cls.project.uses.is_written(cls, ("join",), _joins(name)) for name in sorted(kept))
