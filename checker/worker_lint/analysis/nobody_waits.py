"""Blocking calls in coroutines that keep nobody waiting in service."""

from __future__ import annotations

import re
from typing import Final

from worker_lint.analysis.entity import Function, Scope
from worker_lint.analysis.flow.visit import find
from worker_lint.analysis.guard import in_finally, in_handler
from worker_lint.analysis.nesting import Placed
from worker_lint.source import ir

_TEST: Final = re.compile(r"(?:^|_)TEST(?:S|ING)?(?:_|$)", re.IGNORECASE)
_KNOWN: Final = re.compile(r"noqa:.*\bASYNC2\d\d")


def nobody_waits(scope: Scope, placed: Placed, call: ir.Call) -> bool:
    """
    Whether nobody is kept waiting: a fallback for the same call, which comes up only when that fails; a pause that
    a switch for tests asks for; the end of the coroutine that is all that its loop runs; or another checker has said
    the same on this line, and the author knows better.
    """
    if _KNOWN.search(scope.project.store.text(scope.path).lines[call.at[0] - 1]):
        return True
    handler = in_handler(placed)
    name = ir.dotted_name(call.func)
    for outer in placed.around if handler is not None and name is not None else ():
        if isinstance(outer, ir.Try) and handler in outer.handlers:
            if any(ir.dotted_name(other.func) == name for other in find(ir.Call, outer.body)):
                return True
    for outer in placed.around:
        if isinstance(outer, ir.If) and any(_TEST.search(node.id) for node in find(ir.Name, (outer.test,))):
            return True
    return in_finally(placed) is not None and _is_whole_loop(scope)


def _is_whole_loop(scope: Scope) -> bool:
    """Whether the coroutine function is what `asyncio.run`, or a like one, is given in the block around it."""
    outer = scope.parent
    if outer is None or not isinstance(scope, Function):
        return False
    for call in find(ir.Call, outer.statements):
        if "run" in (ir.dotted_name(call.func) or "").rpartition(".")[2].split("_"):
            for made in find(ir.Call, call.args):
                if isinstance(made.func, ir.Name) and made.func.id == scope.name:
                    return True
    return False
