"""Finding the node that a fact speaks of in astroid's tree, and following classes with nothing left open."""

from __future__ import annotations

from collections.abc import Iterator

from astroid import nodes
from astroid.exceptions import AstroidError, MroError
from astroid.typing import SuccessfulInferenceResult as Value
from astroid.util import UninferableBase

from worker_lint.confirm.world import World
from worker_lint.rule.facts import Named, Place
from worker_lint.source.ir import At
from worker_lint.source.text import Text


class UnsureError(Exception):
    """Something on the way to the answer cannot be told. No error of astroid, so inference does not catch it."""


def definition(world: World, place: Place) -> nodes.ClassDef:
    """
    The class at a place.

    Raises:
        UnsureError: there is none.
    """
    for node in world.module(place.path).nodes_of_class(nodes.ClassDef):
        if is_at(world, node, place):
            return node
    raise UnsureError


def is_at(world: World, node: Value, place: Place) -> bool:
    """Whether a definition is the one of the place."""
    if not isinstance(node, nodes.ClassDef) or node.name != place.name or world.path_of(node) != place.path:
        return False
    line = node.position.lineno if node.position else node.fromlineno
    return bool(line == place.at[0])


def matches(world: World, node: nodes.ClassDef, wanted: Named) -> bool | None:
    """Whether a class is the one that is named; None when names outside the project may be aliases."""
    if isinstance(wanted, Place):
        return is_at(world, node, wanted)
    if node.qname() == wanted:
        return True
    return False if world.path_of(node) is not None else None


def expression(world: World, path: str, at: At) -> nodes.NodeNG:
    """
    The widest expression that stands at a place.

    Raises:
        UnsureError: there is none.
    """
    module, text = world.module(path), world.text(path)
    for node in _descend(module, at):
        if _span(node, text) == at:
            return node
    raise UnsureError


def _descend(node: nodes.NodeNG, at: At) -> Iterator[nodes.NodeNG]:
    """The nodes around a place, the outer ones first; others are not entered."""
    for child in node.get_children():
        first, last = child.lineno, child.end_lineno
        if first is None or last is None or (first <= at[2] and at[0] <= last) or isinstance(child, nodes.Decorators):
            yield child
            yield from _descend(child, at)


def _span(node: nodes.NodeNG, text: Text) -> At | None:
    first, start, last, end = node.lineno, node.col_offset, node.end_lineno, node.end_col_offset
    if first is None or start is None or last is None or end is None or isinstance(node, nodes.Expr):
        return None
    return first, _column(text.line(first), start), last, _column(text.line(last), end)


def _column(line: str, offset: int) -> int:
    """From bytes of UTF-8 to code points, both counted in the line; columns begin with 1."""
    return len(line.encode("utf-8", "surrogatepass")[:offset].decode("utf-8", "replace")) + 1


def values(node: Value) -> list[Value]:
    """
    All that an expression may be.

    Raises:
        UnsureError: part of it, or all, cannot be told.
    """
    found: list[Value] = []
    try:
        for item in node.infer():
            if isinstance(item, UninferableBase):
                raise UnsureError
            found.append(item)
    except (AstroidError, RecursionError):
        raise UnsureError from None
    if not found:
        raise UnsureError
    return found


def order(cls: nodes.ClassDef) -> list[nodes.ClassDef]:
    """
    The resolution order.

    Raises:
        UnsureError: a base of one of its classes cannot be told, is one of several, or is a stand-in that
            a brain plugin makes up, as for `Protocol[T]`: it has other members and another metaclass.
    """
    try:
        found: list[nodes.ClassDef] = cls.mro()
    except (AstroidError, MroError, RecursionError, NotImplementedError):
        raise UnsureError from None
    for item in found:
        if not item.root().name:
            raise UnsureError
        for base in item.bases:
            reached = [value for value in values(base) if not (isinstance(value, nodes.ClassDef) and value in found)]
            if reached or (item.root().pure_python and len(set(values(base))) > 1):
                raise UnsureError
    return found


def sure_ancestors(cls: nodes.ClassDef) -> Iterator[nodes.ClassDef]:
    """The class and those of its ancestors that are reached by bases without alternatives, others left out."""
    pending, seen = [cls], {cls}
    while pending:
        item = pending.pop()
        yield item
        for base in item.bases:
            try:
                found = values(base)
            except UnsureError:
                continue
            if len(found) == 1 and isinstance(found[0], nodes.ClassDef) and found[0] not in seen:
                seen.add(found[0])
                pending.append(found[0])
