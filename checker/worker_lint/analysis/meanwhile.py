"""Whether a change of a collection can come while a coroutine of the same object goes through it."""

from __future__ import annotations

from typing import Final

from worker_lint.analysis.entity import Class, Function
from worker_lint.analysis.flow.visit import find
from worker_lint.analysis.launched import handed_methods
from worker_lint.analysis.loop_fields import field_named
from worker_lint.analysis.membership import Change, Walked
from worker_lint.analysis.nesting import mentions, own_calls, placed_statements
from worker_lint.analysis.stopping import is_stop_name
from worker_lint.source import ir

_CALLED_BACK: Final = ("on_", "handle_", "incoming_")
_LAUNCHES: Final = ("create_task", "ensure_future", "call_soon", "call_later", "add_done_callback")


def is_replaced_before(walked: Walked) -> bool:
    """Whether the function gives the field another collection before it goes through the old or the new one."""
    for placed in placed_statements(walked.function.body):
        if placed.statement.at[:2] >= walked.at[:2]:
            return False
        if isinstance(placed.statement, ir.Assign):
            if any(field_named(walked.function, target) == walked.field for target in placed.statement.targets):
                return True
    return False


def may_come_between(cls: Class, method: Function, change: Change) -> bool:
    """
    Whether the change can happen: no step before it always fails. A stop method is called when no new work comes, so
    that only what other tasks still have to take out counts there.
    """
    if _is_cut_off(cls, change):
        return False
    if not is_stop_name(method.name):
        return True
    return change.kind in {"takes", "empties"} and (_comes_after_wait(change) or _is_background(cls, change.function))


def _is_cut_off(cls: Class, change: Change) -> bool:
    """Whether a call before the change leads only to functions that are not implemented."""
    for placed in placed_statements(change.function.body):
        if placed.statement.at[:2] >= change.at[:2]:
            return False
        for call in own_calls(placed.statement):
            runs = cls.project.calls.of(change.function, call, cls).runs
            if runs and all(one.function.node.shape.startswith("not-implemented") for one in runs):
                return True
    return False


def _comes_after_wait(change: Change) -> bool:
    return any(node.at[:2] < change.at[:2] for node in find(ir.Await, change.function.body))


def _is_background(cls: Class, function: Function) -> bool:
    """Whether the method is run as a task or callback, or is named for it."""
    name = function.name
    if name.strip("_").startswith(_CALLED_BACK) or name in handed_methods(cls):
        return True
    for method in cls.project.values.fields.methods(cls):
        for entry in cls.project.workers.entries(method, cls) if mentions(method, *_LAUNCHES) else ():
            if any(runs.function is function for runs in entry.callee.runs):
                return True
    return False
