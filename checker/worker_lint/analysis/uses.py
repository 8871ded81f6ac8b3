"""
Who uses a class: creates it, names it as a value, or hands it on.

Files are found by what they import, then by whether the name occurs in them; only the functions
around an occurrence are extracted.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING

import msgspec

from worker_lint.analysis.entity import Class, Scope
from worker_lint.analysis.statements import definitions, inner_blocks, walk_statements
from worker_lint.analysis.trail import Search
from worker_lint.analysis.visit import expressions_of, operands
from worker_lint.source import ir

if TYPE_CHECKING:
    from worker_lint.analysis.project import Project
    from worker_lint.analysis.store import Importer


class Call(msgspec.Struct, frozen=True, eq=False):
    """A call expression, the scope that it is evaluated in, and the statement around it."""

    node: ir.Call
    scope: Scope
    guards: tuple[ir.Stmt, ...] = ()


class Uses:
    """Calls and mentions of one project, extracted on demand."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self._files: dict[Class, tuple[str, ...]] = {}
        self._places: dict[tuple[str, str], tuple[tuple[str, str], ...]] = {}
        self._scopes: dict[tuple[str, str], tuple[Scope, ...]] = {}
        self._plain: dict[Scope, tuple[ir.Stmt, ...]] = {}
        self._calls: dict[Scope, dict[str, list[Call]]] = {}
        self._definitions: dict[Scope, tuple[list[int], list[ir.ClassDef | ir.FunctionDef]]] = {}

    def files_using(self, cls: Class) -> tuple[str, ...]:
        """The files that may name the class: its own, and those that import it, however indirectly."""
        found = self._files_naming(cls)
        self.project.store.trail.looked_at_users(cls.path, cls.name, found)
        return found

    def _files_naming(self, cls: Class) -> tuple[str, ...]:
        known = self._files.get(cls)
        if known is None:
            self._files[cls] = known = tuple(sorted({path for path, _ in self.places(cls.path, cls.name)}))
        return known

    def is_written(self, cls: Class, words: Collection[str], pattern: str, *, own: bool = True) -> bool:
        """
        Whether a pattern occurs in the text of a file that may name the class; one of the words is in
        all that it matches. With `own` the class's own file counts.
        """
        store, search = self.project.store, Search(cls.path, cls.name, own, tuple(words), pattern)
        if (found := store.trail.standing.get(search)) is not None:
            return found
        compiled = re.compile(pattern)
        for path in self._files_naming(cls):
            if (own or path != cls.path) and any(word in (source := store.text(path).source) for word in words):
                if compiled.search(source):
                    store.trail.searched(search, path)
                    return True
        store.trail.searched(search, "")
        return False

    def places(self, path: str, name: str) -> tuple[tuple[str, str], ...]:
        """
        The files where something that `path` defines as `name` may be used, each with its name
        there: imports by name and star imports are followed, files that import the whole module
        count when the name occurs in them.
        """
        known = self._places.get((path, name))
        if known is None:
            self._places[path, name] = known = self._find_places(path, name)
        return known

    def _find_places(self, path: str, name: str) -> tuple[tuple[str, str], ...]:
        store = self.project.store
        seen = {(path, name): None}
        pending = [(path, name)]
        while pending:
            source, spelled = pending.pop()
            for importer in store.importers(source, spelled):
                for bound in self._bound_names(importer, spelled):
                    if (importer.path, bound) not in seen:
                        seen[importer.path, bound] = None
                        pending.append((importer.path, bound))
        return tuple(seen)

    def _bound_names(self, importer: Importer, name: str) -> tuple[str, ...]:
        """The names under which an importing file knows `name`: bound ones, else an attribute of the module."""
        bound = importer.bound(name)
        if bound or not (importer.whole and self.project.store.mentions(importer.path, name)):
            return bound
        return (name,)

    def scopes_with(self, path: str, name: str) -> tuple[Scope, ...]:
        """The scopes of a file in whose own statements the identifier occurs."""
        key = (path, name)
        if key not in self._scopes:
            self._scopes[key] = tuple(self._find_scopes(path, name))
        return self._scopes[key]

    def _find_scopes(self, path: str, name: str) -> Iterator[Scope]:
        store = self.project.store
        module = self.project.module(path) if store.may_use(path, name) else None
        if module is None:
            return
        lines = store.text(path).lines_naming(name)
        if lines:
            yield module
            yield from self._inner(module, lines)

    def _definitions_in(self, scope: Scope) -> tuple[list[int], list[ir.ClassDef | ir.FunctionDef]]:
        """The definitions of a scope in source order, with their first lines."""
        found = self._definitions.get(scope)
        if found is None:
            nodes = sorted(definitions(scope.statements), key=lambda node: node.at)
            self._definitions[scope] = found = ([node.at[0] for node in nodes], nodes)
        return found

    def _inner(self, scope: Scope, lines: list[int]) -> Iterator[Scope]:
        starts, nodes = self._definitions_in(scope)
        for index in dict.fromkeys(bisect_right(starts, line) - 1 for line in lines):
            if index < 0:
                continue
            node = nodes[index]
            position = bisect_left(lines, node.at[0])
            if position == len(lines) or lines[position] > node.at[2]:
                continue
            if isinstance(node, ir.ClassDef):
                inner: Scope = self.project.class_of(scope, node)
            else:
                inner = self.project.function_of(scope, node)
            yield inner
            yield from self._inner(inner, lines)

    def plain_statements(self, scope: Scope) -> tuple[ir.Stmt, ...]:
        """The statements of a scope, those of its blocks too, without class definitions; kept for many callers."""
        found = self._plain.get(scope)
        if found is None:
            below = walk_statements(scope.statements)
            self._plain[scope] = found = tuple(node for node in below if not isinstance(node, ir.ClassDef))
        return found

    def calls_naming(self, path: str, name: str) -> Iterator[Call]:
        """The calls whose callee expression names the identifier."""
        for scope in self.scopes_with(path, name):
            yield from self._calls_by_name(scope).get(name, ())

    def _calls_by_name(self, scope: Scope) -> dict[str, list[Call]]:
        """The calls of a scope by each name in their callee; one walk serves all names."""
        found = self._calls.get(scope)
        if found is None:
            self._calls[scope] = found = {}
            for call in calls_in(scope):
                for name in dict.fromkeys(_names_in(call.node.func)):
                    found.setdefault(name, []).append(call)
        return found

    def creations(self, cls: Class) -> Iterator[Call]:
        """The calls that create an object of exactly this class."""
        store, places = self.project.store, self.places(cls.path, cls.name)
        store.trail.looked_at_users(cls.path, cls.name, (path for path, _ in places))
        for path, name in places:
            if path != store.own:
                store.rely_on(path)  # what was read of it may be known already
            for call in self.calls_naming(path, name):
                if self.project.names.expr(call.scope, call.node.func) == (cls,):
                    yield call


def calls_in(scope: Scope) -> Iterator[Call]:
    """All calls in a scope's own statements, each with the statements around it."""
    yield from _calls(scope, scope.statements, ())


def _calls(scope: Scope, body: tuple[ir.Stmt, ...], guards: tuple[ir.Stmt, ...]) -> Iterator[Call]:
    for statement in body:
        around = (*guards, statement)
        for expression in expressions_of(statement):
            yield from _calls_below(scope, expression, around)
        for block in inner_blocks(statement):
            yield from _calls(scope, block, around)


def _calls_below(scope: Scope, expression: ir.Expr, guards: tuple[ir.Stmt, ...]) -> Iterator[Call]:
    pending = [expression]
    while pending:
        node = pending.pop()
        if isinstance(node, ir.Call):
            yield Call(node, scope, guards)
        pending.extend(reversed(operands(node)))


def _names_in(expression: ir.Expr) -> Iterator[str]:
    """The names in a chain of attributes and subscripts, the last one first."""
    current = expression
    while True:
        if isinstance(current, ir.Attribute):
            yield current.name
            current = current.value
        elif isinstance(current, ir.Subscript):
            current = current.value
        elif isinstance(current, ir.Name):
            yield current.id
            return
        else:
            return
