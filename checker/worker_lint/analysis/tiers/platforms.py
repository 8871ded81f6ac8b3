"""Clauses that deal with an error on one interpreter or platform, and drop it on the others."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from worker_lint.analysis.flow.visit import find, walk
from worker_lint.analysis.visit import unawaited
from worker_lint.source import ir

if TYPE_CHECKING:
    from worker_lint.analysis.tiers.sites import TrySite

_PLATFORM: Final = re.compile(
    r"(?:sys\.(?:platform|version_info|hexversion)|os\.name|platform\.system|six\.PY[23]|"
    r"_?(?:IS_?)?(?:PY[23]K?|PYPY|WIN(?:DOWS|32)?|LINUX|POSIX|MAC(?:OS)?|DARWIN))"
)


def only_on_one(site: TrySite, handler: ir.Handler) -> ir.If | None:
    """
    The condition on the platform that all of a clause for every error stands under, and that has no other branch.
    """
    if len(handler.body) != 1 or not isinstance(handler.body[0], ir.If):
        return None
    branch = handler.body[0]
    if branch.orelse or not site.scope.project.tiers.is_broad(site.scope, handler):
        return None
    return branch if _asks_platform(branch.test) else None


def does_it_again(site: TrySite, branch: ir.If) -> bool:
    """
    Whether the branch does in another way what the block does for its effect alone, such as to write something: on
    the other platforms it is not done at all. What only finds a value has a default.
    """
    tried = [_spelled(one) for one in site.node.body]
    again = {_spelled(one) for one in find(ir.Expression, branch.body)}
    return all(tried) and not again.isdisjoint(tried)


def _spelled(statement: ir.Stmt) -> str:
    """What a statement calls, where it takes nothing from it."""
    value = unawaited(statement.value) if isinstance(statement, ir.Expression) else None
    return (ir.dotted_name(value.func) or "") if isinstance(value, ir.Call) else ""


def _asks_platform(test: ir.Expr) -> bool:
    """Whether a condition is about the platform and nothing else."""
    named = [node for node in walk(test) if isinstance(node, (ir.Name, ir.Attribute))]
    inner = {node.value.at for node in named if isinstance(node, ir.Attribute)}
    whole = [ir.dotted_name(node) or "" for node in named if node.at not in inner]
    return bool(whole) and all(_PLATFORM.fullmatch(name) for name in whole)
