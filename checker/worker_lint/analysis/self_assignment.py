"""Attributes that methods set on the object: `self.name = …`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from worker_lint.analysis.entity import Class
from worker_lint.analysis.project import Project
from worker_lint.analysis.statements import walk_statements
from worker_lint.source import ir

_ASSIGNED: Final = re.compile(r"\bself\.(\w+)\s*(?:,|(?::[^=\n]+)?=(?!=))")
_COMPUTED: Final = re.compile(r"\bsetattr\([^,\n]+,\s*(?![\"'\s])")


def assigned_names(cls: Class) -> frozenset[str]:
    """The names that the text of a class seems to assign on `self`; it may list too many, not too few."""
    text = cls.project.store.text(cls.path)
    found: set[str] = set()
    for number in range(cls.node.at[0], cls.node.at[2] + 1):
        line = text.line(number)
        if "self." in line:
            found.update(_ASSIGNED.findall(line))
    return frozenset(found)


def sets_computed_names(cls: Class) -> bool:
    """Whether the class or a base of the project sets attributes whose names are computed: `setattr(self, name, …)`."""
    for owner in cls.project.hierarchy.order(cls):
        if isinstance(owner, Class):
            text = owner.project.store.text(owner.path)
            if text.has_word("setattr(", owner.node.at[0], owner.node.at[2]):
                return True
    return False


def may_gain_computed_names(cls: Class) -> bool:
    """
    Whether a file of the class or of a base sets attributes with computed names on anything: a function
    beside the class may put methods on its objects.
    """
    return any(
        _COMPUTED.search(owner.project.store.text(owner.path).source)
        for owner in cls.project.hierarchy.order(cls)
        if isinstance(owner, Class)
    )


def is_assigned_in(project: Project, paths: Iterable[str], name: str) -> bool:
    """Whether the text of one of the files sets the attribute on any object: `pipeline._encode = …`."""
    word = re.compile(rf"\.{re.escape(name)}\s*(?::[^=\n]+)?=(?!=)")
    return any(
        name in project.store.text(path).source and word.search(project.store.text(path).source) for path in paths
    )


def assignments(cls: Class, names: Iterable[str]) -> Iterator[tuple[str, ir.At]]:
    """Where methods of the class body assign these names on their first parameter, in source order."""
    wanted = frozenset(names) & assigned_names(cls)
    text = cls.project.store.text(cls.path)
    for node in cls.node.body:
        if not isinstance(node, ir.FunctionDef) or not node.params:
            continue
        if not any(text.has_word(f".{name}", node.at[0], node.at[2]) for name in wanted):
            continue
        subject = node.params[0].name
        for statement in walk_statements(cls.project.function_of(cls, node).body):
            yield from _targets(statement, subject, wanted)


def _targets(statement: ir.Stmt, subject: str, wanted: frozenset[str]) -> Iterator[tuple[str, ir.At]]:
    if not isinstance(statement, ir.Assign) or statement.value is None:
        return
    for target in statement.targets:
        parts = target.items if isinstance(target, ir.Collection) else (target,)
        for part in parts:
            if isinstance(part, ir.Attribute) and part.name in wanted and isinstance(part.value, ir.Name):
                if part.value.id == subject:
                    yield part.name, part.at
