"""Who derives from a class: direct subclasses and all descendants in the project."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING

from worker_lint.analysis.entity import Class
from worker_lint.analysis.lineage import Lineage

if TYPE_CHECKING:
    from worker_lint.analysis.project import Project


class Subclasses(Lineage):
    """The class graph read downwards."""

    def __init__(self, project: Project) -> None:
        super().__init__(project)
        self._subclasses: dict[Class, tuple[Class, ...]] = {}
        self._derived: dict[str, dict[Class, list[Class]]] = {}

    @property
    def searched_files(self) -> Collection[str]:
        """The files that were looked at for subclasses."""
        return self._derived.keys()

    def subclasses(self, cls: Class) -> tuple[Class, ...]:
        """The direct subclasses in the project, in path order."""
        known = self._subclasses.get(cls)
        if known is None:
            self._subclasses[cls] = known = tuple(
                candidate
                for path in self.project.store.files_naming_base(cls.name)
                if self._could_subclass(path, cls)
                for candidate in self._derived_in(path).get(cls, ())
                if candidate is not cls
            )
        return known

    def prepare(self, classes: Iterable[Class]) -> None:
        """Names the files that will be looked at for subclasses of these."""
        paths = [
            path
            for cls in classes
            if cls not in self._subclasses
            for path in self.project.store.files_naming_base(cls.name)
            if path not in self._derived and self._could_subclass(path, cls)
        ]
        self.project.store.prepare(dict.fromkeys(paths, ()))

    def _derived_in(self, path: str) -> dict[Class, list[Class]]:
        """The classes of a file by their bases: found once, so that thousands of classes stay linear."""
        found = self._derived.get(path)
        if found is None:
            found = {}
            for candidate in self.project.classes_in(path):
                for base in dict.fromkeys(self.bases(candidate)):
                    if isinstance(base, Class):
                        found.setdefault(base, []).append(candidate)
            self._derived[path] = found
        return found

    def _could_subclass(self, path: str, cls: Class) -> bool:
        if path == cls.path:
            return True
        store = self.project.store
        return any(store.could_be(path, base, cls.path, cls.name) for base in store.base_names(path))

    def descendants(self, cls: Class) -> tuple[Class, ...]:
        """All subclasses, near ones first, each once."""
        found = self._below(cls)
        self.project.store.trail.looked_below(cls.path, cls.qualname)
        self.project.store.trail.leads_to_all(cls.path, (sub.path for sub in found))
        return found

    def _below(self, cls: Class) -> tuple[Class, ...]:
        found: dict[Class, None] = {}
        pending = list(self.subclasses(cls))
        while pending:
            current = pending.pop(0)
            if current not in found and current is not cls:
                found[current] = None
                pending.extend(self.subclasses(current))
        return tuple(found)
