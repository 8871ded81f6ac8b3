"""Walks over IR nodes: what is inside a node, with or without inner functions, and places such as `self.conn`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final, TypeAlias, TypeVar

from worker_lint.analysis.visit import children
from worker_lint.source import ir

Place: TypeAlias = tuple[str, ...]
"""A chain of names: `self.conn` is `("self", "conn")`. The first is a local name or parameter."""


BINDS_NOTHING: Final = frozenset(
    {ir.Name, ir.Constant, ir.Attribute, ir.Subscript, ir.Compare, ir.BoolOp, ir.Expression, ir.If, ir.Keyword}
)
"""The kinds of most nodes: none of them gives a name or place a value."""

_LEAVES: Final = frozenset({ir.Name, ir.Constant})
_INNER: Final = frozenset({ir.FunctionDef, ir.Lambda, ir.ClassDef})

_N = TypeVar("_N", bound=ir.Node)


def walk(*roots: ir.Node | None, inner: bool = True) -> Iterator[ir.Node]:
    """
    The nodes and all inside them, in source order of the fields. Without `inner` the bodies of
    nested functions, lambdas and classes are left out.
    """
    pending = [root for root in reversed(roots) if root is not None]
    while pending:
        node = pending.pop()
        yield node
        kind = type(node)
        if kind in _LEAVES or (not inner and kind in _INNER):
            continue
        inside = children(node)
        if len(inside) > 1:
            inside.reverse()
        pending.extend(inside)


def find(kind: type[_N], roots: Iterable[ir.Node], *, inner: bool = False) -> Iterator[_N]:
    """All nodes of one kind inside the roots; see `walk`. A body, which is a tuple, is walked once and remembered."""
    if inner or type(roots) is not tuple:
        return (node for node in walk(*roots, inner=inner) if isinstance(node, kind))
    nodes = _nodes_in(roots)
    if kind in nodes:
        return iter(nodes[kind])  # type: ignore[arg-type]  # under a class stand its own objects
    if kind.__subclasses__():
        return (node for node in nodes[ir.Node] if isinstance(node, kind))
    return iter(())


_Nodes: TypeAlias = dict[type[ir.Node], list[ir.Node]]
_REMEMBERED: Final = 512
"""Bodies whose nodes are kept: enough for the rules that look at one file, little enough to hold no tree in memory."""
_walked: dict[int, tuple[tuple[ir.Node, ...], _Nodes]] = {}


def _nodes_in(body: tuple[ir.Node, ...]) -> _Nodes:
    """The nodes of a body without inner functions: all under `ir.Node`, and those of each class under it."""
    found = _walked.get(id(body))
    if found is None:
        if len(_walked) >= _REMEMBERED:
            del _walked[next(iter(_walked))]
        nodes: _Nodes = {ir.Node: list(walk(*body, inner=False))}
        for node in nodes[ir.Node]:
            nodes.setdefault(type(node), []).append(node)
        found = _walked[id(body)] = (body, nodes)  # with the body itself, or its id could become another's
    return found[1]


def place_of(expression: ir.Node | None) -> Place | None:
    """The place that an expression names, or None when it is more than a chain of names."""
    names: list[str] = []
    while isinstance(expression, ir.Attribute):
        names.append(expression.name)
        expression = expression.value
    if not isinstance(expression, ir.Name):
        return None
    names.append(expression.id)
    return tuple(reversed(names))


def receiver_of(call: ir.Call) -> Place | None:
    """The place on which a method is called: `self.conn` for `self.conn.close()`."""
    return place_of(call.func.value) if isinstance(call.func, ir.Attribute) else None
