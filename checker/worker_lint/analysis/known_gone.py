"""Calls that a class knows to fail when a process has gone, and that its stop makes without a handler for it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from worker_lint.analysis.entity import Class, Function
from worker_lint.analysis.flow.visit import find
from worker_lint.analysis.guard import catches, handler_names, within
from worker_lint.analysis.locking import Locking
from worker_lint.analysis.nesting import Placed, mentions, own_calls, own_expressions, placed_statements
from worker_lint.source import ir

GONE: Final = frozenset({"NoSuchProcess", "ProcessLookupError"})
_ABOVE: Final = ("OSError", "EnvironmentError", "error")
_ENDS: Final = frozenset({"kill", "stop", "terminate", "shutdown", "reap"})


class Unready(NamedTuple):
    """
    A call without a handler.

    Attributes:
        call: The call.
        method: The method it stands in.
        error: What it raises when the process has gone.
        handled: The same call elsewhere in the class, in a `try` with a clause for that.
        elsewhere: The method where that stands.
        is_of_many: The class calls the method for one process after the other, so that the error ends that row.
    """

    call: ir.Call
    method: Function
    error: str
    handled: ir.At
    elsewhere: Function
    is_of_many: bool


def unready_calls(cls: Class) -> Iterator[Unready]:
    """
    The calls in methods that end processes, with steps after them that the error leaves out, where the same call
    is made in another method of the class body inside a `try` for nothing but this error. One for each method.
    """
    locking = Locking(cls)
    methods = list(locking.methods.values())
    known: dict[str, tuple[str, ir.At, Function]] = {}
    for method in methods:
        for name, error, at in _handled(method) if mentions(method, *GONE) else ():
            known.setdefault(name, (error, at, method))
    for method in methods if known else ():
        if not _ENDS & set(method.name.strip("_").split("_")) or _is_handled_outside(method, locking):
            continue
        for placed in placed_statements(method.body):
            found = next((call for call in own_calls(placed.statement) if _called(method, call) in known), None)
            if found is None:
                continue
            error, at, elsewhere = known[_called(method, found)]
            if elsewhere is not method and not catches(method, placed, GONE) and _goes_on(method, placed):
                yield Unready(found, method, error, at, elsewhere, _is_of_many(method, methods, error))
                break


def _handled(method: Function) -> Iterator[tuple[str, str, ir.At]]:
    """The calls on the object that begin a `try` with a clause for a process that has gone."""
    for placed in placed_statements(method.body):
        if isinstance(placed.statement, ir.Try):
            names = [name for handler in placed.statement.handlers for name in handler_names(handler)]
            error = next((name for name in names if name in GONE), "")
            for call in own_calls(placed.statement.body[0]) if error and len(names) == 1 else ():
                name = _called(method, call)
                if name:
                    yield name, error, call.at
                    break


def _called(method: Function, call: ir.Call) -> str:
    """The method of the object that is called, as `x` or `x.y`; "" for other calls."""
    subject = method.node.params[0].name if method.node.params else ""
    name = ir.dotted_name(call.func) or ""
    return name.partition(".")[2] if subject and name.startswith(f"{subject}.") else ""


def _is_of_many(method: Function, methods: list[Function], error: str) -> bool:
    """Whether a method calls this one in a loop or comprehension, and takes no such error from it."""
    taken = (error, *_ABOVE) if error == "ProcessLookupError" else (error,)
    for caller in methods if len(method.node.params) > 1 else ():
        for placed in placed_statements(caller.body) if mentions(caller, method.name) else ():
            calls = [call for call in own_calls(placed.statement) if _called(caller, call) == method.name]
            if calls and not catches(caller, placed, taken) and _is_in_row(placed, calls[0]):
                return True
    return False


def _is_in_row(placed: Placed, call: ir.Call) -> bool:
    within_one = (node for node in own_expressions(placed.statement) if isinstance(node, ir.Comprehension))
    return any(isinstance(outer, ir.For) for outer in placed.around) or any(
        one is call for node in within_one for one in find(ir.Call, (node.element,))
    )


def _is_handled_outside(method: Function, locking: Locking) -> bool:
    """Whether a method of the class that leads there has a clause for a process that has gone, or for everything."""
    callers = [locking.methods[name] for name in locking.callers(method.name)]
    return any(mentions(caller, *GONE, "except Exception", "except:", "except BaseException") for caller in callers)


def _goes_on(method: Function, placed: Placed) -> bool:
    """Whether steps of the method follow that do more than return."""
    outermost = placed.around[0] if placed.around else placed.statement
    index = next((number for number, one in enumerate(method.body) if one is outermost), len(method.body))
    rest = method.body[index + 1 :]
    if any(isinstance(outer, ir.Try) and within(outer.body, placed.statement) for outer in placed.around):
        return False
    return any(isinstance(one, (ir.Expression, ir.For, ir.While, ir.With, ir.If)) for one in rest)
