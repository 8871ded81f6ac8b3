"""
Following names from file to file on skims alone, before anything is parsed.

The answer is "cannot be" or "may be": it saves parsing a file whose `Base` comes from elsewhere.
Names alone would make thousands of files look like subclasses of any `Base`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import groupby
from operator import itemgetter
from typing import Protocol, TypeAlias, runtime_checkable

from worker_lint.analysis.layout import Layout, module_stem
from worker_lint.analysis.store import Importer
from worker_lint.source.skim import Skim, SkimImport, imported_by

_DEPTH = 12
_WORD = re.compile(rb"\w+")

_Taking: TypeAlias = tuple[dict[bytes, list[tuple[str, int]]], list[tuple[str, int]]]


@runtime_checkable
class Indexed(Protocol):
    """Skims that know more than one file at a time."""

    def naming_base(self, name: str) -> list[str]:
        """The files with a class header that names a base, by path."""

    def naming_module(self, module: tuple[str, str], name: str) -> list[str]:
        """The files that may import a name from a module, or the module, known by its last two parts; by path."""


class Links:
    """Where the imported names of each file come from."""

    def __init__(self, skims: Mapping[str, Skim], layout: Layout) -> None:
        self._skims = skims
        self.indexed = skims if isinstance(skims, Indexed) else None  # a slow question, asked once
        self._layout = layout
        self._takings: dict[tuple[str, str], _Taking] = {}
        self._imports: dict[str, dict[str, list[SkimImport]]] = {}
        self._classes: dict[str, frozenset[str]] = {}
        self._origins: dict[tuple[str, str], frozenset[tuple[str, str]] | None] = {}
        self._nearest: dict[tuple[str, str], tuple[tuple[str, str], ...] | None] = {}

    @property
    def asked(self) -> set[str]:
        """The files whose imports or classes were looked at one by one."""
        return {*self._imports, *self._classes}

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

    def importers(self, source: str, name: str) -> Sequence[Importer]:
        """The files that import `name` or everything from the module of `source`, or the module, in path order."""
        parts = ["", "", *module_stem(source).split("/")]
        last = parts[-1]
        statements = [
            *self._importing({(parts[-2], last), ("", last)}, name),
            *self._importing({(parts[-3], parts[-2]), ("", parts[-2])}, last),
        ]
        found = []
        for path, group in groupby(sorted(set(statements)), key=itemgetter(0)):
            names: dict[tuple[str, str], None] = {}
            whole = False
            for item in (item for _, place in group for item in imported_by(self._skims[path].imports[place])):
                if self.file_of(item.module, path) == source:
                    if item.name:
                        names[item.name, item.bound.partition(".")[0]] = None
                    else:
                        whole = True
                elif item.name and item.name == last and self.submodule(item, path) == source:
                    whole = True
            if names or whole:
                found.append(Importer(path, tuple(names), whole))
        return found

    def _importing(self, modules: Iterable[tuple[str, str]], name: str) -> Iterator[tuple[str, int]]:
        """The import statements that name one of the modules and may take `name` from it, as file and number in it."""
        raw = name.encode("utf-8", "surrogatepass")
        for module in modules:
            taking, others = self._taking(module, name)
            yield from taking.get(raw, ())
            yield from others

    def _taking(self, module: tuple[str, str], name: str) -> _Taking:
        """The statements that name a module by its last two parts: by the words in what they take, and the others."""
        if self.indexed is None:
            if module not in self._takings:
                self._takings[module] = self._by_word(self._statements.get(module, ()))
            return self._takings[module]
        return self._by_word(
            (path, place)
            for path in self.indexed.naming_module(module, name)
            for named, place in _statements_naming(path, self._skims[path], module[1])
            if named == module
        )

    def _by_word(self, statements: Iterable[tuple[str, int]]) -> _Taking:
        taking: dict[bytes, list[tuple[str, int]]] = {}
        others: list[tuple[str, int]] = []
        for statement in statements:
            names = self._skims[statement[0]].imports[statement[1]][1]
            # What is not ASCII may be spelled in several ways.
            if not names or b"*" in names or not names.isascii():
                others.append(statement)
            else:
                for word in _WORD.findall(names):
                    taking.setdefault(word, []).append(statement)
        return taking, others

    @cached_property
    def _statements(self) -> dict[tuple[str, str], list[tuple[str, int]]]:
        """
        The import statements of the tree by the last two parts of the module that they name: with one,
        every `const.py` would share the importers of all.
        """
        found: dict[tuple[str, str], list[tuple[str, int]]] = {}
        for path, skim in self._skims.items():
            for module, place in statements_of(path, skim):
                found.setdefault(module, []).append((path, place))
        return found

    def gather(self) -> None:
        """Works out what concerns all files alike."""
        self._statements  # noqa: B018 - kept for all who ask

    def submodule(self, item: SkimImport, path: str) -> str | None:
        """The file that an imported name stands for when it is a module."""
        if item.name == "*":
            return None
        dot = "" if item.module.endswith(".") else "."
        return self.file_of(f"{item.module}{dot}{item.name}", path)

    def could_be(self, path: str, dotted: str, target: str, name: str) -> bool:
        """Whether the dotted name, used in `path`, may mean the class `name` of the file `target`."""
        first, _, rest = dotted.partition(".")
        if path == target and (dotted.rpartition(".")[2] == name):
            return True
        if rest:
            return rest.rpartition(".")[2] == name and (first in self.imports(path) or self.defines(path, first))
        if self.defines(path, first) and first not in self.imports(path):
            return False
        origins = self.origins(path, first)
        return origins is None or (target, name) in origins

    def origins(self, path: str, name: str) -> frozenset[tuple[str, str]] | None:
        """
        The places (file, name) where an imported name may have been defined; None if unknown. All
        that can be reached counts, so that the answer does not depend on where a circle is entered.
        """
        key = (path, name)
        if key not in self._origins:
            self._origins[key] = self._find_origins(key)
        return self._origins[key]

    def _find_origins(self, start: tuple[str, str]) -> frozenset[tuple[str, str]] | None:
        found: set[tuple[str, str]] = set()
        seen, level = {start}, [start]
        for _ in range(_DEPTH):
            sources: list[tuple[str, str]] = []
            for place in level:
                nearest = self._sources(place)
                if nearest is None:
                    return None
                sources.extend(nearest)
            found.update(sources)
            level = [place for place in dict.fromkeys(sources) if place not in seen]
            if not level:
                return frozenset(found)
            seen.update(level)
        return None

    def _sources(self, place: tuple[str, str]) -> tuple[tuple[str, str], ...] | None:
        """From where a file may get a name, one step up; None if that cannot be told."""
        if place not in self._nearest:
            path, name = place
            imports = self.imports(path)
            items = imports.get(name, [])
            wanted = [(item.module, item.name) for item in items if item.name]
            wanted.extend((star.module, name) for star in imports.get("*", ()))
            found = tuple((file, taken) for module, taken in wanted if (file := self.file_of(module, path)) is not None)
            # What is neither imported nor defined is assigned in some other way: an alias, a factory, a parameter.
            known = found or items or self.defines(path, name)
            self._nearest[place] = found if known else None
        return self._nearest[place]

    def file_of(self, module: str, path: str) -> str | None:
        """The file of a module name with its leading dots."""
        name = module.lstrip(".")
        level = len(module) - len(name)
        if level:
            return self._layout.find_relative(level, name, path)
        return self._layout.find(name, path)


def statements_of(path: str, skim: Skim) -> Iterator[tuple[tuple[str, str], int]]:
    """The modules that the import statements of a file name, by their last two parts, and the statement's number."""
    return _statements_naming(path, skim, "")


def _statements_naming(path: str, skim: Skim, last: str) -> Iterator[tuple[tuple[str, str], int]]:
    """The same, at least for all modules whose last part is `last`."""
    for place, modules in enumerate(skim.modules):
        if last not in modules and not modules.endswith("."):
            continue
        for module in modules.split(",") if "," in modules else (modules,):
            if module:
                above, _, end = module.rpartition(".")
                yield (above, end) if not module.startswith(".") else _completed(module, path), place


def _completed(module: str, path: str) -> tuple[str, str]:
    """The last two parts of a relative module's name, completed by the importing file's folder."""
    name = module.lstrip(".")
    folders = ["", "", *path.split("/")[:-1]]
    parts = [*folders[: len(folders) + 1 - (len(module) - len(name))], *(name.split(".") if name else ())]
    return (parts[-2], parts[-1]) if len(parts) > 1 else ("", "")
