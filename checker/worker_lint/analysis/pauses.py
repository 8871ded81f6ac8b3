"""Where a loop pauses: sleeps, and waits for a queue or an event without limit."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from worker_lint.analysis.durations import seconds
from worker_lint.analysis.entity import Class, External, Function, Instance
from worker_lint.analysis.nesting import Placed, own_expressions
from worker_lint.analysis.places import Use
from worker_lint.analysis.touching import acts_of, field_name
from worker_lint.source import ir

_EVENTS: Final = ("threading.Event", "multiprocessing.synchronize.Event")
_ASKING: Final = frozenset({"is_set", "isSet"})


class Asked(NamedTuple):
    """A loop and the event that its condition asks."""

    loop: ir.While
    event: ir.Expr


def asked_event(block: Function, placed: Placed, me: Class | None) -> Asked | None:
    """The innermost loop around a statement, if its condition asks an event whether it is set."""
    loops = [outer for outer in placed.around if isinstance(outer, (ir.While, ir.For))]
    if not loops or not isinstance(loops[-1], ir.While):
        return None
    pending = [loops[-1].test]
    while pending:
        node = pending.pop()
        if isinstance(node, ir.BoolOp):
            pending.extend(node.values)
        elif isinstance(node, ir.Unary):
            pending.append(node.operand)
        elif isinstance(node, ir.Call) and isinstance(node.func, ir.Attribute) and node.func.name in _ASKING:
            kind = block.project.values.of(block, node.func.value, me)
            if isinstance(kind, Instance) and isinstance(kind.of, External) and kind.of.dotted in _EVENTS:
                return Asked(loops[-1], node.func.value)
    return None


def slept(block: Function, call: ir.Call, me: Class | None) -> float | None:
    """The seconds for which a call of `time.sleep` sleeps; None when it is none, or nobody knows."""
    if len(call.args) != 1 or block.project.calls.of(block, call, me).dotted != "time.sleep":
        return None
    return seconds(block, call.args[0], me)


def within(expr: ir.Expr) -> Iterator[ir.Expr]:
    """An expression and all in it."""
    yield from own_expressions(ir.Expression(expr.at, expr))


def blocked_on(cls: Class, function: Function, placed: Placed, call: ir.Call) -> str:
    """The own queue or event of the object on which the call waits without limit, or ""."""
    model = cls.project.calls.of(function, call, cls).model
    if model is None or not model.facts.blocking or not model.facts.timeout or not isinstance(call.func, ir.Attribute):
        return ""
    if model.facts.default_timeout != "none" or call.args or call.keywords:
        return ""
    name = field_name(function, call.func.value)
    if not name or call.func.name not in {"get", "wait"} or not is_made_here(cls, name):
        return ""
    guarded = any(
        isinstance(outer, (ir.If, ir.While)) and any(field_name(function, node) == name for node in within(outer.test))
        for outer in placed.around
    )
    return "" if guarded else name


def is_made_here(cls: Class, name: str) -> bool:
    """Whether the object makes what is in the field itself, each time."""
    values = [one.source for one in cls.project.values.fields.assigned(cls, name) if one.source.how != "annotation"]
    return bool(values) and all(source.how == "value" and isinstance(source.expr, ir.Call) for source in values)


def may_be_woken(cls: Class, name: str) -> bool:
    """Whether any method puts a sentinel there, or gives the object to somebody who may."""
    for runs in cls.project.workers.methods(cls).values():
        for act in acts_of(runs.function, cls):
            if act.name != name or act.use is None:
                continue
            if act.use.how in {"passed", "stored", "held", "returned"} and _is_itself(act.use):
                return True
            given = act.use.call.args if act.use.call is not None and act.called.startswith("put") else ()
            if any(isinstance(value, (ir.Constant, ir.Attribute)) or _is_constant(value) for value in given):
                return True
    return False


def _is_itself(use: Use) -> bool:
    """Whether the queue is meant, not an item that was taken out of it."""
    nodes = own_expressions(use.statement) if use.statement is not None else ()
    return any(isinstance(node, ir.Attribute) and node.at == use.at for node in nodes)


def _is_constant(value: ir.Expr) -> bool:
    return isinstance(value, ir.Name) and value.id.isupper()
