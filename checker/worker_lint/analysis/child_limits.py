"""What the calls that start a child process, and those that wait for it, state about it."""

from __future__ import annotations

from typing import Final

from worker_lint.analysis.flow.visit import find
from worker_lint.analysis.resources.held import End, Held
from worker_lint.analysis.workers.entry import argument_of
from worker_lint.source import ir

_DETACHED: Final = frozenset({"start_new_session", "creationflags", "preexec_fn", "process_group", "daemon"})


def has_limit(end: End) -> bool:
    """Whether a `wait` or `communicate` is given a time-out."""
    for call in find(ir.Call, end.site.function.body):
        if call.at == end.site.at or (isinstance(call.func, ir.Attribute) and call.func.value.at == end.site.at):
            limit = argument_of(call, "timeout", 0 if end.name == "wait" else 1)
            return limit is not None and not (isinstance(limit, ir.Constant) and limit.kind == "none")
    return False


def is_detached(held: Held) -> bool:
    """Whether the process is started so that it outlives its parent, or ends with it."""
    for site in held.created:
        for call in find(ir.Call, site.function.body):
            if call.at == site.at and any(keyword.name in _DETACHED for keyword in call.keywords):
                return True
    return False
