"""Loops that keep a pool of processes alive: each has nobody above that would start it once more."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from worker_lint.analysis.calls import Runs
from worker_lint.analysis.entity import Class, External
from worker_lint.analysis.escaping.supervision import around
from worker_lint.analysis.flow.visit import find
from worker_lint.analysis.nesting import own_calls
from worker_lint.analysis.reached import Reached, callee_in, reached_from
from worker_lint.analysis.tiers import ends_process, raises_anything
from worker_lint.analysis.visit import last_name
from worker_lint.source import ir

if TYPE_CHECKING:
    from worker_lint.analysis.entity import Function
    from worker_lint.analysis.escaping.boundaries import Boundary

_ENDS: Final = ("waitpid", "wait3", "wait4", "is_alive", "exitcode", "sentinel", "SIGCHLD")
"""Words of a file that looks for the end of processes."""
_READS: Final = frozenset({"os.read", "posix.read"})
_WATCHERS: Final = ("watchdog", "supervisor", "excepthook")
"""Words of a file that knows of somebody above who starts it once more."""
_PROCESSES: Final = ("multiprocessing.process.BaseProcess", "billiard.process.BaseProcess")


def keeps_processes(boundary: Boundary) -> bool:
    """
    Whether turns of the loop make processes, in a file that looks for their ends: what ends the loop leaves the
    processes to nobody, or ends all of them for what went wrong in the one that looks after them.
    """
    function = boundary.function
    if boundary.kind != "loop" or not may_keep_processes(function):
        return False
    return any(_makes_one(boundary, here) for here in reached_from(Runs(function, boundary.variant.me)))


def may_keep_processes(function: Function) -> bool:
    """Whether the file looks for the ends of processes, and knows of nobody above."""
    text = function.project.store.text(function.path)
    return any(text.may_use(word) for word in _ENDS) and not any(text.may_use(word) for word in _WATCHERS)


def ends_as_if_well(boundary: Boundary) -> bool:
    """Whether a broad clause around the loop neither raises nor ends the process: nobody above sees a failure."""
    function = boundary.function
    tiers = function.project.tiers
    return any(
        tiers.is_broad(function, handler)
        and not raises_anything(handler.body)
        and not ends_process(function, handler.body)
        for site in around(function, boundary.node.at)
        for handler in site.node.handlers
    )


def reads_stream(function: Function, depth: int = 1) -> bool:
    """
    Whether the function, or what it calls, reads as many bytes as are there: `os.read(fd, 1000)`. A text of them may be
    cut off anywhere; what a `recv()` without a number gives is whole.
    """
    for call in find(ir.Call, function.statements):
        callee = function.project.calls.of(function, call)
        is_method = isinstance(call.func, ir.Attribute) and call.func.name == "recv"
        if callee.dotted in _READS or (is_method and len(call.args) == 1):
            return True
        if depth and callee.is_single and reads_stream(callee.runs[0].function, depth - 1):
            return True
    return False


def _makes_one(boundary: Boundary, here: Reached) -> bool:
    """Whether a function that the loop reaches makes a process."""
    if here.ways and not boundary.holds(here.ways[0].call):
        return False
    calls = (call for placed in here.statements() for call in own_calls(placed.statement))
    return any((here.ways or boundary.holds(call)) and _is_process(here, call) for call in calls)


def _is_process(here: Reached, call: ir.Call) -> bool:
    name = last_name(call.func)
    if name in ("fork", "forkpty"):
        return not call.args
    if "rocess" not in name:
        return False
    made, project = callee_in(here, call).creates, here.function.project
    if isinstance(made, External):
        return any(each.name in _PROCESSES for each in project.models.resolution_order(made.dotted) or ())
    return isinstance(made, Class) and project.hierarchy.derives_from(made, *_PROCESSES)
