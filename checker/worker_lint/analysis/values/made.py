"""The one call that makes what an expression denotes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from worker_lint.analysis.entity import Class, Function, Scope
from worker_lint.source import ir

if TYPE_CHECKING:
    from worker_lint.analysis.project import Project


def made_by(project: Project, scope: Scope, expr: ir.Expr) -> ir.Call | None:
    """
    The call whose result a local, a global of the module or a field of `self` always holds; None when there are
    several, or it comes from elsewhere. Assignments of None do not count.
    """
    if isinstance(expr, ir.Call):
        return expr
    if isinstance(expr, ir.Name):
        found: list[ir.Expr | None] = []
        current: Scope | None = scope
        while current is not None:
            sources = project.values.bindings(current).places.get((expr.id,), ())
            params = current.node.params if isinstance(current, Function) else ()
            if sources or any(param.name == expr.id for param in params):
                found = [one.expr if one.how in ("value", "entered") else None for one in sources]
                break
            current = current.parent
        return _single(found)
    owner = _owner(scope)
    if isinstance(expr, ir.Attribute) and ir.dotted_name(expr.value) == "self" and owner is not None:
        assigned = project.values.fields.assigned(owner, expr.name)
        return _single([one.source.expr if one.source.how == "value" else None for one in assigned if not one.added])
    return None


def _single(values: list[ir.Expr | None]) -> ir.Call | None:
    real = [value for value in values if not (isinstance(value, ir.Constant) and value.kind == "none")]
    value = real[0].value if len(real) == 1 and isinstance(real[0], ir.Await) else real[0] if len(real) == 1 else None
    return value if isinstance(value, ir.Call) else None


def _owner(scope: Scope) -> Class | None:
    current: Scope | None = scope
    while isinstance(current, Function):
        if current.owner is not None:
            return current.owner
        current = current.parent
    return None
