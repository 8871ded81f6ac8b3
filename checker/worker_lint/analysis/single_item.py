"""Loops that take one turn: none of their items keeps another from its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from worker_lint.analysis.entity import Class, Function, Instance
from worker_lint.source import ir

if TYPE_CHECKING:
    from collections.abc import Iterator

    from worker_lint.analysis.uses import Call


def holds_one(function: Function, expr: ir.Expr) -> bool:
    """
    Whether a collection has one item at most: a display of one, or the further arguments of a function of which no
    call in the project gives more than one.
    """
    if isinstance(expr, ir.Collection):
        return len(expr.items) < 2 and not any(isinstance(one, ir.Starred) for one in expr.items)
    if not isinstance(expr, ir.Name):
        return False
    plain = [one.kind.startswith("positional") for one in function.node.params]
    further = [one.name for one in function.node.params if one.kind == "var-positional"]
    if expr.id not in further or function.project.values.bindings(function).places.get((expr.id,)):
        return False
    own = sum(plain) - (function.owner is not None)
    given = [_given(call, own) for call in _calls(function)]
    return 1 in given and max(given) == 1


def _given(call: ir.Call, own: int) -> int:
    """How many further arguments a call gives; many where it does not tell."""
    return 2 if any(isinstance(one, ir.Starred) for one in call.args) else max(0, len(call.args) - own)


def _calls(function: Function) -> Iterator[ir.Call]:
    """
    The calls of this name that may run the function, in the files that know its class or one above it: those on
    objects known to be of other classes left out, those on classes that share a base with it not.
    """
    project, owner, name = function.project, function.owner, function.name
    above = [cls for cls in project.hierarchy.order(owner) if isinstance(cls, Class)] if owner is not None else []
    family = {each for cls in above for each in (cls, *project.hierarchy.descendants(cls))}
    whole = [path for path, _ in project.uses.places(function.path, name)]
    project.store.trail.looked_at_users(function.path, name, whole)
    users = {path for cls in above for path in project.uses.files_using(cls)}
    for path in sorted({*users, *whole, function.path}):
        if project.store.role(path) != "product":
            continue
        if path != project.store.own:
            project.store.rely_on(path)
        for call in project.uses.calls_naming(path, name):
            if owner is None or _is_on(family, call):
                yield call.node


def _is_on(family: set[Class], call: Call) -> bool:
    """Whether a call may be one of a method of these classes, as far as is known of the object."""
    if not isinstance(call.node.func, ir.Attribute) or not isinstance(call.scope, Function):
        return isinstance(call.node.func, ir.Attribute)
    kind = call.scope.project.values.of(call.scope, call.node.func.value)
    return not isinstance(kind, Instance) or kind.of in family
