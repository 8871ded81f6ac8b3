"""Walks over IR nodes: what is inside a node, with or without inner functions, and places such as `self.conn`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache
from typing import TypeAlias, TypeVar

from worker_lint.source import ir

Place: TypeAlias = tuple[str, ...]
"""A chain of names: `self.conn` is `("self", "conn")`. The first is a local name or parameter."""

_QUOTED = re.compile(r"""'[^']*'|"[^"]*\"""")
_WORD = re.compile(r"\w+")
_PLAIN = frozenset({"At", "None", "OneOf", "Shape", "bool", "float", "int", "str", "tuple"})

_N = TypeVar("_N", bound=ir.Node)


def children(node: ir.Node) -> Iterator[ir.Node]:
    """The nodes directly inside a node, in the order of its fields."""
    for name in _node_fields(type(node)):
        value = getattr(node, name)
        if type(value) is tuple:
            for item in value:
                if item is not None:
                    yield item
        elif value is not None:
            yield value


@cache
def _node_fields(kind: type[ir.Node]) -> tuple[str, ...]:
    """The fields that hold nodes, or tuples of nodes; asking each value for its type took most of the time."""
    return tuple(name for base in kind.__mro__[-2::-1] for name in _named_nodes(vars(base).get("__annotations__", {})))


def _named_nodes(annotations: dict[str, str]) -> Iterator[str]:
    for name, annotation in annotations.items():
        words = set(_WORD.findall(_QUOTED.sub("", annotation)))
        if words - _PLAIN:
            yield name


def walk(*roots: ir.Node | None, inner: bool = True) -> Iterator[ir.Node]:
    """
    The nodes and all inside them, in source order of the fields. Without `inner` the bodies of
    nested functions, lambdas and classes are left out.
    """
    pending = [root for root in reversed(roots) if root is not None]
    while pending:
        node = pending.pop()
        yield node
        if inner or not isinstance(node, (ir.FunctionDef, ir.Lambda, ir.ClassDef)):
            inside = list(children(node))
            inside.reverse()
            pending.extend(inside)


def find(kind: type[_N], roots: Iterable[ir.Node], *, inner: bool = False) -> Iterator[_N]:
    """All nodes of one kind inside the roots; see `walk`."""
    for node in walk(*roots, inner=inner):
        if isinstance(node, kind):
            yield node


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
