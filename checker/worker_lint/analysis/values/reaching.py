"""
Which assignment a name has its value from where it is read: the last one before it that no branch goes around.

The order of the text decides, so it is an answer only for names of one block that is run from the top: an
assignment in the same block or around it, with none in a branch or loop between. Of all else nothing is said.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from worker_lint.analysis.statements import inner_blocks
from worker_lint.analysis.visit import encloses
from worker_lint.source import ir


def last_assigned(body: Sequence[ir.Stmt], name: str, at: ir.At, bound: Iterable[ir.At]) -> ir.Expr | None:
    """
    The value that the name surely has at a place of the block.

    Args:
        body: The statements of the block.
        name: The name.
        at: Where it is read.
        bound: Where the block binds the name, in whatever way.
    """
    spans = list(bound)
    found: ir.Expr | None = None
    block: Sequence[ir.Stmt] = body
    while True:
        index = next((number for number, one in enumerate(block) if encloses(one.at, at)), None)
        if index is None:
            return found
        statement = block[index]
        last = next((one for one in reversed(block[:index]) if any(encloses(one.at, span) for span in spans)), None)
        if last is not None:
            found = _assigned(last, name)
        is_bound = any(encloses(statement.at, span) for span in spans)
        if is_bound and isinstance(statement, (ir.Assign, ir.For, ir.While, ir.Try, ir.With, ir.Match)):
            found = found if _is_read_first(statement, at) else None
        block = next((inner for inner in inner_blocks(statement) if any(encloses(one.at, at) for one in inner)), ())


def _assigned(statement: ir.Stmt, name: str) -> ir.Expr | None:
    """The value that a statement surely gives to the name; None where it only may."""
    if isinstance(statement, ir.Assign) and len(statement.targets) == 1:
        target = statement.targets[0]
        if isinstance(target, ir.Name) and target.id == name:
            return statement.value
    return None


def _is_read_first(statement: ir.Stmt, at: ir.At) -> bool:
    """Whether the place is in the value of an assignment, which is there before the target has it."""
    return isinstance(statement, ir.Assign) and statement.value is not None and encloses(statement.value.at, at)
