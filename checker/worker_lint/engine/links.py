"""
Following names from file to file on skims alone, before anything is parsed.

The answer is "cannot be" or "may be": it saves parsing a file whose `Base` comes from elsewhere.
Names alone would make thousands of files look like subclasses of any `Base`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from worker_lint.analysis.layout import Layout
from worker_lint.source.skim import Skim, SkimImport

_DEPTH = 12


class Links:
    """Where the imported names of each file come from."""

    def __init__(self, skims: Mapping[str, Skim], layout: Layout) -> None:
        self._skims = skims
        self._layout = layout
        self._imports: dict[str, dict[str, list[SkimImport]]] = {}
        self._modules: dict[str, frozenset[str | None]] = {}
        self._blobs: dict[str, bytes] = {}
        self._classes: dict[str, frozenset[str]] = {}
        self._origins: dict[tuple[str, str], frozenset[tuple[str, str]] | None] = {}

    def blob(self, path: str) -> bytes:
        """All imported names of a file as one text, for a quick look."""
        found = self._blobs.get(path)
        if found is None:
            self._blobs[path] = found = b",".join([names or modules for _, names, modules in self._skims[path].imports])
        return found

    def imports(self, path: str) -> dict[str, list[SkimImport]]:
        """The imports of a file by the name that they bind."""
        found = self._imports.get(path)
        if found is None:
            found = {}
            for item in self._skims[path].imported():
                found.setdefault(item.bound.partition(".")[0], []).append(item)
            self._imports[path] = found
        return found

    def defines(self, path: str, name: str) -> bool:
        """Whether a class of this name stands in the file."""
        found = self._classes.get(path)
        if found is None:
            self._classes[path] = found = frozenset(
                item[0].decode("utf-8", "replace") for item in self._skims[path].classes
            )
        return name in found

    def bound_names(self, path: str, source: str, name: str) -> tuple[str, ...]:
        """The names that the file's imports of `name` from the file `source` bind."""
        found: dict[str, None] = {}
        for bound, items in self.imports(path).items():
            for item in items:
                if item.name in {name, "*"} and self.file_of(item.module, path) == source:
                    found[name if bound == "*" else bound] = None
        return tuple(found)

    def imports_module(self, path: str, source: str) -> bool:
        """Whether the file imports the module of `source` as a whole."""
        found = self._modules.get(path)
        if found is None:
            self._modules[path] = found = frozenset(self._whole_modules(path))
        return source in found

    def _whole_modules(self, path: str) -> Iterator[str | None]:
        for items in self.imports(path).values():
            for item in items:
                if not item.name:
                    yield self.file_of(item.module, path)
                elif item.name != "*":
                    dot = "" if item.module.endswith(".") else "."
                    yield self.file_of(f"{item.module}{dot}{item.name}", path)

    def could_be(self, path: str, dotted: str, target: str, name: str) -> bool:
        """Whether the dotted name, used in `path`, may mean the class `name` of the file `target`."""
        first, _, rest = dotted.partition(".")
        if path == target and (dotted.rpartition(".")[2] == name):
            return True
        if rest:
            return rest.rpartition(".")[2] == name and (first in self.imports(path) or self.defines(path, first))
        if self.defines(path, first) and first not in self.imports(path):
            return False
        origins = self.origins(path, first, 0)
        return origins is None or (target, name) in origins

    def origins(self, path: str, name: str, depth: int) -> frozenset[tuple[str, str]] | None:
        """The places (file, name) where an imported name may have been defined; None if unknown."""
        key = (path, name)
        if key in self._origins:
            return self._origins[key]
        self._origins[key] = frozenset()  # a cycle of re-exports adds nothing
        answer = self._find_origins(path, name, depth)
        self._origins[key] = answer
        return answer

    def _find_origins(self, path: str, name: str, depth: int) -> frozenset[tuple[str, str]] | None:
        if depth > _DEPTH:
            return None
        found: set[tuple[str, str]] = set()
        items = self.imports(path).get(name, [])
        for item in items:
            source = self.file_of(item.module, path)
            if source is None or not item.name:
                continue
            found.add((source, item.name))
            deeper = self.origins(source, item.name, depth + 1)
            if deeper is None:
                return None
            found |= deeper
        for star in self.imports(path).get("*", ()):
            source = self.file_of(star.module, path)
            if source is not None:
                found.add((source, name))
                deeper = self.origins(source, name, depth + 1)
                if deeper is None:
                    return None
                found |= deeper
        if not items and not self.defines(path, name):
            # Assigned in some other way: an alias, a factory, a parameter. Only parsing can tell.
            return frozenset(found) if found else None
        return frozenset(found)

    def file_of(self, module: str, path: str) -> str | None:
        """The file of a module name with its leading dots."""
        name = module.lstrip(".")
        level = len(module) - len(name)
        if level:
            return self._layout.find_relative(level, name, path)
        return self._layout.find(name, path)
