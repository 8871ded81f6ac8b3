"""The places that an expression may mean."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from worker_lint.analysis.entity import Class, Function, Scope
from worker_lint.analysis.flow.visit import Place
from worker_lint.analysis.member import Member
from worker_lint.analysis.values import Source
from worker_lint.source import ir

if TYPE_CHECKING:
    from worker_lint.analysis.project import Project

SELF: Final = "self"
"""The root of places that are fields, whatever the first parameter is called."""

DEPTH: Final = 12
"""Names and getters that may lead to one another; what lies deeper is not found."""

_NOWHERE: Final[frozenset[Place]] = frozenset()
_COPIES: Final = frozenset(
    {"list", "tuple", "set", "frozenset", "sorted", "reversed", "iter", "enumerate", "zip", "chain", "filter", "dict"}
    | {"next", "cast", "ensure_future", "shield"}
)
_VIEWS: Final = frozenset({"values", "items", "copy", "pop", "popleft", "popitem", "get", "setdefault"})


class Denoted:
    """Answers for the code of one block and of those inside it, on objects of class `me`."""

    def __init__(self, project: Project, scope: Scope, me: Class | None) -> None:
        self.project = project
        self.scope = scope
        self.method = _method_around(scope)
        owner = self.method.owner if self.method is not None else None
        self.me = me or owner
        params = self.method.node.params if self.method is not None and owner is not None else ()
        self.subject = params[0].name if params else ""

    def of(self, expr: ir.Expr | None, depth: int = DEPTH) -> frozenset[Place]:
        """The places that the expression may mean; of a collection and of its items it is the same one."""
        if expr is None or depth == 0:
            return _NOWHERE
        match expr:
            case ir.Name():
                return self._name(expr, depth)
            case ir.Attribute():
                return self._attribute(expr, depth)
            case ir.Subscript() | ir.Await() | ir.Starred() | ir.Walrus():
                return self.of(expr.value, depth)
            case ir.Conditional():
                return self.of(expr.body, depth) | self.of(expr.orelse, depth)
            case ir.BoolOp():
                return self._any(expr.values, depth)
            case ir.Collection():
                return self._any(expr.items, depth)
            case ir.Comprehension():
                return self.of(expr.value or expr.element, depth)
            case ir.Call():
                return self._call(expr, depth)
            case _:
                return _NOWHERE

    def _any(self, exprs: Iterable[ir.Expr], depth: int) -> frozenset[Place]:
        return _NOWHERE.union(*(self.of(expr, depth - 1) for expr in exprs))

    def _name(self, expr: ir.Name, depth: int) -> frozenset[Place]:
        name = expr.id
        if name == self.subject:
            return frozenset({(SELF,)})
        found: set[Place] = {(name,)}
        scope: Scope | None = self.scope
        while isinstance(scope, Function):
            bindings = self.project.values.bindings(scope)
            sources = bindings.at(name, expr.at) if scope is self.scope else bindings.places.get((name,))
            if sources:
                found.update(self._sources(sources, scope, depth))
                break
            if any(param.name == name for param in scope.node.params):
                break
            scope = scope.parent
        return frozenset(found)

    def _sources(self, sources: Iterable[Source], scope: Scope, depth: int) -> frozenset[Place]:
        inner = self if scope is self.scope else Denoted(self.project, scope, self.me)
        exprs = [one.expr for one in sources if one.expr is not None and one.how not in ("annotation", "element")]
        return _NOWHERE.union(*(inner.of(expr, depth - 1) for expr in exprs))

    def _attribute(self, expr: ir.Attribute, depth: int) -> frozenset[Place]:
        if isinstance(expr.value, ir.Name) and expr.value.id == self.subject and self.subject:
            return frozenset({(SELF, expr.name)}) | self._getter(expr.name, depth, kind="property")
        around = self.of(expr.value, depth - 1)
        return frozenset((*place, expr.name) for place in around if len(place) < 4)

    def _call(self, expr: ir.Call, depth: int) -> frozenset[Place]:
        func = expr.func
        if isinstance(func, ir.Name):
            return self._any(expr.args, depth) if func.id in _COPIES else _NOWHERE
        if not isinstance(func, ir.Attribute):
            return _NOWHERE
        if isinstance(func.value, ir.Name) and func.value.id == self.subject and self.subject:
            return self._getter(func.name, depth, kind="method")
        if func.name in _VIEWS:
            return self.of(func.value, depth - 1)
        return self._any(expr.args, depth) if func.name in _COPIES else _NOWHERE

    def _getter(self, name: str, depth: int, *, kind: str) -> frozenset[Place]:
        """What a property or method of `self` returns, as places of the same object."""
        found = self.project.hierarchy.find(self.me, name) if self.me is not None else None
        if found is None or not isinstance(found.member, Member) or not isinstance(found.owner, Class):
            return _NOWHERE
        if found.member.kind != kind or not found.member.parts:
            return _NOWHERE
        function = self.project.function_of(found.owner, found.member.parts[0])
        inner = Denoted(self.project, function, self.me)
        returned = self.project.values.bindings(function).returned
        places = _NOWHERE.union(*(inner.of(value, depth - 1) for value in returned))
        return frozenset(place for place in places if place[0] == SELF and len(place) > 1)


def _method_around(scope: Scope) -> Function | None:
    """The outermost function: a method, when it stands in a class."""
    found: Function | None = None
    current: Scope | None = scope
    while isinstance(current, Function):
        found = current
        current = current.parent
    return found
