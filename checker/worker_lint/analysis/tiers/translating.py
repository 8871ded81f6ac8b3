"""Functions that deal with classes of errors before they come to a clause further up."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from worker_lint.analysis.entity import Function, Scope
from worker_lint.analysis.flow.visit import find
from worker_lint.source import ir

_DEPTH: Final = 4


def is_translated(scope: Scope, call: ir.Call, names: Collection[str]) -> bool:
    """Whether a function of the project that a call leads to names one of the classes: it may make another of it."""
    pending = [(runs.function, 1) for runs in scope.project.calls.of(scope, call).runs]
    seen: set[Function] = set()
    while pending:
        function, depth = pending.pop()
        if function in seen:
            continue
        seen.add(function)
        if _names_one(function, names):
            return True
        for inner in find(ir.Call, function.body) if depth < _DEPTH else ():
            pending.extend((runs.function, depth + 1) for runs in scope.project.calls.of(function, inner).runs)
    return False


def _names_one(function: Function, names: Collection[str]) -> bool:
    tiers = function.project.tiers
    return any(name in names for one in find(ir.Handler, function.body) for name in tiers.caught(function, one))
