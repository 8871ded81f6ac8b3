"""
Where objects of classes with unfulfilled contracts are created.

Starting from each such class, its name is followed through imports, aliases, class attributes
and displays; only functions in which one of these names occurs are read.
"""

from __future__ import annotations

from collections.abc import Container, Iterator
from typing import TYPE_CHECKING, Final

import msgspec

from worker_lint.analysis.entity import Class, Scope
from worker_lint.analysis.uses import Call
from worker_lint.analysis.visit import subexpressions
from worker_lint.diagnostic import Confidence
from worker_lint.source import ir

if TYPE_CHECKING:
    from worker_lint.analysis.project import Project


PLACES: Final = 20_000
"""Names of one class, each in one file, that are followed in search of its creations."""


class Creation(msgspec.Struct, frozen=True, eq=False):
    """A call that creates an object of a class. `expects_error`: the code around it wants it to fail."""

    cls: Class
    at: ir.At
    scope: Scope
    expects_error: bool
    confidence: Confidence = "certain"


class Creations:
    """
    The creations of a set of classes, by file. `asked` has, for each file that was searched, the names
    searched for, with whether the file uses them and what else stands for them there.
    """

    def __init__(self, project: Project, classes: tuple[Class, ...]) -> None:
        self.project = project
        self.wanted: Container[Class] = frozenset(classes)
        self.by_file: dict[str, list[Creation]] = {}
        self.asked: dict[str, dict[str, tuple[bool, tuple[str, ...]]]] = {}
        self._seen: set[tuple[str, ir.At]] = set()
        self._assignments: dict[Scope, tuple[ir.Assign, ...]] = {}
        self._prepare(classes)
        for cls in classes:
            self.add(cls)

    def _prepare(self, classes: tuple[Class, ...]) -> None:
        """Names the files that will be searched, but for those found through aliases."""
        names: dict[str, set[str]] = {}
        for cls in classes:
            for path, name in self.project.uses.places(cls.path, cls.name):
                names.setdefault(path, set()).add(name)
        self.project.store.prepare(names)

    def add(self, cls: Class) -> None:
        """Finds the creations of one more class, wherever they are."""
        for creation in self._of(cls):
            self.by_file.setdefault(creation.scope.path, []).append(creation)

    def add_named(self, path: str, name: str) -> tuple[bool, tuple[str, ...]]:
        """Finds the creations in one file that name the identifier; gives what `asked` keeps of it."""
        for creation in self._named(path, name):
            self.by_file.setdefault(path, []).append(creation)
        return self.asked[path][name]

    def in_file(self, path: str) -> list[Creation]:
        """The creations in one file, in source order."""
        return sorted(self.by_file.get(path, ()), key=lambda creation: creation.at)

    def _of(self, cls: Class) -> Iterator[Creation]:
        pending = list(self.project.uses.places(cls.path, cls.name))
        seen = set(pending)
        while pending:
            if len(seen) - len(pending) >= PLACES:
                self.project.budget.spent(cls.path, "a class has too many names")
                return
            path, name = pending.pop()
            yield from self._named(path, name)
            for alias in self.asked[path][name][1]:
                for place in self.project.uses.places(path, alias):
                    if place not in seen:
                        seen.add(place)
                        pending.append(place)

    def _named(self, path: str, name: str) -> Iterator[Creation]:
        """The creations that name an identifier; notes whether the file uses it, and its aliases there."""
        store, uses = self.project.store, self.project.uses
        before, store.own = store.own, path
        try:
            for call in uses.calls_naming(path, name):
                yield from self._judge(call)
            aliases = tuple(dict.fromkeys(self._aliases(path, name)))
            self.asked.setdefault(path, {})[name] = (bool(uses.scopes_with(path, name)), aliases)
        finally:
            store.own = before

    def _judge(self, call: Call) -> Iterator[Creation]:
        key = (call.scope.path, call.node.at)
        if key in self._seen:
            return
        targets = self.project.names.expr(call.scope, call.node.func)
        classes = [target for target in targets if isinstance(target, Class) and target in self.wanted]
        if classes and len(classes) == len(targets):
            self._seen.add(key)
            yield Creation(classes[0], call.node.at, call.scope, expects_type_error(call))

    def _aliases(self, path: str, name: str) -> Iterator[str]:
        """Names that module or class statements bind to an expression with the class in it."""
        for scope in self.project.uses.scopes_with(path, name):
            for node in self._own_assignments(scope):
                if node.value is not None and _holds(node.value, name):
                    for target in node.targets:
                        if isinstance(target, ir.Name) and target.id != name:
                            yield target.id

    def _own_assignments(self, scope: Scope) -> tuple[ir.Assign, ...]:
        """The assignments of a module or class, its blocks not entered; kept, since each of its classes asks."""
        found = self._assignments.get(scope)
        if found is None:
            statements = () if hasattr(scope, "body") else scope.statements
            self._assignments[scope] = found = tuple(node for node in statements if isinstance(node, ir.Assign))
        return found


def _holds(value: ir.Expr, name: str) -> bool:
    if not isinstance(value, (ir.Name, ir.Attribute, ir.Collection, ir.Mapping, ir.Conditional)):
        return False
    return any(
        (isinstance(part, ir.Name) and part.id == name) or (isinstance(part, ir.Attribute) and part.name == name)
        for part in subexpressions(value)
    )


def expects_type_error(call: Call) -> bool:
    """Whether the code around the call is there to see it fail."""
    for statement in call.guards:
        if isinstance(statement, ir.With) and any(_is_raises(item.context) for item in statement.items):
            return True
        if isinstance(statement, ir.Try) and any(_catches(handler) for handler in statement.handlers):
            return True
    return bool(call.guards) and _asserts_raises(call)


def _is_raises(context: ir.Expr) -> bool:
    if not isinstance(context, ir.Call):
        return False
    name = (ir.dotted_name(context.func) or "").rpartition(".")[2]
    return name in {"raises", "assertRaises", "assertRaisesRegex", "assertRaisesRegexp", "suppress"}


def _catches(handler: ir.Handler) -> bool:
    if handler.exception is None:
        return True
    parts = handler.exception.items if isinstance(handler.exception, ir.Collection) else (handler.exception,)
    return any(ir.dotted_name(part) in {"TypeError", "Exception", "BaseException"} for part in parts)


def _asserts_raises(call: Call) -> bool:
    statement = call.guards[-1]
    if isinstance(statement, ir.Expression) and isinstance(statement.value, ir.Call):
        outer = (ir.dotted_name(statement.value.func) or "").rpartition(".")[2]
        return outer in {"raises", "assertRaises", "assertRaisesRegex"}
    return False
