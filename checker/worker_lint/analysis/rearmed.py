"""Callbacks that call for their next turn themselves, whatever a stop of their object has set."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from worker_lint.analysis.calls import Runs
from worker_lint.analysis.entity import Class, Function
from worker_lint.analysis.flags import is_flag
from worker_lint.analysis.guard import in_handler
from worker_lint.analysis.nesting import Placed, mentions, own_calls, placed_statements
from worker_lint.analysis.touching import Act, done_by, told_by_stops, touched_by, whole_stops
from worker_lint.analysis.workers.entry import argument_of
from worker_lint.source import ir

_TIMERS: Final = {"call_later": "callback", "call_at": "callback", "Timer": "function"}
"""What arms a timer, each with the parameter that takes the code; it is the second one."""


class Rearmed(NamedTuple):
    """
    A chain of timers.

    Attributes:
        method: The callback.
        at: Where it arms the next one.
        stop: The method that ends the object.
        flag: What that one sets, for nobody.
    """

    method: Function
    at: ir.At
    stop: Runs
    flag: Act


def rearmed(cls: Class) -> Iterator[Rearmed]:
    """The methods that arm themselves again on every way, and use nothing that a stop method changes."""
    for method in cls.project.values.fields.methods(cls):
        if not mentions(method, *_TIMERS) or method.node.decorators or method.name.startswith("__"):
            continue
        at = _armed_at(cls, method)
        if at is None:
            continue
        flags = ((stop, act) for stop in whole_stops(cls) for act in done_by(stop) if is_flag(act))
        found = next(flags, None)
        if found is not None and not _is_told(cls, method):
            yield Rearmed(method, at, *found)


def _armed_at(cls: Class, method: Function) -> ir.At | None:
    """Where the method surely calls for itself again; None when anything before may leave it."""
    for placed in placed_statements(method.body):
        if isinstance(placed.statement, (ir.Return, ir.Raise)):
            return None
        for call in own_calls(placed.statement):
            name = (ir.dotted_name(call.func) or "").rpartition(".")[2]
            code = argument_of(call, _TIMERS[name], 1) if name in _TIMERS else None
            if code is not None and _is_certain(placed):
                callee = cls.project.calls.handed(method, code, cls)
                if callee.is_single and callee.runs[0].function == method:
                    return call.at
    return None


def _is_certain(placed: Placed) -> bool:
    """Whether the statement runs each time: under no condition, and not for errors alone."""
    return in_handler(placed) is None and all(isinstance(outer, (ir.With, ir.Try)) for outer in placed.around)


def _is_told(cls: Class, method: Function) -> bool:
    """Whether a stop method changes, ends or calls anything that the callback, or what it may run, has to do with."""
    touched = {act.name for act in touched_by(cls, method.name)}
    return any(act.name in touched for act in told_by_stops(cls))
