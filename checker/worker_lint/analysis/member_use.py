"""
Where a member of an object is used, and what becomes of it: called, awaited, iterated, dropped.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias

from worker_lint.analysis.entity import Scope
from worker_lint.analysis.statements import inner_blocks
from worker_lint.analysis.visit import expressions_of, given_to, operands
from worker_lint.source import ir

Fate: TypeAlias = Literal["dropped", "awaited", "iterated", "async iterated", "operated", "entered", "other"]
"""
What the code around does with a value: a statement drops it, `for`, `yield from` or a comprehension
iterates it, a condition or an operator works on it, `with` enters it, or it goes elsewhere.
"""


@dataclass(frozen=True, slots=True, eq=False)
class MemberUse:
    """
    `receiver.name` read in a scope. `call` is the call of it, if it is called; `fate` is that of the
    call's result then, else of the member itself. `guards` are the statements around.
    """

    node: ir.Attribute
    call: ir.Call | None
    fate: Fate
    scope: Scope
    guards: tuple[ir.Stmt, ...]

    @property
    def at(self) -> ir.At:
        """The call, or the attribute."""
        return self.node.at if self.call is None else self.call.at


def member_uses(scope: Scope, name: str) -> Iterator[MemberUse]:
    """The uses of members of that name in a scope's own statements, lambdas included."""
    yield from _in_block(scope, name, scope.statements, ())


def _in_block(scope: Scope, name: str, body: tuple[ir.Stmt, ...], guards: tuple[ir.Stmt, ...]) -> Iterator[MemberUse]:
    for statement in body:
        around = (*guards, statement)
        for expression in expressions_of(statement):
            for node, call, fate in _below(expression, _fate_in(statement, expression), name):
                yield MemberUse(node, call, fate, scope, around)
        for block in inner_blocks(statement):
            yield from _in_block(scope, name, block, around)


def _fate_in(statement: ir.Stmt, expression: ir.Expr) -> Fate:
    match statement:
        case ir.Expression():
            return "dropped"
        case ir.For() if expression is statement.iter:
            return "async iterated" if statement.is_async else "iterated"
        case ir.While() | ir.If() | ir.Assert():
            return "operated"
        case ir.With():
            return "entered"
        case _:
            return "other"


_Found: TypeAlias = tuple[ir.Attribute, ir.Call | None, Fate]


def _below(root: ir.Expr, fate: Fate, name: str) -> Iterator[_Found]:
    """The members of that name in an expression whose own value has this fate."""
    if isinstance(root, ir.Attribute) and root.name == name:
        yield root, None, fate
    elif isinstance(root, ir.Call) and isinstance(root.func, ir.Attribute) and root.func.name == name:
        yield root.func, root, fate
        yield from _below(root.func.value, "operated", name)
        for argument in given_to(root):
            yield from _below(argument, "other", name)
        return
    for child in operands(root):
        yield from _below(child, _fate_below(root, child, fate), name)


def _fate_below(parent: ir.Expr, child: ir.Expr, fate: Fate) -> Fate:
    match parent:
        case ir.Await():
            return "awaited"
        case ir.Yield() if parent.delegates:
            return "iterated"
        case ir.Comprehension():
            return _fate_in_comprehension(parent, child)
        case ir.Compare() | ir.Binary() | ir.Unary() | ir.Formatted() | ir.Attribute():
            return "operated"
        case ir.Starred():
            return "iterated"
        case ir.Subscript() | ir.Conditional() | ir.BoolOp():
            return _fate_of_part(parent, child, fate)
        case _:
            return "other"


def _fate_in_comprehension(parent: ir.Comprehension, child: ir.Expr) -> Fate:
    for generator in parent.generators:
        if child is generator.iter:
            return "async iterated" if generator.is_async else "iterated"
        if any(child is condition for condition in generator.conditions):
            return "operated"
    return "other"


def _fate_of_part(parent: ir.Subscript | ir.Conditional | ir.BoolOp, child: ir.Expr, fate: Fate) -> Fate:
    """An operand is worked on, unless it is what the whole expression may evaluate to."""
    if isinstance(parent, ir.Subscript):
        return "operated" if child is parent.value else "other"
    if isinstance(parent, ir.Conditional):
        return "operated" if child is parent.test else fate
    return fate if child is parent.values[-1] else "operated"
