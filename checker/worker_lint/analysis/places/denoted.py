"""The places that an expression may mean."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from worker_lint.analysis.entity import Class, Function, Scope
from worker_lint.analysis.flow.visit import Place
from worker_lint.analysis.member import Member
from worker_lint.analysis.values import Source
from worker_lint.analysis.values.reaching import last_assigned
from worker_lint.source import ir

if TYPE_CHECKING:
    from worker_lint.analysis.project import Project

SELF: Final = "self"
"""The root of places that are fields, whatever the first parameter is called."""

DEPTH: Final = 2
"""Getters that may lead to one another; what lies deeper is not found."""

ROUNDS: Final = 8
"""Names that may stand for one another in a row."""

PLACE_LIMIT: Final = 4
"""Names in a place."""

_NO_VALUE: Final = frozenset({"annotation", "element"})

_NOWHERE: Final[frozenset[Place]] = frozenset()
_COPIES: Final = frozenset(
    {"list", "tuple", "set", "frozenset", "sorted", "reversed", "iter", "enumerate", "zip", "chain", "filter", "dict"}
    | {"next", "cast", "ensure_future", "shield"}
)
_VIEWS: Final = frozenset({"values", "items", "copy", "pop", "popleft", "popitem", "get", "setdefault"})


class Denoted:
    """Answers for the code of one block, on objects of class `me`. `depth` getters may lead to one another."""

    def __init__(self, project: Project, scope: Scope, me: Class | None, depth: int = DEPTH) -> None:
        self.project = project
        self.scope = scope
        self.depth = depth
        self.method = method_around(scope)
        owner = self.method.owner if self.method is not None else None
        self.me = me or owner
        params = self.method.node.params if self.method is not None and owner is not None else ()
        self.subject = params[0].name if params else ""
        self._names: dict[str, frozenset[Place]] | None = None
        self._asked: set[str] = set()

    def of(self, expr: ir.Expr | None) -> frozenset[Place]:
        """The places that the expression may mean; of a collection and of its items it is the same one."""
        match expr:
            case ir.Name():
                return self._name(expr)
            case ir.Attribute():
                return self._attribute(expr)
            case ir.Subscript() | ir.Await() | ir.Starred() | ir.Walrus():
                return self.of(expr.value)
            case ir.Conditional():
                return self.of(expr.body) | self.of(expr.orelse)
            case ir.BoolOp():
                return self._any(expr.values)
            case ir.Collection():
                return self._any(expr.items)
            case ir.Comprehension():
                return self.of(expr.value or expr.element)
            case ir.Call():
                return self._call(expr)
            case _:
                return _NOWHERE

    def _any(self, exprs: Iterable[ir.Expr]) -> frozenset[Place]:
        return _NOWHERE.union(*map(self.of, exprs))

    # --- names ---

    def _name(self, expr: ir.Name) -> frozenset[Place]:
        name = expr.id
        if name == self.subject:
            return frozenset({(SELF,)})
        found = {(name,)}
        if isinstance(self.scope, Function):
            sources = self.project.values.bindings(self.scope).places.get((name,))
            if sources is not None:
                near = self.project.values.bindings(self.scope).at(name, expr.at)
                if len(near) == len(sources) > 1:
                    near = self._last(self.scope, expr, sources) or near
                return (self._near(name, near) if len(near) < len(sources) else self.names[name]).union(found)
            if any(param.name == name for param in self.scope.node.params):
                return frozenset(found)
        return self._outer(name).union(found)

    @staticmethod
    def _last(scope: Function, expr: ir.Name, sources: list[Source]) -> list[Source]:
        """The one source that a name surely has its value from; nothing where there may be others."""
        value = last_assigned(scope.statements, expr.id, expr.at, [one.at for one in sources])
        return [one for one in sources if value is not None and one.expr is value]

    def _near(self, name: str, sources: Iterable[Source]) -> frozenset[Place]:
        """What a name means inside the loop that binds it; two loops may go over each other's names."""
        if name in self._asked:
            return _NOWHERE
        self._asked.add(name)
        found = self._of_sources(sources)
        self._asked.remove(name)
        return found

    def _outer(self, name: str) -> frozenset[Place]:
        """What a name of an enclosing function may mean."""
        outer = self.scope.parent
        while isinstance(outer, Function):
            if (name,) in self.project.values.bindings(outer).places:
                return Denoted(self.project, outer, self.me, self.depth).names[name]
            outer = outer.parent
        return _NOWHERE

    @property
    def names(self) -> dict[str, frozenset[Place]]:
        """What the names of the block may mean: names stand for one another, so all are found together."""
        if self._names is None:
            bindings = self.project.values.bindings(self.scope)
            sources = {place[0]: found for place, found in bindings.places.items() if len(place) == 1}
            self._names = dict.fromkeys(sources, _NOWHERE)
            for _ in range(ROUNDS):
                before = dict(self._names)
                for name, found in sources.items():
                    self._names[name] = self._of_sources(found) | {(name,)}
                if before == self._names:
                    break
        return self._names

    def _of_sources(self, sources: Iterable[Source]) -> frozenset[Place]:
        return self._any(one.expr for one in sources if one.expr is not None and one.how not in _NO_VALUE)

    # --- attributes and calls ---

    def _attribute(self, expr: ir.Attribute) -> frozenset[Place]:
        if isinstance(expr.value, ir.Name) and expr.value.id == self.subject and self.subject:
            return frozenset({(SELF, expr.name)}) | self._getter(expr.name, kind="property")
        return frozenset((*place, expr.name) for place in self.of(expr.value) if len(place) < PLACE_LIMIT)

    def _call(self, expr: ir.Call) -> frozenset[Place]:
        func = expr.func
        if isinstance(func, ir.Name):
            return self._any(expr.args) if func.id in _COPIES else _NOWHERE
        if not isinstance(func, ir.Attribute):
            return _NOWHERE
        if isinstance(func.value, ir.Name) and func.value.id == self.subject and self.subject:
            return self._getter(func.name, kind="method")
        if func.name in _VIEWS:
            return self.of(func.value)
        return self._any(expr.args) if func.name in _COPIES else _NOWHERE

    def _getter(self, name: str, *, kind: str) -> frozenset[Place]:
        """What a property or method of `self` returns, as places of the same object."""
        found = self.project.hierarchy.find(self.me, name) if self.me is not None and self.depth else None
        if found is None or not isinstance(found.member, Member) or not isinstance(found.owner, Class):
            return _NOWHERE
        if found.member.kind != kind or not found.member.parts:
            return _NOWHERE
        function = self.project.function_of(found.owner, found.member.parts[0])
        inner = Denoted(self.project, function, self.me, self.depth - 1)
        places = inner._any(value for value in self.project.values.bindings(function).returned if value is not None)
        return frozenset(place for place in places if place[0] == SELF and len(place) > 1)


def method_around(scope: Scope) -> Function | None:
    """The outermost function: a method, when it stands in a class."""
    found: Function | None = None
    current: Scope | None = scope
    while isinstance(current, Function):
        found = current
        current = current.parent
    return found
