"""Threads and tasks that stop themselves: whether they get that far, and what it keeps them from doing."""

from __future__ import annotations

from worker_lint.analysis.entity import Function
from worker_lint.analysis.flow.visit import find
from worker_lint.analysis.given import leaves
from worker_lint.analysis.guard import catches, handler_names, within
from worker_lint.analysis.nesting import Placed, own_calls, own_expressions
from worker_lint.analysis.reached import Reached
from worker_lint.analysis.stopping import is_stop_name
from worker_lint.analysis.suspending import surely_suspends
from worker_lint.analysis.visit import method_name
from worker_lint.source import ir


def skips_release(here: Reached, cancel: Placed) -> bool:
    """
    Whether a task that cancels itself here surely comes to a wait, at which it is ended, while releases or further
    waits of the same function are still to come. Where the wait may be left out, or the cancellation is caught, nothing
    need be skipped.
    """
    later = [placed for placed in here.statements() if placed.statement.at[:2] > cancel.statement.at[:2]]
    struck = next((placed for placed in later if _is_struck(here, placed, cancel)), None)
    if struck is None:
        return False
    before = [placed for placed in later if placed.statement.at[:2] < struck.statement.at[:2]]
    if any(_may_leave(placed.statement) or _absorbs(placed, cancel) for placed in before):
        return False
    return any(_does(placed.statement) for placed in later if placed.statement.at[:2] > struck.statement.at[2:])


def _may_leave(statement: ir.Stmt) -> bool:
    return isinstance(statement, (ir.Return, ir.Raise)) or (
        isinstance(statement, ir.Simple) and statement.kind in {"break", "continue"}
    )


def _absorbs(placed: Placed, cancel: Placed) -> bool:
    """Whether the statement waits where the cancellation is caught, whenever the task is cancelled here."""
    waits = any(isinstance(node, ir.Await) for node in own_expressions(placed.statement))
    if not waits or not any(isinstance(outer, ir.Try) and _takes(outer, placed) for outer in placed.around):
        return False
    outermost = next((outer for outer in placed.around if isinstance(outer, (ir.If, ir.While, ir.For))), None)
    return outermost is None or outermost in cancel.around


def _is_struck(here: Reached, placed: Placed, cancel: Placed) -> bool:
    """Whether the statement is always come to after the cancellation, and waits for something each time."""
    if any(isinstance(outer, ir.Try) and (outer.final or _takes(outer, placed)) for outer in placed.around):
        return False
    is_free = all(isinstance(outer, (ir.With, ir.Try)) or outer in cancel.around for outer in placed.around)
    if not is_free or catches(here.function, placed, ("CancelledError",)) or _is_other_branch(placed, cancel):
        return False
    return any(
        isinstance(node, ir.Await) and surely_suspends(here.function, node.value, here.me)
        for node in own_expressions(placed.statement)
    )


def _takes(outer: ir.Try, placed: Placed) -> bool:
    """Whether the statement stands in a handler, or the `try` around it takes a cancellation."""
    if not within(outer.body, placed.statement):
        return True
    names = {name for handler in outer.handlers for name in handler_names(handler)}
    return bool(names & {"", "BaseException", "CancelledError"})


def _is_other_branch(placed: Placed, cancel: Placed) -> bool:
    """Whether the two stand in different branches of one `if`."""
    for outer in placed.around:
        if isinstance(outer, ir.If) and outer in cancel.around:
            if within(outer.body, placed.statement) != within(outer.body, cancel.statement):
                return True
    return False


def _does(statement: ir.Stmt) -> bool:
    """Whether the statement waits for something or ends it: to leave that out is no small matter."""
    return any(is_stop_name(method_name(call)) for call in own_calls(statement)) or any(
        isinstance(node, ir.Await) and any(find(ir.Call, (node.value,))) for node in own_expressions(statement)
    )


def has_been_told(here: Reached, at: ir.At) -> bool:
    """
    Whether the code comes to stop itself only when its loop has ended because of the very field that the stop, or a
    step on the way to it, asks first: then it has been stopped already, and the stop may let it go.
    """
    places = [*((way.function, way.call.at) for way in here.ways), (here.function, at)]
    first, begun = places[0]
    ended = [loop.test for loop in find(ir.While, first.body) if loop.at[2] < begun[0]]
    asked = {name for function, place in places for name in _asked_first(function, place)}
    return bool(asked & {node.name for test in ended for node in find(ir.Attribute, (test,))})


def _asked_first(function: Function, at: ir.At) -> set[str]:
    """The members of the object that decide whether the function gets to a place."""
    branches = [one for one in find(ir.If, function.body) if one.at[:2] <= at[:2]]
    deciding = [one for one in branches if at[:2] <= one.at[2:] or leaves(one.body[-1])]
    return {node.name for one in deciding for node in find(ir.Attribute, (one.test,))}
