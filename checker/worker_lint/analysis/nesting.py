"""What stands inside a function: functions defined in it, and its statements with those around them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from worker_lint.analysis.entity import Function
from worker_lint.analysis.statements import inner_blocks
from worker_lint.analysis.visit import expressions_of, operands
from worker_lint.source import ir


class Placed(NamedTuple):
    """A statement and the compound statements of the same scope around it, the outermost first."""

    statement: ir.Stmt
    around: tuple[ir.Stmt, ...]


def with_inner(function: Function) -> tuple[Function, ...]:
    """The function and all functions defined in it, those of inner classes left out."""
    return (function, *function.project.values.fields.inner(function))


def placed_statements(body: tuple[ir.Stmt, ...], around: tuple[ir.Stmt, ...] = ()) -> Iterator[Placed]:
    """All statements of a block in source order with what is around them; inner definitions are not entered."""
    for statement in body:
        yield Placed(statement, around)
        for block in inner_blocks(statement):
            yield from placed_statements(block, (*around, statement))


def own_expressions(statement: ir.Stmt) -> Iterator[ir.Expr]:
    """The expressions that run with a statement, at any depth, lambda bodies left out."""
    pending = list(expressions_of(statement))
    pending.reverse()
    while pending:
        node = pending.pop()
        yield node
        if not isinstance(node, ir.Lambda):
            pending.extend(reversed(operands(node)))


_REMEMBERED: Final = 8192
"""Statements whose calls are kept: those of the files that the rules are looking at."""
_calls: dict[int, tuple[ir.Stmt, tuple[ir.Call, ...]]] = {}


def own_calls(statement: ir.Stmt) -> Iterator[ir.Call]:
    """The calls that run with a statement itself, those of its blocks and of lambdas left out."""
    found = _calls.get(id(statement))
    if found is None:
        if len(_calls) >= _REMEMBERED:
            del _calls[next(iter(_calls))]
        calls = tuple(node for node in own_expressions(statement) if isinstance(node, ir.Call))
        found = _calls[id(statement)] = (statement, calls)  # with it, or its id could become another's
    return iter(found[1])


def body_text(function: Function) -> str:
    """The lines of a function below its name, for cheap questions before its body is read."""
    text = function.project.store.text(function.path)
    return text.between(function.node.name_at[0] + 1, function.node.at[2])


def mentions(function: Function, *words: str) -> bool:
    """Whether the text of the function holds one of the words: the cheap question before its body is read."""
    text = function.project.store.text(function.path)
    return any(text.has_word(word, function.node.at[0], function.node.at[2]) for word in words)
