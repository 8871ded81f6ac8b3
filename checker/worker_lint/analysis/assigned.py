"""What is assigned to a place of a function, be it a local or a field of the object."""

from __future__ import annotations

from worker_lint.analysis.entity import Function
from worker_lint.analysis.flow import Place
from worker_lint.analysis.places import SELF
from worker_lint.source import ir


def assigned_at(scope: Function, place: Place) -> list[ir.Expr | None] | None:
    """What a local of the function or a field of its object is assigned; None for any other place."""
    if len(place) == 2 and place[0] == SELF and scope.owner is not None:
        return [one.source.expr for one in scope.project.values.fields.assigned(scope.owner, place[1])]
    if len(place) == 1:
        return [one.expr for one in scope.project.values.bindings(scope).places.get(place, ())]
    return None
