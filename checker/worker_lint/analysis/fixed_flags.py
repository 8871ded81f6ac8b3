"""Tests of locals that come out in one way only, since all that the function assigns to them is true, or all false."""

from __future__ import annotations

from worker_lint.analysis.entity import Function
from worker_lint.analysis.flow import Edge
from worker_lint.source import ir


def is_never_taken(function: Function, edge: Edge) -> bool:
    """Whether the edge is the branch of such a test to which nothing leads."""
    tested = edge.step.node if edge.step is not None and edge.kind in ("true", "false") else None
    if not isinstance(tested, ir.Name) or any(param.name == tested.id for param in function.node.params):
        return False
    bindings = function.project.values.bindings(function)
    sources = bindings.places.get((tested.id,), ())
    if not sources or tested.id in bindings.outer:
        return False
    truths = {_truth(one.expr) if one.how == "value" else None for one in sources}
    return truths == {edge.kind == "false"}


def _truth(expr: ir.Expr | None) -> bool | None:
    """How a constant tests; None for anything else."""
    match expr:
        case ir.Constant(kind="none"):
            return False
        case ir.Constant(kind="str" | "bytes" | "int" | "float" | "bool", value=value):
            return bool(value)
        case _:
            return None
