"""The statements of a block, in source order."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from worker_lint.source import ir

_COMPOUND: Final = frozenset({ir.If, ir.While, ir.For, ir.Try, ir.With, ir.Match})


def definitions(body: tuple[ir.Stmt, ...]) -> Iterator[ir.ClassDef | ir.FunctionDef]:
    """The classes and functions that a block defines, in any of its branches."""
    for node in walk_statements(body):
        if isinstance(node, (ir.ClassDef, ir.FunctionDef)):
            yield node


def named_definitions(body: tuple[ir.Stmt, ...], outer: str = "") -> Iterator[tuple[str, ir.At]]:
    """The same and those inside the classes among them, by a name that no other has, each with its place."""
    seen: dict[str, int] = {}
    for node in definitions(body):
        count = seen[node.name] = seen.get(node.name, 0) + 1
        name = f"{outer}{node.name}#{count}"
        yield name, node.at
        if isinstance(node, ir.ClassDef):
            yield from named_definitions(node.body, f"{name}.")


def walk_statements(body: tuple[ir.Stmt, ...]) -> Iterator[ir.Stmt]:
    """All statements of a block in source order, inner definitions not entered."""
    for node in body:
        yield node
        if type(node) in _COMPOUND:
            for block in inner_blocks(node):
                yield from walk_statements(block)


def inner_blocks(node: ir.Stmt) -> tuple[tuple[ir.Stmt, ...], ...]:
    """The blocks of a compound statement that belong to the same scope."""
    match node:
        case ir.If() | ir.While() | ir.For():
            return (node.body, node.orelse)
        case ir.Try():
            return (node.body, *(handler.body for handler in node.handlers), node.orelse, node.final)
        case ir.With():
            return (node.body,)
        case ir.Match():
            return tuple(case.body for case in node.cases)
        case _:
            return ()


def plain_call(statement: ir.Stmt) -> ir.Call | None:
    """The call, awaited or not, that a statement consists of."""
    value = statement.value if isinstance(statement, ir.Expression) else None
    value = value.value if isinstance(value, ir.Await) else value
    return value if isinstance(value, ir.Call) else None


def kept_call(statement: ir.Stmt) -> ir.Call | None:
    """The call, awaited or not, that a statement consists of, or whose result it keeps."""
    value = statement.value if isinstance(statement, (ir.Expression, ir.Assign)) else None
    value = value.value if isinstance(value, ir.Await) else value
    return value if isinstance(value, ir.Call) else None


def statement_lists(body: tuple[ir.Stmt, ...]) -> Iterator[tuple[ir.Stmt, ...]]:
    """The statements of a body, and those of each block inside it."""
    yield body
    for statement in body:
        for inner in inner_blocks(statement):
            yield from statement_lists(inner)


def docstring(body: tuple[ir.Stmt, ...]) -> str:
    """The text at the top of the body of a function; empty when there is none."""
    match body[:1]:
        case (ir.Expression(value=ir.Constant(value=str() as said)),):
            return said
        case _:
            return ""


def given_result(body: tuple[ir.Stmt, ...], call: ir.Call) -> Iterator[ir.Expr]:
    """The targets that are assigned just what a call gives."""
    for statement in walk_statements(body):
        if isinstance(statement, ir.Assign) and statement.value is call:
            yield from statement.targets
