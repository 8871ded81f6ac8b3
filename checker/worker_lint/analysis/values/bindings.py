"""
Where the names, fields and collections of one block get their values: every assignment, in one walk.

Unlike `analysis.scope`, no later assignment replaces an earlier one: code on another thread, in a
loop or in a callback sees each of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final, Literal, NamedTuple, TypeAlias

from worker_lint.analysis.flow.visit import BINDS_NOTHING, Place, place_of, walk
from worker_lint.analysis.visit import encloses
from worker_lint.source import ir

How: TypeAlias = Literal["value", "item", "second", "entered", "element", "annotation", "defined", "unknown"]
"""`item`: of the iterable; `second`: of its pairs; `element`: one of a sequence; `defined`: by def or import."""


class Source(NamedTuple):
    """One way in which a place gets a value."""

    how: How
    expr: ir.Expr | None
    at: ir.At
    number: int = 0


class Bindings:
    """
    The assignments of one block, inner functions left out.

    Attributes:
        places: The sources of each place that is assigned: a name, or a field as `("self", "conn")`.
        added: What is put into the collection at a place: `append`, `add`, `d[key] = …` and the like.
        outer: Names that `global` or `nonlocal` declares: they belong to another block.
    """

    def __init__(self, body: Iterable[ir.Stmt]) -> None:
        self.places: dict[Place, list[Source]] = {}
        self.added: dict[Place, list[Source]] = {}
        self.outer: set[str] = set()
        self.returned: list[ir.Expr | None] = []
        self.yielded: list[ir.Expr | None] = []
        for node in walk(*body, inner=False):
            if type(node) not in BINDS_NOTHING:
                self._node(node)

    def at(self, name: str, at: ir.At) -> list[Source]:
        """
        The sources of a name where it is read: inside a loop that binds it, that loop is the only
        one, unless something else in the loop binds it, too.
        """
        sources = self.places.get((name,), [])
        if len(sources) < 2:
            return sources
        around = [one for one in sources if one.how in ("item", "second") and encloses(one.at, at)]
        if not around:
            return sources
        nearest = max(around, key=lambda one: one.at[:2])
        return [one for one in sources if encloses(nearest.at, one.at)]

    def _node(self, node: ir.Node) -> None:  # noqa: C901, PLR0912 - a case a kind of node
        match node:
            case ir.Assign():
                self._assign(node)
            case ir.AugAssign():
                place = place_of(node.target)
                if place is not None:
                    self.added.setdefault(place, []).append(Source("item", node.value, node.at))
            case ir.For() | ir.Generator():
                self._loop(node.target, node.iter, node.at)
            case ir.WithItem(target=ir.Node() as target):
                self._bind(target, "entered", node.context)
            case ir.Walrus():
                self._put((node.target,), Source("value", node.value, node.at))
            case ir.Call():
                self._call(node)
            case ir.Return():
                self.returned.append(node.value)
            case ir.Yield(delegates=False):
                self.yielded.append(node.value)
            case ir.Scope():
                self.outer.update(node.names)
            case _:
                for name in _defined(node):
                    self._put((name,), Source("defined", None, node.at))
                for name in _opaque(node):
                    self._put((name,), Source("unknown", None, node.at))

    def _put(self, place: Place, source: Source) -> None:
        self.places.setdefault(place, []).append(source)

    def _assign(self, node: ir.Assign) -> None:
        for target in node.targets:
            if node.annotation is not None and place_of(target) is not None:
                self._put(place_of(target) or (), Source("annotation", node.annotation, node.at))
            if node.value is not None:
                self._bind(target, "value", node.value)

    def _bind(self, target: ir.Expr, how: How, value: ir.Expr | None, index: int = 0) -> None:
        if isinstance(target, ir.Collection):
            for number, item in enumerate(target.items):
                self._bind_part(item, how, value, number, len(target.items))
        elif isinstance(target, ir.Starred):
            self._bind(target.value, "unknown", None)
        elif isinstance(target, ir.Subscript):
            place = place_of(target.value)
            if place is not None:
                self.added.setdefault(place, []).append(Source(how, value, target.at, index))
        else:
            place = place_of(target)
            if place is not None:
                self._put(place, Source(how, value, target.at, index))

    def _bind_part(self, item: ir.Expr, how: How, value: ir.Expr | None, number: int, count: int) -> None:
        if how == "value" and isinstance(value, ir.Collection) and len(value.items) == count:
            self._bind(item, "value", value.items[number])
        elif how == "value":
            self._bind(item, "element", value, number)
        else:
            self._bind(item, "unknown", None)

    def _loop(self, target: ir.Expr, iterable: ir.Expr, at: ir.At) -> None:
        if isinstance(target, ir.Collection) and len(target.items) == 2 and _gives_pairs(iterable):
            self._bind(target.items[0], "unknown", None)
            second = target.items[1]
            if isinstance(second, ir.Name):
                self._put((second.id,), Source("second", iterable, at))
            else:
                self._bind(second, "unknown", None)
        elif isinstance(target, ir.Name):
            self._put((target.id,), Source("item", iterable, at))
        else:
            self._bind(target, "unknown", None)

    def _call(self, node: ir.Call) -> None:
        if not isinstance(node.func, ir.Attribute):
            return
        place, index = place_of(node.func.value), _ADDS.get(node.func.name)
        if place is not None and index is not None and len(node.args) > index:
            self.added.setdefault(place, []).append(Source("value", node.args[index], node.at))
        elif place is not None and node.func.name in _EXTENDS and node.args:
            self.added.setdefault(place, []).append(Source("item", node.args[0], node.at))


_ADDS: Final = {"append": 0, "add": 0, "appendleft": 0, "insert": 1, "setdefault": 1}
_EXTENDS: Final = frozenset({"extend", "update", "extendleft"})


def _gives_pairs(iterable: ir.Expr) -> bool:
    if not isinstance(iterable, ir.Call):
        return False
    if isinstance(iterable.func, ir.Attribute):
        return iterable.func.name == "items"
    if isinstance(iterable.func, ir.Name) and iterable.func.id in {"list", "tuple", "sorted", "reversed"}:
        return len(iterable.args) == 1 and _gives_pairs(iterable.args[0])
    return isinstance(iterable.func, ir.Name) and iterable.func.id == "enumerate"


def _defined(node: ir.Node) -> Iterator[str]:
    """Names of definitions and imports: name resolution knows them."""
    match node:
        case ir.FunctionDef(name=name) | ir.ClassDef(name=name):
            yield name
        case ir.Import(names=names):
            yield from (imported.bound for imported in names)


def _opaque(node: ir.Node) -> Iterator[str]:
    match node:
        case ir.Handler(name=str(name)):
            yield name
        case ir.Case(binds=binds):
            yield from binds
