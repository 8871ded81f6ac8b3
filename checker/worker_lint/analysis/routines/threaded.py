"""Calls that run something in a thread and wait for it: `asyncio.to_thread(connection.close)`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from worker_lint.analysis.entity import Class, Function
from worker_lint.source import ir

if TYPE_CHECKING:
    from worker_lint.analysis.project import Project

_RUNNERS: Final = frozenset(
    {"asyncio.to_thread", "anyio.to_thread.run_sync", "trio.to_thread.run_sync", "asyncio.threads.to_thread"}
    | {"starlette.concurrency.run_in_threadpool", "fastapi.concurrency.run_in_threadpool"}
)
"""Their first argument is what runs."""


def run_in_thread(project: Project, function: Function, call: ir.Call, me: Class | None) -> ir.Expr | None:
    """What a call runs in a thread, as the expression that is called there; None when it does no such thing."""
    given = _given(project, function, call, me)
    if isinstance(given, ir.Lambda):
        return given.body.func if isinstance(given.body, ir.Call) else None
    return given


def _given(project: Project, function: Function, call: ir.Call, me: Class | None) -> ir.Expr | None:
    if isinstance(call.func, ir.Attribute) and call.func.name == "run_in_executor" and len(call.args) > 1:
        return call.args[1]
    name = ir.dotted_name(call.func) or ""
    if not call.args or not name.endswith(("to_thread", "run_sync", "run_in_threadpool")):
        return None
    kind = project.calls.of(function, call, me)
    return call.args[0] if kind.dotted in _RUNNERS else None
