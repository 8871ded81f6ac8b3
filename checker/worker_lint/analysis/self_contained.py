"""Coroutines that need nobody to look after them: they end by themselves and deal with their own failures."""

from __future__ import annotations

from typing import Final

from worker_lint.analysis.entity import Function
from worker_lint.analysis.flow.visit import find
from worker_lint.analysis.guard import CATCH_ALL, catches, handler_names, in_handler, within
from worker_lint.analysis.nesting import Placed, own_expressions, placed_statements
from worker_lint.analysis.stopping import is_stop_name
from worker_lint.analysis.visit import last_name
from worker_lint.source import ir

_FUTURES: Final = frozenset({"set_result", "set_exception"})
_LIMITED: Final = frozenset({"wait_for", "sleep", "checkpoint"})
_LIMITS: Final = frozenset({"timeout", "timeout_at", "move_on_after", "fail_after", "move_on_at", "fail_at"})


def looks_after_itself(function: Function) -> bool:
    """
    Whether every wait of the coroutine function has a limit, or a handler for all errors that lets none out; or
    it hands its result, good or bad, to futures that others wait for. One that only
    releases something and never waits is over at once.
    """
    calls = list(find(ir.Call, function.body))
    names = {call.func.name for call in calls if isinstance(call.func, ir.Attribute)}
    if names >= _FUTURES:
        return True
    waits = [placed for placed in placed_statements(function.body) if is_wait(placed.statement)]
    if not waits:
        return bool(calls) and all(is_stop_name(last_name(call.func)) for call in calls)
    waits = [placed for placed in waits if in_handler(placed) is None]  # how it deals with its failures
    return bool(waits) and all(is_looked_after(function, placed) for placed in waits)


def is_looked_after(function: Function, placed: Placed) -> bool:
    """Whether a wait has a limit, or a handler that lets nothing out."""
    return _is_handled(placed) or _is_limited(function, placed)


def is_wait(statement: ir.Stmt) -> bool:
    """Whether a statement waits, by itself or as an asynchronous block."""
    if isinstance(statement, (ir.For, ir.With)) and statement.is_async:
        return not (isinstance(statement, ir.With) and _is_limit(statement))
    return any(isinstance(node, ir.Await) for node in own_expressions(statement))


def _is_handled(placed: Placed) -> bool:
    """Whether a `try` around the statement takes every exception and raises none again."""
    for outer in placed.around:
        if isinstance(outer, ir.Try) and within(outer.body, placed.statement):
            for handler in outer.handlers:
                if CATCH_ALL & set(handler_names(handler)) and not any(find(ir.Raise, handler.body)):
                    return True
    return False


def _is_limited(function: Function, placed: Placed) -> bool:
    """Whether each wait of the statement ends after a while, and what it raises then is expected."""
    if any(isinstance(outer, ir.While) for outer in placed.around):
        return False
    if any(isinstance(outer, ir.With) and _is_limit(outer) for outer in placed.around):
        return True
    awaits = [node.value for node in own_expressions(placed.statement) if isinstance(node, ir.Await)]
    return bool(awaits) and all(
        isinstance(call, ir.Call)
        and (last_name(call.func) in _LIMITED or any(one.name == "timeout" for one in call.keywords))
        and (last_name(call.func) != "wait_for" or catches(function, placed, ("TimeoutError",)))
        for call in awaits
    )


def _is_limit(statement: ir.With) -> bool:
    return any(
        isinstance(item.context, ir.Call) and last_name(item.context.func) in _LIMITS for item in statement.items
    )
