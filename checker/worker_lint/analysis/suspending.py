"""Whether an `await` gives other tasks a turn: one that never does can neither be cancelled nor interrupted."""

from __future__ import annotations

from typing import Final

from worker_lint.analysis.entity import Class, Function
from worker_lint.analysis.flow.visit import find
from worker_lint.source import ir

_DEPTH: Final = 4
"""Coroutines that may call one another before the answer is no."""


def never_suspends(scope: Function, awaited: ir.Expr, me: Class | None = None, depth: int = _DEPTH) -> bool:
    """Whether the awaited call certainly runs only coroutines that wait for nothing, whatever the object is."""
    if depth == 0 or not isinstance(awaited, ir.Call):
        return False
    callee = scope.project.calls.of(scope, awaited, me)
    if not callee.is_sure or not callee.runs or callee.body is not None:
        return False
    return all(_is_immediate(runs.function, runs.me, depth) for runs in callee.runs)


def _is_immediate(function: Function, me: Class | None, depth: int) -> bool:
    node = function.node
    if not node.is_async or node.is_generator or node.decorators or node.shape != "other":
        return False
    if any(loop.is_async for loop in find(ir.For, function.body)):
        return False
    if any(block.is_async for block in find(ir.With, function.body)):
        return False
    if any(part.is_async for part in find(ir.Generator, function.body)):
        return False
    return all(never_suspends(function, one.value, me, depth - 1) for one in find(ir.Await, function.body))
