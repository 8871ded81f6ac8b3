"""Parameters whose values a call states, and what of the callee's body these values leave out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Final, TypeAlias

from worker_lint.analysis.nesting import Placed
from worker_lint.analysis.statements import inner_blocks
from worker_lint.source import ir

if TYPE_CHECKING:
    from worker_lint.analysis.entity import Function

Given: TypeAlias = tuple[tuple[str, "str | int | float | bool | None"], ...]
"""Parameters and their values, in order."""

_PLAIN: Final = frozenset({"str", "int", "float", "bool", "none"})


def given_by(call: ir.Call, function: Function, *, is_bound: bool, outer: Given = ()) -> Given:
    """
    The parameters of `function` that have a known constant when this call runs it: stated there, a parameter
    of the caller that is known itself (`outer`), or left to a constant default.
    """
    params = [one for one in function.node.params if one.kind in ("positional-only", "positional")]
    params = params[1:] if is_bound else params
    named = {one.name: one for one in function.node.params}
    if any(isinstance(one, ir.Starred) for one in call.args) or any(one.name is None for one in call.keywords):
        return ()
    passed = {param.name: value for param, value in zip(params, call.args, strict=False)}
    passed.update({one.name: one.value for one in call.keywords if one.name is not None})
    known = dict(outer)
    rebound = function.project.values.bindings(function).places
    found = []
    for name, param in named.items():
        value = passed.get(name, param.default)
        if (name,) in rebound or param.kind.startswith("var-"):
            continue
        if isinstance(value, ir.Constant) and value.kind in _PLAIN:
            found.append((name, value.value))
        elif name in passed and isinstance(value, ir.Name) and value.id in known:
            found.append((name, known[value.id]))
    return tuple(found)


def live_statements(
    body: tuple[ir.Stmt, ...], known: Mapping[str, object], around: tuple[ir.Stmt, ...] = ()
) -> Iterator[Placed]:
    """The statements of a block as `placed_statements` gives them, without those that the known values leave out."""
    for statement in body:
        yield Placed(statement, around)
        truth = truth_of(statement.test, known) if isinstance(statement, (ir.If, ir.While)) and known else None
        blocks = inner_blocks(statement)
        if isinstance(statement, ir.If) and truth is not None:
            blocks = (statement.body if truth else statement.orelse,)
        elif isinstance(statement, ir.While) and truth is False:
            blocks = (statement.orelse,)
        for block in blocks:
            yield from live_statements(block, known, (*around, statement))
        if truth is not None and isinstance(statement, ir.If) and blocks[0] and leaves(blocks[0][-1]):
            return


def leaves(statement: ir.Stmt) -> bool:
    """Whether the statement ends its function."""
    return isinstance(statement, (ir.Return, ir.Raise))


def truth_of(test: ir.Expr, known: Mapping[str, object]) -> bool | None:
    """Whether a condition holds with these values of names; None when they do not decide it."""
    match test:
        case ir.Name(id=name):
            return bool(known[name]) if name in known else None
        case ir.Unary(op="not", operand=operand):
            inner = truth_of(operand, known)
            return None if inner is None else not inner
        case ir.BoolOp(op=op, values=values):
            return _joined(op, [truth_of(value, known) for value in values])
        case ir.Compare(left=ir.Name(id=name), ops=(op,), operands=(ir.Constant(kind=kind, value=value),)):
            if name not in known or kind not in _PLAIN:
                return None
            return _compared(op, known[name], value)
        case _:
            return None


def _joined(op: str, truths: list[bool | None]) -> bool | None:
    decisive = op == "or"
    if decisive in truths:
        return decisive
    return None if None in truths else not decisive


def _compared(op: str, left: object, right: object) -> bool | None:
    if op in ("is", "=="):
        return left == right
    if op in ("is not", "!="):
        return left != right
    return None
