"""Blocks that do one thing which fails in one way: they read one value, or look one up."""

from __future__ import annotations

from typing import Final

from worker_lint.analysis.entity import Function
from worker_lint.analysis.escaping.parsing import NUMBERS, PARSERS
from worker_lint.analysis.flow import find
from worker_lint.analysis.tiers.sites import TrySite
from worker_lint.source import ir

_PLAIN: Final = ("builtins.", "typing.", "struct.", "binascii.", "os.path.", "posixpath.")
_DEPTH: Final = 2


def converts_one_value(site: TrySite) -> bool:
    """
    Whether the block is one statement that parses or looks up one value, by functions that do nothing else. A method
    of an object is not taken to: a decoder may check signatures, or read from elsewhere.
    """
    if len(site.node.body) != 1 or not isinstance(site.node.body[0], (ir.Assign, ir.Return, ir.Expression)):
        return False
    scope = site.scope
    return isinstance(scope, Function) and _is_plain(scope, site.node.body, _DEPTH)


def _is_plain(function: Function, body: tuple[ir.Stmt, ...], depth: int) -> bool:
    """Whether all calls of a block are conversions, followed into short functions of the project."""
    if any(isinstance(node, (ir.Await, ir.Yield, ir.With, ir.For, ir.While)) for node in find(ir.Node, body)):
        return False
    raised = {node.exception.at for node in find(ir.Raise, body) if node.exception is not None}
    for call in find(ir.Call, body):
        callee = function.project.calls.of(function, call)
        if callee.dotted.startswith(_PLAIN) or callee.dotted in PARSERS or callee.dotted in NUMBERS:
            continue
        if call.at in raised:
            continue
        if depth == 0 or len(callee.runs) != 1 or callee.creates is not None:
            return False
        below = callee.runs[0].function
        if not _is_plain(below, below.body, depth - 1):
            return False
    return True
