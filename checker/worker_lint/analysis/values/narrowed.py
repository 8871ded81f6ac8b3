"""
What tests with `isinstance` tell of the names of a function: inside the branch, and after a test that lets no
other object pass.

    if not isinstance(scheduler, Scheduler):
        raise TypeError                          # from here on it is a Scheduler
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple, TypeAlias

from worker_lint.analysis.statements import walk_statements
from worker_lint.source import ir

_EXITS: Final = frozenset({"sys.exit", "exit", "quit", "os._exit", "os.abort"})


Position: TypeAlias = tuple[int, int]
"""Line and column."""


class Narrowed(NamedTuple):
    """A name that is an object of the class from one position on, up to another."""

    name: str
    cls: ir.Expr
    first: Position
    last: Position


def narrowed(body: tuple[ir.Stmt, ...]) -> tuple[Narrowed, ...]:
    """All that the tests of one block tell; a name that is bound again in its stretch is left to the caller."""
    return tuple(_in(body, _end(body[-1]))) if body else ()


def _in(body: tuple[ir.Stmt, ...], end: Position) -> Iterator[Narrowed]:
    for statement in walk_statements(body):
        match statement:
            case ir.Assert(test=test):
                yield from _passing(test, statement, body, end)
            case ir.If(test=ir.Unary(op="not", operand=test)) if _leaves(statement.body) and not statement.orelse:
                yield from _passing(test, statement, body, end)
            case ir.If(test=test) if statement.body:
                name, cls = _tested(test)
                if cls is not None:
                    yield Narrowed(name, cls, _start(statement.body[0]), _end(statement.body[-1]))


def _passing(test: ir.Expr, statement: ir.Stmt, body: tuple[ir.Stmt, ...], end: Position) -> Iterator[Narrowed]:
    """After a test that lets nothing else pass; only one that stands in the function's own block is followed."""
    name, cls = _tested(test)
    if cls is not None and any(statement is one for one in body):
        yield Narrowed(name, cls, _end(statement), end)


def _start(node: ir.Node) -> Position:
    return node.at[0], node.at[1]


def _end(node: ir.Node) -> Position:
    return node.at[2], node.at[3]


def _tested(test: ir.Expr) -> tuple[str, ir.Expr | None]:
    """The name and the one class of `isinstance(name, Class)`."""
    match test:
        case ir.Call(func=ir.Name(id="isinstance"), args=(ir.Name(id=name), (ir.Name() | ir.Attribute()) as cls)):
            return name, cls
        case _:
            return "", None


def _leaves(body: tuple[ir.Stmt, ...]) -> bool:
    """Whether a branch never goes on after itself."""
    match body[-1] if body else None:
        case ir.Return() | ir.Raise():
            return True
        case ir.Expression(value=ir.Call() as call):
            return (ir.dotted_name(call.func) or "") in _EXITS
        case _:
            return False


def class_of(found: tuple[Narrowed, ...], name: ir.Name, bound: list[ir.At]) -> ir.Expr | None:
    """
    The class that tests prove a name to be of where it stands; None when no one class is proved.

    Args:
        found: What the tests of the function tell.
        name: The name where it is read.
        bound: Where the function binds it.
    """
    here = _start(name)
    fits = [
        one
        for one in found
        if one.name == name.id
        and one.first <= here <= one.last
        and not any(one.first <= at[:2] <= one.last for at in bound)
    ]
    return fits[-1].cls if fits else None
