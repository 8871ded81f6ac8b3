"""Walking expressions: every sub-expression, and every expression of a statement."""

from __future__ import annotations

from collections.abc import Iterator

from worker_lint.source import ir

_LEAVES = (ir.Name, ir.Constant, ir.Opaque)


def subexpressions(root: ir.Expr) -> Iterator[ir.Expr]:
    """The expression and all below it, outside in, left to right; lambda bodies included."""
    pending: list[ir.Expr] = [root]
    while pending:
        node = pending.pop()
        yield node
        if not isinstance(node, _LEAVES):
            pending.extend(reversed(children(node)))


def children(node: ir.Expr) -> list[ir.Expr]:  # noqa: C901, PLR0912 - one case a kind of expression
    """The direct sub-expressions."""
    match node:
        case ir.Attribute() | ir.Starred() | ir.Await() | ir.Walrus():
            return [node.value]
        case ir.Call():
            return [node.func, *node.args, *(keyword.value for keyword in node.keywords)]
        case ir.Subscript():
            return [node.value, node.index]
        case ir.Compare():
            return [node.left, *node.operands]
        case ir.BoolOp():
            return list(node.values)
        case ir.Unary():
            return [node.operand]
        case ir.Binary():
            return [node.left, node.right]
        case ir.Yield():
            return [] if node.value is None else [node.value]
        case ir.Collection():
            return list(node.items)
        case ir.Mapping():
            return [part for pair in zip(node.keys, node.values, strict=True) for part in pair if part is not None]
        case ir.Comprehension():
            return _comprehension(node)
        case ir.Formatted():
            return list(node.parts)
        case ir.Conditional():
            return [node.test, node.body, node.orelse]
        case ir.Lambda():
            return [*(param.default for param in node.params if param.default is not None), node.body]
        case _:
            return []


def _comprehension(node: ir.Comprehension) -> list[ir.Expr]:
    found = [node.element] if node.value is None else [node.element, node.value]
    for generator in node.generators:
        found.extend((generator.target, generator.iter, *generator.conditions))
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
