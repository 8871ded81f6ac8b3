"""
Loops that run on a greenlet or process of their own, where an error that one message causes ends all that they do.

A lost connection is another matter: a process may be meant to end with it, since it is started anew.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from worker_lint.analysis.entity import Function
from worker_lint.analysis.escaping.alone import is_alone, is_looked_after, is_taken
from worker_lint.analysis.escaping.boundaries import functions_of
from worker_lint.analysis.escaping.supervision import is_entry, is_thread_main
from worker_lint.analysis.flow.visit import find
from worker_lint.analysis.visit import encloses, last_name
from worker_lint.source import ir

if TYPE_CHECKING:
    from worker_lint.analysis.escaping.boundaries import Boundary
    from worker_lint.analysis.escaping.origins import Origin

_PROCESSES: Final = frozenset({"threading.Thread", "multiprocessing.process.BaseProcess"})
_SPAWNS: Final = frozenset({"spawn", "spawn_later", "spawn_n", "spawn_raw"})
_LINKS: Final = frozenset({"link", "link_exception", "link_value"})


def ends_apart(boundary: Boundary) -> bool:
    """Whether one message ends a loop on its own greenlet, process or thread for good, with a log line at most."""
    function = boundary.function
    if is_looked_after(function) or is_taken(function, boundary.node.at):
        return False
    return is_alone(function, _is_apart)


def runs_in_child(origin: Origin) -> bool:
    """Whether a function on the way down makes a process: what fails below it may end that one, and not the loop."""
    return any(_forks(frame.function) for frame in origin.frames[:-1])


def _is_apart(function: Function) -> bool:
    """Whether the function is all that a thread, process or greenlet runs, and nobody starts it once more."""
    if is_thread_main(function, _PROCESSES) or is_entry(function, frozenset({"process"})):
        return True
    text = function.project.store.text(function.path)
    return (text.may_use("spawn") and _is_spawned(function)) or (text.may_use("fork") and _forks(function))


def _is_spawned(function: Function) -> bool:
    """Whether every place that hands the function over makes a greenlet of it, whose end nobody answers by a start."""
    found = False
    for other in functions_of(function.project, function.path):
        calls = list(find(ir.Call, other.statements))
        for call in calls:
            if last_name(call.func) not in _SPAWNS or not any(_names(other, one, function) for one in call.args[:2]):
                continue
            links = [one for one in calls if last_name(one.func) in _LINKS and encloses(one.at, call.at)]
            if any(_may_start(other, argument) for one in links for argument in one.args):
                return False
            found = True
    return found


def _names(scope: Function, argument: ir.Expr, function: Function) -> bool:
    if not isinstance(argument, (ir.Name, ir.Attribute)) or last_name(argument) != function.name:
        return False
    return any(runs.function is function for runs in scope.project.calls.handed(scope, argument).runs)


def _may_start(scope: Function, argument: ir.Expr) -> bool:
    """Whether what is told of the end of a greenlet may start another one: it does so itself, or is unknown."""
    runs = scope.project.calls.handed(scope, argument).runs
    started = (
        "start" in last_name(call.func) or last_name(call.func) in _SPAWNS
        for one in runs
        for call in find(ir.Call, one.function.statements)
    )
    return not runs or any(started)


def _forks(function: Function) -> bool:
    """Whether the function makes the process that runs what it calls."""
    return any(last_name(call.func) == "fork" for call in find(ir.Call, function.statements))
