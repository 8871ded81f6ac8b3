"""Which expressions are event loops of asyncio."""

from __future__ import annotations

from typing import Final

from worker_lint.analysis.entity import Class, External, Function, Instance, Scope
from worker_lint.analysis.values import Source
from worker_lint.source import ir

_GETTERS: Final = frozenset(f"asyncio.{name}" for name in ("get_event_loop", "get_running_loop", "new_event_loop"))
_CLASSES: Final = ("asyncio.events.", "asyncio.base_events.", "asyncio.unix_events.", "asyncio.AbstractEventLoop")
_DEPTH: Final = 6


def is_event_loop(scope: Scope, expr: ir.Expr, depth: int = _DEPTH) -> bool:
    """
    Whether an expression is an asyncio loop: it comes from `get_running_loop` and its kin, or is annotated so.
    A field counts when one of its assignments is one: the others must be of the same use.
    """
    if depth == 0:
        return False
    match expr:
        case ir.Call():
            found = scope.project.names.expr(scope, expr.func)
            return any(isinstance(target, External) and target.dotted in _GETTERS for target in found)
        case ir.BoolOp():
            return any(is_event_loop(scope, value, depth) for value in expr.values)
        case ir.Conditional():
            return any(is_event_loop(scope, value, depth) for value in (expr.body, expr.orelse))
        case ir.Name():
            return _is_local_loop(scope, expr.id, depth) or _is_annotated(scope, expr)
        case ir.Attribute():
            return _is_field_loop(scope, expr, depth) or _is_annotated(scope, expr)
        case _:
            return False


def _is_annotated(scope: Scope, expr: ir.Expr) -> bool:
    kind = scope.project.values.of(scope, expr)
    return isinstance(kind, Instance) and isinstance(kind.of, External) and kind.of.dotted.startswith(_CLASSES)


def _is_local_loop(scope: Scope, name: str, depth: int) -> bool:
    current: Scope | None = scope
    while isinstance(current, Function):
        sources = scope.project.values.bindings(current).places.get((name,))
        if sources:
            return any(_is_loop_source(current, source, depth) for source in sources)
        current = current.parent
    return False


def _is_field_loop(scope: Scope, expr: ir.Attribute, depth: int) -> bool:
    receiver = scope.project.values.of(scope, expr.value)
    if not isinstance(receiver, Instance) or not isinstance(receiver.of, Class):
        return False
    assigned = scope.project.values.fields.assigned(receiver.of, expr.name)
    return any(_is_loop_source(one.scope, one.source, depth) for one in assigned)


def _is_loop_source(scope: Scope, source: Source, depth: int) -> bool:
    return source.how == "value" and source.expr is not None and is_event_loop(scope, source.expr, depth - 1)
