"""Whether what a class starts and keeps ends while more of it is started, so that what has ended piles up."""

from __future__ import annotations

from typing import Final

from worker_lint.analysis.calls import Runs
from worker_lint.analysis.children import goes_on, is_service, serves
from worker_lint.analysis.entity import Class, Function
from worker_lint.analysis.flow.visit import find
from worker_lint.analysis.launched import handed_methods
from worker_lint.analysis.loop_exit import leaves_loop
from worker_lint.analysis.membership import Change
from worker_lint.analysis.nesting import own_calls, placed_statements
from worker_lint.source import ir

_HANDLES: Final = ("on_message", "on_event", "on_request", "handle_", "incoming_", "process_")
"""Beginnings of the names of what is called for each message or connection."""


def started_code(cls: Class, change: Change, started: ir.Call) -> Runs | None:
    """The one function that runs as what is started, where that is known for certain."""
    for entry in cls.project.workers.entries(change.function, cls):
        if entry.call.at == started.at:
            return entry.callee.runs[0] if entry.callee.is_single else None
    return None


def lasts(runs: Runs) -> bool:
    """Whether the code goes round as long as the object works: one for each registration, not for each message."""
    return any(is_service(runs.function, loop) and goes_on(loop) for loop in find(ir.While, runs.function.body))


def surely_ends(runs: Runs | None, change: Change) -> bool:
    """Whether each thing started ends: its code has no loop that waits for an end, or somebody hears of the end."""
    return (runs is not None and not serves(runs)) or _is_heard(change)


def _is_heard(change: Change) -> bool:
    """Whether a callback is told when the task that is put in has ended."""
    if not isinstance(change.item, ir.Name):
        return False
    name = change.item.id
    return any(
        isinstance(call.func, ir.Attribute)
        and call.func.name == "add_done_callback"
        and ir.dotted_name(call.func.value) == name
        for placed in placed_statements(change.function.body)
        for call in own_calls(placed.statement)
    )


def is_for_each(cls: Class, method: Function, change: Change) -> bool:
    """
    Whether it surely happens again and again: in a loop that nothing but a field ends, in what is called for each
    message, or where the object hears of each end while it works.
    """
    loop = next((one for one in reversed(change.placed.around) if isinstance(one, (ir.While, ir.For))), None)
    if loop is not None:
        is_round = isinstance(loop, ir.While) and is_service(change.function, loop) and goes_on(loop)
        return is_round and not leaves_loop(change.placed.statement, change.placed.around)
    if method.name.lstrip("_").startswith(_HANDLES) or method.name in handed_methods(cls):
        return True
    worker = cls.project.workers.of(cls)
    if worker is not None and any(runs.function is method for runs in worker.handlers):
        return True
    return _is_heard(change)
