"""Walks over IR nodes: what is directly inside, every sub-expression, every expression of a statement."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Final

from worker_lint.source import ir

_LIMITS: Final = frozenset({"block", "blocking", "wait", "timeout", "timeout_ms", "time_limit", "inactivity_timeout"})
"""Parameters that limit a wait, or forbid it."""

_QUOTED = re.compile(r"""'[^']*'|"[^"]*\"""")
_WORD = re.compile(r"\w+")
_PLAIN = frozenset({"At", "None", "OneOf", "Shape", "bool", "float", "int", "str", "tuple"})
_CARRIERS = frozenset({ir.Keyword, ir.Generator, ir.Parameter})
_LEAVES = (ir.Name, ir.Constant, ir.Opaque)


def subexpressions(root: ir.Expr) -> Iterator[ir.Expr]:
    """The expression and all below it, outside in, left to right; lambda bodies included."""
    pending: list[ir.Expr] = [root]
    while pending:
        node = pending.pop()
        yield node
        if not isinstance(node, _LEAVES):
            pending.extend(reversed(operands(node)))


def children(node: ir.Node) -> list[ir.Node]:
    """The nodes directly inside a node, in the order of its fields."""
    found: list[ir.Node] = []
    for name in _node_fields(type(node)):
        value = getattr(node, name)
        if type(value) is not tuple:
            if value is not None:
                found.append(value)
        elif value:
            if None in value:  # identity comes first, so that no nodes are compared
                found.extend(item for item in value if item is not None)
            else:
                found.extend(value)
    return found


@cache
def _node_fields(kind: type[ir.Node]) -> tuple[str, ...]:
    """The fields that hold nodes, or tuples of nodes; asking each value for its type took most of the time."""
    return tuple(name for base in kind.__mro__[-2::-1] for name in _named_nodes(vars(base).get("__annotations__", {})))


def _named_nodes(annotations: dict[str, str]) -> Iterator[str]:
    for name, annotation in annotations.items():
        words = set(_WORD.findall(_QUOTED.sub("", annotation)))
        if words - _PLAIN:
            yield name


def operands(node: ir.Node) -> list[ir.Expr]:
    """The direct sub-expressions; those of arguments, generators and defaults count as the expression's own."""
    if isinstance(node, ir.Mapping):  # a key is evaluated with its value
        return [part for pair in zip(node.keys, node.values, strict=True) for part in pair if part is not None]
    found: list[ir.Expr] = []
    for name in _node_fields(type(node)):
        value = getattr(node, name)
        if type(value) is not tuple:
            if value is not None:
                found.append(value)
        elif value and type(value[0]) in _CARRIERS:
            for item in value:
                found.extend(operands(item))
        else:
            found.extend(value)
    return found


def expressions_of(node: ir.Stmt) -> list[ir.Expr]:  # noqa: C901, PLR0912 - one case a kind of statement
    """The expressions that a statement itself evaluates; those of its blocks are not among them."""
    match node:
        case ir.Expression():
            return [node.value]
        case ir.Assign():
            return [*node.targets, *_present(node.value)]
        case ir.AugAssign():
            return [node.target, node.value]
        case ir.Delete():
            return list(node.targets)
        case ir.Return():
            return _present(node.value)
        case ir.Raise():
            return _present(node.exception, node.cause)
        case ir.Try():
            return [handler.exception for handler in node.handlers if handler.exception is not None]
        case ir.For():
            return [node.target, node.iter]
        case ir.While() | ir.If():
            return [node.test]
        case ir.With():
            return [part for item in node.items for part in _present(item.context, item.target)]
        case ir.Match():
            return [node.subject, *(case.guard for case in node.cases if case.guard is not None)]
        case ir.Assert():
            return _present(node.test, node.message)
        case ir.FunctionDef():
            defaults = [param.default for param in node.params if param.default is not None]
            return [*node.decorators, *defaults]
        case ir.ClassDef():
            return [*node.decorators, *node.bases, *(keyword.value for keyword in node.keywords)]
        case _:
            return []


def _present(*nodes: ir.Expr | None) -> list[ir.Expr]:
    return [node for node in nodes if node is not None]


def encloses(outer: ir.At, inner: ir.At) -> bool:
    """Whether one span lies within another."""
    return outer[:2] <= inner[:2] and inner[2:] <= outer[2:]


def last_name(func: ir.Expr) -> str:
    """The name of what is called, without what stands before the dot; empty when that is no name."""
    return func.name if isinstance(func, ir.Attribute) else func.id if isinstance(func, ir.Name) else ""


def unawaited(node: ir.Node) -> ir.Node:
    """What is awaited, or the node itself where nothing is."""
    return node.value if isinstance(node, ir.Await) else node


def is_none(node: ir.Node | None) -> bool:
    """Whether it is the literal None."""
    return isinstance(node, ir.Constant) and node.kind == "none"


def method_name(call: ir.Call) -> str:
    """The name of the method that is called; empty for a plain function."""
    return call.func.name if isinstance(call.func, ir.Attribute) else ""


def receiver_name(call: ir.Call) -> str:
    """The object of a method call, as it is written; empty for other calls, and where it has no name."""
    return (ir.dotted_name(call.func.value) or "") if isinstance(call.func, ir.Attribute) else ""


def given_to(call: ir.Call) -> tuple[ir.Expr, ...]:
    """All that a call is given, by position and then by name."""
    return (*call.args, *(keyword.value for keyword in call.keywords))


def says_not_to_wait(name: str, call: ir.Call) -> bool:
    """Whether an argument of a call of that full name says that it gives up at once where it would have to wait."""
    given = [keyword.value for keyword in call.keywords if keyword.name in _LIMITS]
    given.extend(call.args[:1] if name.endswith((".get", ".acquire", ".shutdown", ".wait")) else ())
    return any(isinstance(value, ir.Constant) and value.value in (False, 0) for value in given)


def uncalled(expr: ir.Expr) -> ir.Expr:
    """What is called, or the expression itself: a decorator or an exception may stand there with arguments or not."""
    return expr.func if isinstance(expr, ir.Call) else expr
