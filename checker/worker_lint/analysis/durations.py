"""How long a written duration is: literals, and names and fields that only ever hold one."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from worker_lint.analysis.entity import Function, ModuleScope, Scope
from worker_lint.source import ir

if TYPE_CHECKING:
    from worker_lint.analysis.entity import Class

_DEPTH = 4


def seconds(scope: Scope, expr: ir.Expr | None, me: Class | None = None, depth: int = _DEPTH) -> float | None:
    """
    The number that an expression is in any run where nobody sets it otherwise; None when that is unknown.

    A parameter counts as its default.
    """
    match expr:
        case ir.Constant(kind="int" | "float"):
            return float(expr.value) if isinstance(expr.value, (int, float)) else None
        case ir.Binary(op="*"):
            left, right = seconds(scope, expr.left, me, depth), seconds(scope, expr.right, me, depth)
            return left * right if left is not None and right is not None else None
        case ir.Name() if depth:
            return _named(scope, expr.id, me, depth)
        case ir.Attribute(value=ir.Name(id="self" | "cls")) if depth and me is not None:
            assigned = scope.project.values.fields.assigned(me, expr.name)
            return _same(
                seconds(one.scope, one.source.expr, me, depth - 1) for one in assigned if one.source.how == "value"
            )
        case _:
            return None


def _named(scope: Scope, name: str, me: Class | None, depth: int) -> float | None:
    current: Scope | None = scope
    while current is not None:
        if isinstance(current, Function):
            for param in current.node.params:
                if param.name == name:
                    return seconds(current, param.default, me, depth - 1)
        if isinstance(current, (Function, ModuleScope)):
            sources = current.project.values.bindings(current).places.get((name,))
            if sources:
                values = [source for source in sources if source.how != "annotation"]
                return _same(seconds(current, source.expr, me, depth - 1) for source in values)
        current = current.parent
    return None


def _same(values: Iterable[float | None]) -> float | None:
    found = set(values)
    return found.pop() if len(found) == 1 else None
