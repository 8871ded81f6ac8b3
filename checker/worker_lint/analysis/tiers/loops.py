"""Loops that go on until somebody ends them, told from those that run through something finite."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from worker_lint.analysis.entity import External, Instance
from worker_lint.analysis.flow.visit import find, walk
from worker_lint.source import ir

if TYPE_CHECKING:
    from worker_lint.analysis.entity import Scope

_ENDLESS: Final = frozenset({"itertools.count", "itertools.cycle", "itertools.repeat"})
_ORDER: Final = frozenset({"<", "<=", ">", ">="})


def is_endless(scope: Scope, loop: ir.While | ir.For) -> bool:
    """
    Whether the loop goes round until it is told to end: `while` but for one that counts or has a deadline,
    `async for`, and `for` over `itertools.count()` or `iter(callable, sentinel)`.
    """
    if isinstance(loop, ir.While):
        return is_always(loop.test) or not (isinstance(loop.test, ir.Compare) or _has_bound(loop.test))
    if loop.is_async:
        return True
    for call in find(ir.Call, (loop.iter,)):
        if _is_of_object(scope, call.func):
            continue  # who overrides it is a question to all files
        for target in scope.project.names.expr(scope, call.func):
            if isinstance(target, External):
                if target.dotted in _ENDLESS:
                    return not (target.dotted == "itertools.repeat" and len(call.args) > 1)
                if target.dotted == "builtins.iter" and len(call.args) > 1:
                    return True
    return False


def _is_of_object(scope: Scope, func: ir.Expr) -> bool:
    """Whether a method, or something in a field, is called: no function of a module."""
    root = func
    while isinstance(root, ir.Attribute):
        root = root.value
    if root is func or not isinstance(root, ir.Name):
        return False
    return any(isinstance(target, Instance) for target in scope.project.names.expr(scope, root))


def _has_bound(test: ir.Expr) -> bool:
    """Whether a number or a moment bounds the loop besides: `while pending and monotonic() < end`."""
    parts = test.values if isinstance(test, ir.BoolOp) and test.op == "and" else ()
    return any(isinstance(part, ir.Compare) and not _ORDER.isdisjoint(part.ops) for part in parts)


def is_always(test: ir.Expr) -> bool:
    """Whether a condition is a constant that holds."""
    return isinstance(test, ir.Constant) and bool(test.value)


def changes_condition(loop: ir.While | ir.For, body: tuple[ir.Stmt, ...]) -> bool:
    """Whether a block writes, or calls something on, what the loop's condition reads."""
    if not isinstance(loop, ir.While):
        return False
    read = {_place(node) for node in walk(loop.test) if isinstance(node, (ir.Name, ir.Attribute))}
    read.discard("self")
    for node in walk(*body, inner=False):
        targets: tuple[ir.Expr, ...] = ()
        if isinstance(node, ir.Assign):
            targets = node.targets
        elif isinstance(node, ir.AugAssign):
            targets = (node.target,)
        elif isinstance(node, ir.Call) and isinstance(node.func, ir.Attribute):
            targets = (node.func.value, node.func)
        if any(_place(target) in read for target in targets if isinstance(target, (ir.Name, ir.Attribute))):
            return True
    return False


def _place(node: ir.Name | ir.Attribute) -> str:
    return ir.dotted_name(node) or ""


def leaves_loop(body: tuple[ir.Stmt, ...]) -> bool:
    """Whether a statement of the block returns, or breaks out of the loop around the block."""
    for node in walk(*body, inner=False):
        if isinstance(node, ir.Return) or (isinstance(node, ir.Simple) and node.kind == "break"):
            return True
    return False
