"""Conditions in a `finally` block by which is told whether the block before it has done its work."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from worker_lint.analysis.flow import find, walk
from worker_lint.analysis.statements import inner_blocks
from worker_lint.analysis.tiers.handling import awaits_in, raises_anything
from worker_lint.analysis.tiers.names import bound_names
from worker_lint.analysis.tiers.sites import TrySite
from worker_lint.analysis.visit import encloses
from worker_lint.source import ir

_ASKING: Final = (ir.If, ir.While, ir.Conditional, ir.Assert)


class _Condition(NamedTuple):
    """A test, and what it has to give."""

    test: ir.Expr
    holds: bool


def is_after_success(site: TrySite, jump: ir.Node) -> bool:
    """
    Whether a jump in the `finally` block stands under a test that only a block that has done its work can meet, so
    that no exception can be on its way: one of what the block sets by its last statement, and which had another
    value before; or of what it sets when nothing but its last steps is left, none of which waits, while a clause
    takes every error.
    """
    return _is_past_the_end(site, jump) or _is_near_the_end(site, jump)


def asks_how_it_went(site: TrySite, jump: ir.Node) -> bool:
    """Whether a jump stands under a test of something that the block, or a clause, binds or calls something on."""
    touched = _touched((*site.node.body, *site.node.handlers))
    return any(not touched.isdisjoint(_places(one.test)) for one in _conditions(site.node.final, jump))


def asked_between(site: TrySite, read: ir.Name) -> bool:
    """
    Whether a test, or what a loop runs through, between the statement and a later read is about something that the
    block binds or calls something on: it may tell how the block has ended.
    """
    touched = _touched(site.node.body)
    for node in find(ir.Node, site.scope.statements):
        if not site.node.at[2:] <= node.at[:2] <= read.at[:2] or not isinstance(node, (*_ASKING, ir.For)):
            continue
        asked = node.iter if isinstance(node, ir.For) else node.test
        if not encloses(asked.at, read.at) and not touched.isdisjoint(_places(asked)):
            return True
    return False


def _touched(nodes: tuple[ir.Node, ...]) -> set[str]:
    found = {name for node in find(ir.Node, nodes) for name in bound_names(node)}
    for node in find(ir.Assign, nodes):
        found.update(filter(None, map(ir.dotted_name, node.targets)))
    for call in find(ir.Call, nodes):
        if isinstance(call.func, ir.Attribute):
            found.update(filter(None, (ir.dotted_name(call.func.value),)))
    return found - {"self"}


def _places(test: ir.Expr) -> set[str]:
    return {name for one in walk(test) if isinstance(one, (ir.Name, ir.Attribute)) and (name := ir.dotted_name(one))}


def _conditions(block: tuple[ir.Stmt, ...], jump: ir.Node) -> Iterator[_Condition]:
    """The tests that have to hold, or not to hold, for the jump to be reached."""
    for node in block:
        if not encloses(node.at, jump.at):
            continue
        if isinstance(node, ir.If):
            yield _Condition(node.test, holds=any(encloses(one.at, jump.at) for one in node.body))
        for part in inner_blocks(node):
            yield from _conditions(part, jump)


def _is_past_the_end(site: TrySite, jump: ir.Node) -> bool:
    last = site.node.body[-1]
    names = bound_names(last) if isinstance(last, ir.Assign) and not site.node.orelse else frozenset[str]()
    set_by_clauses = {name for node in find(ir.Node, site.node.handlers) for name in bound_names(node)}
    conditions = list(_conditions(site.node.final, jump)) if names else []
    return any(
        given is not None and any(_meets(one.test, name, given) is (not one.holds) for one in conditions)
        for name in names - set_by_clauses
        for given in (given_before(site, name),)
    )


def given_before(site: TrySite, name: str) -> ir.Constant | None:
    """The constant that a name has when the block begins, by the last statement before it that binds the name."""
    before = site.block[: next(index for index, one in enumerate(site.block) if one is site.node)]
    for node in reversed(before):
        if any(name in bound_names(one) for one in find(ir.Node, (node,))):
            value = node.value if isinstance(node, ir.Assign) and len(node.targets) == 1 else None
            return value if isinstance(value, ir.Constant) else None
    return None


def _meets(test: ir.Expr, name: str, given: ir.Constant) -> bool | None:
    """What a test gives as long as the name has this value; None where that is not known."""
    match test:
        case ir.Name(id=read) if read == name:
            return bool(given.value)
        case ir.Unary(op="not", operand=operand):
            inner = _meets(operand, name, given)
            return None if inner is None else not inner
        case ir.BoolOp(op=op, values=values):
            parts = [_meets(one, name, given) for one in values]
            decisive = op == "or"
            return decisive if decisive in parts else None if None in parts else not decisive
        case ir.Compare(left=ir.Name(id=read), ops=(op,), operands=(other,)) if read == name:
            return _compared(op, other, given)
        case _:
            return None


def _compared(op: str, other: ir.Expr, given: ir.Constant) -> bool | None:
    """A comparison with the value; nothing but None equals None, so that every other thing is told from it."""
    is_none = isinstance(other, ir.Constant) and other.kind == "none"
    if given.kind != "none":
        return (op in ("is not", "!=")) if is_none else None
    if op in ("is", "==", "is not", "!="):
        equal = True if is_none else False if isinstance(other, (ir.Constant, ir.Attribute)) else None
        return None if equal is None else equal is (op in ("is", "=="))
    return None


def _is_near_the_end(site: TrySite, jump: ir.Node) -> bool:
    tiers, handlers = site.scope.project.tiers, site.node.handlers
    if not any(tiers.is_broad(site.scope, one) for one in handlers) or any(
        raises_anything(one.body) for one in handlers
    ):
        return False
    for index, statement in enumerate(site.node.body):
        if not isinstance(statement, ir.Assign) or awaits_in(site.node.body[index:]):
            continue
        places = {ir.dotted_name(target) for target in statement.targets} - {None}
        for branch in find(ir.If, site.node.final):
            if places & _places(branch.test) and any(one is jump for one in branch.body):
                return True
    return False
