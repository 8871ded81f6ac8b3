"""Who derives from a class: direct subclasses and all descendants in the project."""

from __future__ import annotations

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

    def subclasses(self, cls: Class) -> tuple[Class, ...]:
        """The direct subclasses in the project, in path order."""
        known = self._subclasses.get(cls)
        if known is None:
            self._subclasses[cls] = known = tuple(
                candidate
                for path in self.project.store.files_naming_base(cls.name)
                if self._could_subclass(path, cls)
                for candidate in self.project.classes_in(path)
                if candidate is not cls and cls in self.bases(candidate)
            )
        return known

    def _could_subclass(self, path: str, cls: Class) -> bool:
        store = self.project.store
        return any(store.could_be(path, base, cls.path, cls.name) for base in store.base_names(path))

    def descendants(self, cls: Class) -> tuple[Class, ...]:
        """All subclasses, near ones first, each once."""
        found: dict[Class, None] = {}
        pending = list(self.subclasses(cls))
        while pending:
            current = pending.pop(0)
            if current not in found and current is not cls:
                found[current] = None
                pending.extend(self.subclasses(current))
        return tuple(found)
