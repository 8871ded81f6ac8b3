"""Coroutines that a server runs for each connection: nobody holds their tasks, only the end of the loop ends them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from worker_lint.analysis.entity import Function
from worker_lint.analysis.flow import find
from worker_lint.analysis.nesting import mentions
from worker_lint.analysis.nobody_waits import names_function
from worker_lint.source import ir

if TYPE_CHECKING:
    from worker_lint.analysis.entity import Scope

_STARTS: Final = ("start_server", "start_unix_server")
_DEPTH: Final = 4
"""Coroutines that await one another, down to the one that a server is given."""


def is_of_connection(scope: Scope, depth: int = _DEPTH) -> bool:
    """
    Whether a server of asyncio is given the coroutine for its connections, or the one that alone awaits it. The file
    says so, or one that may name the class.
    """
    if not isinstance(scope, Function) or depth == 0:
        return False
    if _is_given_to_server(scope):
        return True
    others = (one for one in scope.project.functions_in(scope.path) if one is not scope and mentions(one, scope.name))
    callers = [one for one in others if _named(one, scope)]
    return len(callers) == 1 and _only_awaits(callers[0], scope) and is_of_connection(callers[0], depth - 1)


def _is_given_to_server(function: Function) -> bool:
    pattern = rf"\b(?:{'|'.join(_STARTS)})\(\s*(?:[\w.]+\.)?{re.escape(function.name)}\b"
    if function.owner is not None:
        return function.project.uses.is_written(function.owner, _STARTS, pattern)
    return re.search(pattern, function.project.store.text(function.path).source) is not None


def _named(caller: Function, scope: Function) -> list[ir.Expr]:
    """Where a function names a coroutine function."""
    nodes: list[ir.Expr] = [*find(ir.Name, caller.statements), *find(ir.Attribute, caller.statements)]
    return [one for one in nodes if names_function(one, scope)]


def _only_awaits(caller: Function, scope: Function) -> bool:
    """Whether all that a function does with a coroutine function is to await it, so that both are one task."""
    awaited = [one.value for one in find(ir.Await, caller.statements)]
    run = [one.func.at for one in awaited if isinstance(one, ir.Call)]
    return all(one.at in run for one in _named(caller, scope))
