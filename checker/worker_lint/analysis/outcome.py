"""What a call of a function can give, as far as its annotation and its return statements tell."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from worker_lint.analysis.entity import Function
from worker_lint.analysis.statements import walk_statements
from worker_lint.source import ir

_PLAIN: Final = frozenset({"None", "bool", "int", "float", "str", "bytes", "list", "dict", "tuple", "set", "frozenset"})


def returns_nothing(function: Function) -> bool:
    """Whether every call gives None: nothing is returned, yielded, or always raised instead."""
    node = function.node
    if node.is_async or node.is_generator or _ends_in_raise(function):
        return False
    return all(value is None for value in _returned(function))


def may_be_awaitable(function: Function) -> bool:
    """Whether a call may give something to await; False is certain."""
    return function.node.is_async or _may_be_object(function)


def may_be_callable(function: Function) -> bool:
    """Whether a call may give something to call; False is certain."""
    return _may_be_object(function)


def _may_be_object(function: Function) -> bool:
    """Whether a result may be anything but a plain value: a constant, text, a display, a comparison."""
    annotation = function.node.returns
    named = annotation.value if isinstance(annotation, ir.Subscript) else annotation
    if ir.dotted_name(named) in _PLAIN or (isinstance(annotation, ir.Constant) and annotation.kind == "none"):
        return False
    if annotation is not None or _ends_in_raise(function):
        return True
    return not all(value is None or _is_plain(value) for value in _returned(function))


def _is_plain(value: ir.Expr) -> bool:
    if isinstance(value, ir.Unary):
        return value.op == "not" or _is_plain(value.operand)
    if isinstance(value, ir.Binary):
        return _is_plain(value.left) or _is_plain(value.right)
    if isinstance(value, ir.Conditional):
        return _is_plain(value.body) and _is_plain(value.orelse)
    return isinstance(value, (ir.Constant, ir.Formatted, ir.Collection, ir.Mapping, ir.Comprehension, ir.Compare))


def _returned(function: Function) -> Iterator[ir.Expr | None]:
    for statement in walk_statements(function.body):
        if isinstance(statement, ir.Return):
            yield statement.value


def _ends_in_raise(function: Function) -> bool:
    """Whether the body's last statement raises, so that a plain end is not the usual one."""
    return bool(function.body) and isinstance(function.body[-1], ir.Raise)
