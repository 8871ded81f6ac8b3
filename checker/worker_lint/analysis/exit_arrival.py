"""
Whether the exit of the process surely arrives at a place, and is lost there: in what the main function runs, or
around code that exits. Ctrl-C raises KeyboardInterrupt on the main thread alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from worker_lint.analysis.entity import Function
from worker_lint.analysis.escaping.supervision import calls_of, is_entry
from worker_lint.analysis.flow import Summary, find
from worker_lint.analysis.tiers import TrySite, ends_process
from worker_lint.analysis.tiers.handling import is_logging
from worker_lint.analysis.visit import uncalled
from worker_lint.source import ir

_ALONE: Final = frozenset({"thread", "timer", "process", "pool", "task"})
_MAIN: Final = frozenset({"main", "cli"})
_COMMANDS: Final = frozenset({"command", "group"})
_DEPTH: Final = 3
_NEAR: Final = 1


def exits_arrive(site: TrySite) -> bool:
    """Whether the code runs in the main function of a process, as far as its file tells, or calls what exits."""
    function = site.function
    return function is None or _exits(function, site.node.body, _NEAR) or _is_of_main(function, _DEPTH)


def may_leave(site: TrySite, handler: ir.Handler) -> bool:
    """Whether something that the clause calls may raise by itself, such as a pause that asks whether to stop."""
    project = site.scope.project
    for call in find(ir.Call, handler.body):
        if is_logging(call):
            continue
        callee = project.calls.of(site.scope, call)
        if not callee.first and not callee.dotted:
            return True
        for runs in callee.runs:
            summary = project.routines.summary(runs.function, runs.me)
            if not isinstance(summary, Summary) or summary.thrown:
                return True
    return False


def _exits(function: Function, body: tuple[ir.Stmt, ...], depth: int) -> bool:
    if ends_process(function, body):
        return True
    return depth > 0 and any(_exits(one, one.body, depth - 1) for one in _called(function, body))


def _called(function: Function, body: tuple[ir.Stmt, ...]) -> Iterator[Function]:
    for call in find(ir.Call, body):
        callee = function.project.calls.of(function, call)
        if callee.is_single:
            yield callee.runs[0].function


def _is_of_main(function: Function, depth: int) -> bool:
    """Whether this is a main function or a command, or one that such a function of the file calls."""
    if is_entry(function, _ALONE):
        return False
    names = {(ir.dotted_name(uncalled(one)) or "").rpartition(".")[2] for one in function.node.decorators}
    if function.name.strip("_") in _MAIN or not _COMMANDS.isdisjoint(names) or _is_called_by_module(function):
        return True
    callers = {caller for caller, _ in calls_of(function) if caller is not function} if depth else set()
    return any(_is_of_main(caller, depth - 1) for caller in callers)


def _is_called_by_module(function: Function) -> bool:
    """Whether the statements of the file itself call the function."""
    module = function.module
    return function.parent is module and any(
        isinstance(call.func, ir.Name) and call.func.id == function.name for call in find(ir.Call, module.statements)
    )
