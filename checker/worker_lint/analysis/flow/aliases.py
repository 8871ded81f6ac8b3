"""
Local names for places: `conn = self.conn`, `child` in `for child in self.children`.

A name counts only when the function binds it once, so that it means the same everywhere.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from worker_lint.analysis.flow.visit import BINDS_NOTHING, Place, find, place_of
from worker_lint.analysis.visit import children
from worker_lint.source import ir

ANY_ITEM: Final = "*"
"""The part of a place that stands for any item of a collection: `("self", "children", "*")`."""

_COPIES: Final = frozenset({"list", "tuple", "set", "reversed", "sorted", "iter"})
_VIEWS: Final = frozenset({"values", "copy"})


class Aliases:
    """What the local names of one function stand for."""

    def __init__(self, params: Iterable[ir.Parameter], body: Iterable[ir.Stmt]) -> None:
        body = list(body)
        outer = {name for scope in find(ir.Scope, body) for name in scope.names}
        bindings = [binding for binding in _bindings(body) if binding[0] not in outer]
        counts = Counter([name for name, _ in bindings] + [param.name for param in params])
        self.local = frozenset(name for name, _ in bindings)
        self._meaning = {
            name: place for name, place in bindings if place is not None and counts[name] == 1 and place[0] != name
        }

    def place(self, expression: ir.Node | None) -> Place | None:
        """The place that an expression names, its root traced back as far as it goes."""
        place = _source(expression)
        return None if place is None else expanded(place, self._meaning)


def expanded(place: Place, meaning: Mapping[str, Place]) -> Place:
    """The place with its root replaced by what it stands for."""
    longer = place
    for _ in range(len(meaning) + 1):
        source = meaning.get(longer[0])
        if source is None:
            return longer
        longer = source + longer[1:]
    return place  # the names are bound in a circle


def _source(expression: ir.Node | None) -> Place | None:
    """The place of an expression; a copy, a view or a walrus is taken for what it came from."""
    if isinstance(expression, (ir.Await, ir.Walrus)):
        return _source(expression.value)
    if isinstance(expression, ir.Call):
        func = expression.func
        if isinstance(func, ir.Name) and func.id in _COPIES and len(expression.args) == 1:
            return _source(expression.args[0])
        if isinstance(func, ir.Attribute) and func.name in _VIEWS and not expression.args:
            return _source(func.value)
        return None
    return place_of(expression)


_SILENT: Final = BINDS_NOTHING | {ir.Call}


def _bindings(body: Iterable[ir.Node]) -> Iterator[tuple[str, Place | None]]:
    """Every binding of a local name, with the place it is bound to, if it is one."""
    pending = list(body)
    while pending:
        node = pending.pop()
        if type(node) not in _SILENT:
            yield from _bound_by(node)
        if not isinstance(node, (ir.FunctionDef, ir.Lambda, ir.ClassDef)):
            pending.extend(children(node))


def _bound_by(node: ir.Node) -> Iterator[tuple[str, Place | None]]:
    if isinstance(node, ir.Assign):
        for target in node.targets:
            yield from _pairs(target, node.value)
    elif isinstance(node, (ir.For, ir.Generator)):
        yield from _items(node.target, node.iter)
    elif isinstance(node, ir.Walrus):
        yield node.target, _source(node.value)
    else:
        for name in _named_by(node):
            yield name, None


def _named_by(node: ir.Node) -> Iterator[str]:
    """Names that other statements bind, to nothing that has a place."""
    match node:
        case ir.AugAssign(target=target) | ir.WithItem(target=ir.Node() as target):
            yield from (name for name, _ in _pairs(target, None))
        case ir.Delete(targets=targets):
            yield from (name for target in targets for name, _ in _pairs(target, None))
        case ir.FunctionDef(name=name) | ir.ClassDef(name=name) | ir.Handler(name=str(name)):
            yield name
        case ir.Import(names=names):
            yield from (imported.bound for imported in names)
        case ir.Case(binds=binds):
            yield from binds


def _pairs(target: ir.Expr, value: ir.Expr | None) -> Iterator[tuple[str, Place | None]]:
    """Targets with their values; `a, b = c, d` pairs them."""
    if isinstance(target, ir.Name):
        yield target.id, _source(value)
    elif isinstance(target, ir.Starred):
        yield from _pairs(target.value, None)
    elif isinstance(target, ir.Collection):
        values: tuple[ir.Expr | None, ...] = (None,) * len(target.items)
        if isinstance(value, ir.Collection) and len(value.items) == len(target.items):
            values = value.items
        for item, part in zip(target.items, values, strict=True):
            yield from _pairs(item, part)


def _items(target: ir.Expr, iterable: ir.Expr) -> Iterator[tuple[str, Place | None]]:
    """Loop targets: an item of the collection, or the value of `.items()` and `enumerate()`."""
    if isinstance(target, ir.Collection) and len(target.items) == 2:
        yield from _pairs(target.items[0], None)
        inner = _second_of(iterable)
        yield from _items(target.items[1], inner) if inner is not None else _pairs(target.items[1], None)
    elif isinstance(target, ir.Name):
        place = _source(iterable)
        yield target.id, None if place is None else (*place, ANY_ITEM)
    else:
        yield from _pairs(target, None)


def _second_of(iterable: ir.Expr) -> ir.Expr | None:
    """The collection whose items are the second halves of what an iterable gives."""
    if isinstance(iterable, ir.Call):
        func = iterable.func
        if isinstance(func, ir.Attribute) and func.name == "items" and not iterable.args:
            return func.value
        if isinstance(func, ir.Name) and func.id == "enumerate" and iterable.args:
            return iterable.args[0]
        if isinstance(func, ir.Name) and func.id in _COPIES and len(iterable.args) == 1:
            return _second_of(iterable.args[0])
    return None
