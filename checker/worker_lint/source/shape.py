"""What a function body does at a glance, read off its first statements."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from worker_lint.source import ir


def shape_of(body: Sequence[ast.stmt]) -> ir.Shape:
    """The shape of a function body, its docstring left aside."""
    count = len(body)
    first = 1 if body and is_text(body[0]) else 0
    if first == count:
        return "abstract-docstring"
    while count - first > 1 and _is_courtesy(body[first]):
        first += 1
    if count - first == 1:
        return _single(body[first])
    if all(_is_nothing(statement) for statement in body[first:]):
        return "trivial"
    return "other"


def _single(statement: ast.stmt) -> ir.Shape:
    if isinstance(statement, ast.Raise):
        raised = statement.exc
        name = raised.func if isinstance(raised, ast.Call) else raised
        if isinstance(name, ast.Name) and name.id == "NotImplementedError":
            return "not-implemented"
        if isinstance(name, ast.Name) and name.id == "NotImplemented":
            return "not-implemented-constant"
        return "other"
    return "trivial" if _is_nothing(statement) else "other"


def is_text(statement: ast.stmt) -> bool:
    """Whether a statement is a string by itself: as the first of a block, its docstring."""
    return (
        isinstance(statement, ast.Expr)
        and isinstance(statement.value, ast.Constant)
        and isinstance(statement.value.value, str)
    )


def _is_nothing(statement: ast.stmt) -> bool:
    if isinstance(statement, ast.Pass) or is_text(statement):
        return True
    if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant):
        return statement.value.value is ...
    if isinstance(statement, ast.Return):
        value = statement.value
        return value is None or (isinstance(value, ast.Constant) and value.value is None)
    return False


def _is_courtesy(statement: ast.stmt) -> bool:
    """`del argument`, or an argument named alone to silence a linter."""
    if isinstance(statement, ast.Delete):
        return True
    return isinstance(statement, ast.Expr) and isinstance(statement.value, (ast.Name, ast.Constant))
