"""The fields of objects: every assignment to `self.name` in a class, in its methods and their inner functions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Final, NamedTuple

from worker_lint.analysis.entity import Class, Function, Scope
from worker_lint.analysis.statements import definitions
from worker_lint.analysis.values.bindings import Bindings, Source
from worker_lint.source import ir

if TYPE_CHECKING:
    from worker_lint.analysis.project import Project


class Assigned(NamedTuple):
    """One value that a field gets, in the scope where its expression is evaluated. `added`: put into it."""

    scope: Scope
    source: Source
    added: bool = False


class Fields:
    """The assignments of fields by class; blocks are walked once."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self._bindings: dict[Scope, Bindings] = {}
        self._own: dict[Class, dict[str, list[Assigned]]] = {}
        self._named: dict[tuple[Class, str], list[Assigned]] = {}
        self._inner: dict[Scope, tuple[Function, ...]] = {}

    def bindings(self, scope: Scope) -> Bindings:
        """The assignments in a block."""
        found = self._bindings.get(scope)
        if found is None:
            self._bindings[scope] = found = Bindings(scope.statements)
        return found

    def methods(self, cls: Class) -> Iterator[Function]:
        """The functions that the class body defines, in any branch and under any decorator."""
        for node in definitions(cls.statements):
            if isinstance(node, ir.FunctionDef):
                yield self.project.function_of(cls, node)

    def inner(self, function: Function) -> tuple[Function, ...]:
        """The functions defined inside a function, at any depth."""
        found = self._inner.get(function)
        if found is None:
            below: list[Function] = []
            for node in definitions(function.statements) if _may_define(function) else ():
                if isinstance(node, ir.FunctionDef):
                    inner = self.project.function_of(function, node)
                    below.extend((inner, *self.inner(inner)))
            self._inner[function] = found = tuple(below)
        return found

    def own(self, cls: Class) -> dict[str, list[Assigned]]:
        """The fields that the class's own methods assign or fill, and the values its body gives them."""
        found = self._own.get(cls)
        if found is None:
            self._own[cls] = found = {}
            for place, sources in self.bindings(cls).places.items():
                if len(place) == 1:
                    found.setdefault(place[0], []).extend(_in_class(cls, sources))
            for method in self.methods(cls):
                self._collect(method, found)
        return found

    def named(self, cls: Class, name: str) -> list[Assigned]:
        """What the class's own methods and its body give one field: most methods need not be parsed to know."""
        if cls in self._own:
            return self._own[cls].get(name, [])
        known = self._named.get((cls, name))
        if known is None:
            found = {name: _in_class(cls, self.bindings(cls).places.get((name,), ()))}
            text = self.project.store.text(cls.path)
            for method in self.methods(cls):
                if not text.ascii or text.has_word(name, method.node.at[0], method.node.at[2]):
                    self._collect(method, found)
            self._named[cls, name] = known = found[name]
        return known

    def _collect(self, method: Function, found: dict[str, list[Assigned]]) -> None:
        subject = method.node.params[0].name if method.node.params else ""
        for function in (method, *self.inner(method)):
            if function is not method and any(param.name == subject for param in function.node.params):
                continue
            bindings = self.bindings(function)
            for table, added in ((bindings.places, False), (bindings.added, True)):
                for place, sources in table.items():
                    if len(place) == 2 and place[0] == subject:
                        found.setdefault(place[1], []).extend(Assigned(function, s, added) for s in sources)

    def assigned(self, cls: Class, name: str) -> list[Assigned]:
        """All that a field of the class gets: in the class and in its bases."""
        order = self.project.hierarchy.order(cls)
        return [one for base in order if isinstance(base, Class) for one in self.named(base, name)]

    def is_shared(self, cls: Class, name: str) -> bool:
        """Whether all objects of the class have one value between them: the class body or a class method makes it."""
        return any(
            (isinstance(one.scope, Class) and not _is_absent(one.source))
            or (isinstance(one.scope, Function) and _is_of_class(one.scope))
            for one in self.assigned(cls, name)
            if one.source.how == "value"
        )


def _in_class(cls: Class, sources: Iterable[Source]) -> list[Assigned]:
    """The values that the class body gives a field."""
    return [
        Assigned(cls, source)
        for source in sources
        if source.how in ("value", "annotation") and not _is_set_later(source.expr)
    ]


def _is_absent(source: Source) -> bool:
    return isinstance(source.expr, ir.Constant)


def _is_of_class(function: Function) -> bool:
    return any(ir.dotted_name(decorator) == "classmethod" for decorator in function.node.decorators)


_DECLARED: Final = frozenset({"attrs.field", "attr.ib", "attr.field", "dataclasses.field", "field"})


def _is_set_later(expr: ir.Expr | None) -> bool:
    """Whether this only declares a field that the constructor does not take: `attrs.field(init=False)`."""
    if not isinstance(expr, ir.Call) or ir.dotted_name(expr.func) not in _DECLARED:
        return False
    given = {keyword.name: keyword.value for keyword in expr.keywords}
    init = given.get("init")
    is_left_out = isinstance(init, ir.Constant) and init.value is False
    return is_left_out and not given.keys() & {"default", "default_factory", "factory"}


def _may_define(function: Function) -> bool:
    """Whether a definition can stand in the function, by its text: most bodies need not be parsed to know."""
    text = function.project.store.text(function.path)
    return text.has_word("def ", function.node.name_at[0] + 1, function.node.at[2])
