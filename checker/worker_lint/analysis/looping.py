"""Loops around a place, and the names that they give to their items."""

from __future__ import annotations

from collections.abc import Iterator

from worker_lint.analysis.flow import walk
from worker_lint.analysis.visit import encloses
from worker_lint.source import ir


def roots(expr: ir.Expr | None) -> Iterator[str]:
    """The name that a chain of attributes, subscripts and calls starts with."""
    while isinstance(expr, (ir.Attribute, ir.Subscript, ir.Call)):
        expr = expr.func if isinstance(expr, ir.Call) else expr.value
    if isinstance(expr, ir.Name):
        yield expr.id


def targets(target: ir.Expr) -> Iterator[str]:
    """The names that the target of a loop binds."""
    for node in walk(target):
        if isinstance(node, ir.Name):
            yield node.id


def loops_around(body: tuple[ir.Stmt, ...], at: ir.At) -> Iterator[ir.For | ir.Generator]:
    """The loops and comprehensions around a span, from the outside in."""
    for node in walk(*body, inner=False):
        if isinstance(node, ir.For) and encloses(node.at, at):
            yield node
        elif isinstance(node, ir.Comprehension) and encloses(node.at, at):
            yield from node.generators
