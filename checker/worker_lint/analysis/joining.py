"""Joins of threads that the code does not tell to end."""

from __future__ import annotations

from worker_lint.analysis.entity import Function
from worker_lint.analysis.flow import find
from worker_lint.analysis.stopping import is_stop_name
from worker_lint.analysis.visit import method_name, receiver_name
from worker_lint.source import ir


def is_mere_wait(function: Function, call: ir.Node, *, bounded: bool = False) -> bool:
    """
    Whether this joins a thread that the function does not tell to end, so that it ends for other reasons; with
    `bounded` only if it waits no longer than a time that is given.
    """
    if (
        not isinstance(call, ir.Call)
        or method_name(call) != "join"
        or (bounded and not call.args and not call.keywords)
    ):
        return False
    subject = receiver_name(call)
    calls = find(ir.Call, function.statements)
    return not any(receiver_name(one) == subject and _tells_to_end(one) for one in calls)


def _tells_to_end(call: ir.Call) -> bool:
    return method_name(call) != "join" and is_stop_name(method_name(call))
