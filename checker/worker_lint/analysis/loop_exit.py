"""Whether a loop goes on after one of its statements, and whether it waits in between."""

from __future__ import annotations

from worker_lint.analysis.nesting import own_expressions, placed_statements
from worker_lint.source import ir


def gives_way(loop: ir.For | ir.While) -> bool:
    """Whether the loop awaits something in its body and goes on after it: other tasks run between two rounds."""
    for placed in placed_statements(loop.body, (loop,)):
        waits = any(isinstance(node, ir.Await) for node in own_expressions(placed.statement)) or (
            isinstance(placed.statement, (ir.For, ir.With)) and placed.statement.is_async
        )
        if waits and not leaves_loop(placed.statement, placed.around):
            return True
    return False


def leaves_loop(statement: ir.Stmt, around: tuple[ir.Stmt, ...]) -> bool:
    """Whether the statement's block, or one around it within the innermost loop, always ends that loop."""
    if isinstance(statement, (ir.Return, ir.Raise)):
        return True
    inner: ir.Stmt = statement
    for outer in reversed(around):
        block = next((each for each in _blocks(outer) if inner in each), ())
        if block and _is_end(block[-1]):
            return True
        if isinstance(outer, (ir.For, ir.While)):
            return False
        inner = outer
    return False


def _blocks(statement: ir.Stmt) -> tuple[tuple[ir.Stmt, ...], ...]:
    match statement:
        case ir.If() | ir.For() | ir.While():
            return (statement.body, statement.orelse)
        case ir.With():
            return (statement.body,)
        case ir.Try():
            return (statement.body, *(one.body for one in statement.handlers), statement.orelse, statement.final)
        case ir.Match():
            return tuple(one.body for one in statement.cases)
        case _:
            return ()


def _is_end(statement: ir.Stmt) -> bool:
    if isinstance(statement, ir.Simple):
        return statement.kind == "break"
    return isinstance(statement, (ir.Return, ir.Raise))
