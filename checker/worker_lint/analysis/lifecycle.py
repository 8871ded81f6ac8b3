"""
Which methods of a created object certainly run: what its creators call on it, what Python calls, and
what these methods call on `self` without a condition.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from worker_lint.analysis.entity import Class, Function, Scope
from worker_lint.analysis.member import Member
from worker_lint.analysis.stub_member import SelfUse, self_uses
from worker_lint.analysis.uses import Call
from worker_lint.analysis.visit import expressions_of, subexpressions
from worker_lint.source import ir

_BY_PYTHON: Final = ("__new__", "__init__", "__post_init__", "__del__")
_THREADS: Final = ("threading.Thread", "multiprocessing.Process", "multiprocessing.context.Process")


@dataclass(frozen=True, slots=True)
class ReachedUse:
    """A use of the object's own attribute in a method that runs; `path` is the method's file."""

    path: str
    method: str
    use: SelfUse


def reached_uses(cls: Class, creations: Iterable[Call]) -> Iterator[ReachedUse]:
    """The unconditional uses of attributes on `self`, in the methods that run, entry points first."""
    hierarchy = cls.project.hierarchy
    pending = list(_BY_PYTHON)
    for creation in creations:
        pending.extend(_called_on(creation))
    if "start" in pending and hierarchy.derives_from(cls, *_THREADS):
        pending.append("run")
    seen: set[str] = set()
    while pending:
        name = pending.pop(0)
        found = hierarchy.find(cls, name) if name not in seen else None
        seen.add(name)
        if (
            found is None
            or not found.sure
            or not isinstance(found.owner, Class)
            or not isinstance(found.member, Member)
        ):
            continue
        for part in found.member.parts[:1]:
            for use in self_uses(cls.project.function_of(found.owner, part)):
                if not use.guarded:
                    yield ReachedUse(found.owner.path, name, use)
                    pending.append(use.name)


def _called_on(creation: Call) -> Iterator[str]:
    """The methods called on what a creation is bound to, in the same file, or directly on its result."""
    statement = creation.guards[-1]
    for expression in expressions_of(statement):
        for node in subexpressions(expression):
            if isinstance(node, ir.Attribute) and node.value is creation.node:
                yield node.name
    for target in _bound_to(statement, creation.node):
        name = ir.dotted_name(target)
        if name is not None:
            called = re.compile(rf"(?<![\w.]){re.escape(name)}\.(\w+)\(")
            for line in _lines_of_scope(creation.scope, outer="." in name):
                yield from called.findall(line)


def _lines_of_scope(scope: Scope, *, outer: bool) -> list[str]:
    """The lines of a scope, or with `outer` of the class around it: as far as a name keeps its meaning."""
    if outer and isinstance(scope.parent, Class):
        scope = scope.parent
    text = scope.project.store.text(scope.path)
    if isinstance(scope, (Class, Function)):
        return text.lines_between(scope.node.at[0], scope.node.at[2])
    return text.lines


def _bound_to(statement: ir.Stmt, call: ir.Call) -> Iterator[ir.Expr]:
    if isinstance(statement, ir.Assign) and statement.value is call:
        yield from statement.targets
    elif isinstance(statement, ir.With):
        for item in statement.items:
            if item.context is call and item.target is not None:
                yield item.target
