"""Whether an object can, and is meant to, be started again after it has been stopped."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Final

from worker_lint.analysis.children import Child
from worker_lint.analysis.entity import Class, Function
from worker_lint.analysis.uses import Call
from worker_lint.analysis.visit import last_name
from worker_lint.source import ir

_MAKERS: Final = frozenset({"__init__", "__post_init__", "__attrs_post_init__"})
_ENDS: Final = frozenset({"close", "aclose", "dispose", "destroy", "teardown", "tear_down", "finalize", "cleanup"})
"""Stops after which, by their names, the object is not used again."""

_ONCE: Final = re.compile(
    r"\b(?:cannot|can't|can not|must not|may not|should not|not be|only|never)\b[^.\n]{0,30}"
    r"\b(?:re-?start|re-?used|(?:be )?started (?:again|once|twice))",
    re.IGNORECASE,
)


def starts_once(cls: Class, start: Function, children: Collection[Child]) -> bool:
    """
    Whether the start also starts a thread that is made with the object. A thread starts only once, so that a second
    start raises before it does anything else.
    """
    run = cls.project.resources.reached(cls, start.name)
    for child in children:
        makers = {site.method.name for site in child.held.created}
        if child.kind in ("thread", "process") and makers and makers <= _MAKERS:
            if any(site.method.name in run for site in child.held.acquired):
                return True
    return False


def is_made_anew(cls: Class, start: Function) -> bool:
    """
    Whether all who make an object keep it in a field, start it there, and forget it elsewhere, as when they stop it:
    what was stopped is not started again, the next start makes another.
    """
    made = list(cls.project.uses.creations(cls))
    return bool(made) and all(_is_for_one_start(one, start) for one in made)


def _is_for_one_start(made: Call, start: Function) -> bool:
    """Whether the one start of what a field holds follows where it is made, and another function empties the field."""
    statement = made.guards[-1]
    if not isinstance(statement, ir.Assign) or statement.value is not made.node or len(statement.targets) != 1:
        return False
    target, scope = statement.targets[0], made.scope
    if not isinstance(target, ir.Attribute):
        return False
    uses = scope.project.uses
    called = (call for call in uses.calls_naming(scope.path, target.name) if last_name(call.node.func) == start.name)
    starts = [call for call in called if _is_of(call.node.func, target.name)]
    if len(starts) != 1 or starts[0].scope is not scope or starts[0].node.at < made.node.at:
        return False
    return any(
        _forgets(statement, target.name)
        for other in uses.scopes_with(scope.path, target.name)
        if isinstance(other, Function) and other is not scope and other.name not in _MAKERS
        for statement in uses.plain_statements(other)
    )


def _is_of(func: ir.Expr, field: str) -> bool:
    """Whether a method of what a field holds is called."""
    return isinstance(func, ir.Attribute) and isinstance(func.value, ir.Attribute) and func.value.name == field


def _forgets(statement: ir.Stmt, field: str) -> bool:
    """Whether a statement puts None into a field."""
    if not isinstance(statement, ir.Assign) or not isinstance(statement.value, ir.Constant):
        return False
    is_field = any(isinstance(one, ir.Attribute) and one.name == field for one in statement.targets)
    return is_field and statement.value.kind == "none"


def is_last(cls: Class, stop: Function) -> bool:
    """Whether a stop may be meant as the end of the object: by its name, or because the class says so."""
    if stop.name.startswith("__") or stop.name in _ENDS:
        return True
    lines = cls.project.store.text(cls.path).lines_between(cls.node.at[0], cls.node.at[2])
    return _ONCE.search("\n".join(lines)) is not None
