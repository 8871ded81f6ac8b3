"""
Which of some names a file may know by its imports.

`Uses.places` tells it the other way round, from one name to all files that know it. After an edit of a single
file's imports that would be thousands of files, name by name, to learn whether this one is among them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from worker_lint.engine.tree import Tree
from worker_lint.source.skim import SkimImport

Place = tuple[str, str]
"""A file, and a name in it."""


class Knowing:
    """What files get by their imports, however indirectly. It may find too much, never too little."""

    def __init__(self, tree: Tree, subjects: Collection[Place]) -> None:
        self._tree = tree
        self._links = tree.links
        self._subjects = frozenset(subjects)
        self._names = frozenset(name for _, name in self._subjects)
        self._modules: dict[str, tuple[str, ...]] = {}

    def known_to(self, path: str) -> set[Place]:
        """Those of the subjects that something in the file may stand for; they stand in other files, or in this."""
        seen = {place for place in self._subjects if place[0] == path}
        found = {*seen}
        pending = [*self._taken_by(path)]
        while pending:
            place = pending.pop()
            if place in seen:
                continue
            seen.add(place)
            if place in self._subjects:
                found.add(place)
            pending.extend(self._sources(*place))
        return found

    def _taken_by(self, path: str) -> Iterator[Place]:
        """What a file takes from others, under any name."""
        for item in self._items(path):
            source = self._links.file_of(item.module, path)
            if source is not None and item.name == "*":
                yield from ((source, name) for name in self._handed_on(source))
            elif source is not None and item.name:
                yield source, item.name
        for module in self._modules_in(path):
            for name in self._handed_on(module):
                if self._tree.mentions(path, name):
                    yield module, name

    def _sources(self, path: str, name: str) -> Iterator[Place]:
        """Where a file may have a name from: an import binds it, or it is an attribute of an imported module."""
        imports = self._links.imports(path)
        for item in (*imports.get(name, ()), *imports.get("*", ())):
            source = self._links.file_of(item.module, path) if item.name else None
            if source is not None:
                yield source, name if item.name == "*" else item.name
        for module in self._modules_in(path):
            yield module, name

    def _handed_on(self, path: str) -> set[str]:
        """The names of a file that may be one of the subjects, there or where the file has them from."""
        return {*self._names, *self._links.imports(path)}

    def _items(self, path: str) -> Iterator[SkimImport]:
        for items in self._links.imports(path).values():
            yield from items

    def _modules_in(self, path: str) -> tuple[str, ...]:
        """The files that are imported as a whole."""
        if path not in self._modules:
            found: dict[str, None] = {}
            for item in self._items(path):
                module = self._links.submodule(item, path) if item.name else self._links.file_of(item.module, path)
                if module is not None:
                    found[module] = None
            self._modules[path] = tuple(found)
        return self._modules[path]
