"""
All models of a run: found by import name, read when first asked for.

A run over code that never imports `pika` does not parse pika's model.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from pathlib import Path

import msgspec

from worker_lint.analysis.models.fact import ModelClass, ModelFunction
from worker_lint.analysis.models.library import Library
from worker_lint.analysis.models.reading import LibraryTables, ModelError, read_tables
from worker_lint.analysis.models.table import CallTable, DeliveryTable, Tier
from worker_lint.analysis.models.version import ANY_RELEASE, ReleaseSpan
from worker_lint.source.pattern import pattern

_MODULES = pattern(rb"^modules\s*=\s*\[([^\]]*)\]", re.MULTILINE)
_SPOKEN_BY = pattern(rb"^spoken_by\s*=\s*\[([^\]]*)\]", re.MULTILINE)
_LIBRARY = pattern(rb'^library\s*=\s*"([^"]*)"', re.MULTILINE)
_ASYNC_MEMBER = pattern(rb"^(?:\w+ )*async (?:\w+ )*def (\w+)", re.MULTILINE)
_ASYNC_CALL = pattern(rb'^name\s*=\s*"(?:[\w.]*\.)?(\w+)"\n(?:(?!\[|\n).*\n)*?coroutine\s*=\s*true', re.MULTILINE)
_RELEASE = pattern(rb"\brelease[\"']?\s*=\s*\[([^\]]*)\]")
_MAX_ALIASES = 8


class _ModelFile(msgspec.Struct, dict=True):
    """One file, known by the modules in its head until its tables are wanted."""

    path: Path
    content: bytes
    used: Mapping[str, ReleaseSpan]

    @cached_property
    def modules(self) -> tuple[str, ...]:
        """Import names as the head states them; a file without them is named after its module."""
        return self._listed(_MODULES) or (self.path.stem,)

    @cached_property
    def importers(self) -> tuple[str, ...]:
        """The import names by which a file may come to use the library: its own, and those that speak for it."""
        return (*self.modules, *self._listed(_SPOKEN_BY))

    def _listed(self, key: re.Pattern[bytes]) -> tuple[str, ...]:
        stated = key.search(self.content.partition(b"\n[")[0])
        return tuple(name.decode() for name in re.findall(rb'"([^"]+)"', stated[1])) if stated is not None else ()

    @cached_property
    def coroutine_names(self) -> frozenset[str]:
        """The bare names of coroutine functions and methods, by the looks of the file."""
        stated = (*_ASYNC_MEMBER.findall(self.content), *_ASYNC_CALL.findall(self.content))
        return frozenset(name.decode() for name in stated)

    @cached_property
    def release_names(self) -> frozenset[str]:
        """The names of the methods that release something, by the looks of the file; there may be others among them."""
        return frozenset(
            name.decode() for names in _RELEASE.findall(self.content) for name in re.findall(rb"\w+", names)
        )

    @cached_property
    def mentions_messages(self) -> bool:
        """Whether it states anything of deliveries or settlements, by the looks of the file."""
        return b"\n[[delivery]]" in self.content or b"\nsettles = " in self.content

    @cached_property
    def library(self) -> Library:
        try:
            text = self.content.decode("utf-8")
        except UnicodeDecodeError as error:
            raise ModelError(f"not UTF-8: {error}", str(self.path)) from None
        tables: LibraryTables = read_tables(text, str(self.path))
        return Library(tables, self.used.get(tables.header.library, ANY_RELEASE))


class Models(msgspec.Struct, dict=True):
    """
    The library models of a run.

    Names are dotted, `collections.abc.Mapping`; built-in ones are `builtins.int`. Any name under
    which a class or function can be imported finds it. Every look-up may raise ModelError, when
    the file that holds the answer is broken.
    """

    files: Sequence[_ModelFile]
    _classes: dict[str, ModelClass | None] = msgspec.field(default_factory=dict)
    _orders: dict[str, tuple[ModelClass, ...] | None] = msgspec.field(default_factory=dict)

    @classmethod
    def open(cls, paths: Sequence[Path], versions: Mapping[str, ReleaseSpan] | None = None) -> Models:
        """
        The models in files, and in folders with all below them. Later ones win over earlier ones.

        `versions` gives the releases that may be in use, by normalised distribution name;
        `python` is the language itself. What it leaves out is unknown.

        Raises:
            ModelError: A path cannot be read.
        """
        used = versions or {}
        return cls([_ModelFile(path, _read(path), used) for path in _model_paths(paths)])

    @cached_property
    def fingerprint(self) -> str:
        """Changes when any model or any known version changes, not with the place of the files."""
        digest = hashlib.blake2b(digest_size=16)
        for file in self.files:
            digest.update(len(file.content).to_bytes(8, "big"))
            digest.update(file.content)
        used = self.files[0].used if self.files else {}
        digest.update(repr(sorted(used.items())).encode())
        return digest.hexdigest()

    @cached_property
    def _index(self) -> dict[str, list[_ModelFile]]:
        index: dict[str, list[_ModelFile]] = {}
        for file in reversed(self.files):
            for module in file.modules:
                index.setdefault(module, []).append(file)
        return index

    @property
    def modules(self) -> frozenset[str]:
        """Import names whose contents the models state: the words to screen for."""
        return frozenset(self._index)

    def knows_module(self, name: str) -> bool:
        """Whether a model states the contents of this module or of a package around it."""
        return any(prefix in self._index for prefix in _prefixes(name))

    def libraries(self) -> list[Library]:
        """All libraries, read in full: for tests and lists, not for a run."""
        return [file.library for file in self.files]

    def contracts(self, tops: frozenset[str]) -> list[tuple[str, str]]:
        """
        The classes with abstract members or required hooks in the libraries of these import
        names: each as its bare name and its qualified one.
        """
        found: list[tuple[str, str]] = []
        for file in self.files:
            if not any(module.partition(".")[0] in tops for module in file.modules):
                continue
            tables = file.library.tables
            for name, shapes in tables.classes.items():
                if any("abstract " in shape.members or "stub " in shape.members for shape in shapes) or any(
                    hook.required for hook in tables.hooks.get(name, ())
                ):
                    bare = {name.rpartition(".")[2]} | {
                        also.rpartition(".")[2] for shape in shapes for also in shape.also
                    }
                    found.extend((spelled, name) for spelled in sorted(bare))
        return found

    def coroutine_names(self, tops: frozenset[str]) -> frozenset[str]:
        """The bare names of coroutine functions and methods in the libraries of these import names."""
        found: set[str] = set()
        for file in self.files:
            if any(module.partition(".")[0] in tops for module in file.modules):
                found.update(file.coroutine_names)
        return frozenset(found)

    @cached_property
    def release_names(self) -> frozenset[str]:
        """The names of all methods by which something is released; a few others may be among them."""
        return frozenset[str]().union(*(file.release_names for file in self.files))

    def of_messages(
        self, imported: frozenset[str], is_wanted: Callable[[CallTable], bool]
    ) -> dict[str, list[ModelFunction]]:
        """
        Calls on messages by their bare names: of the libraries that the imported names belong to, those of whose
        tables one is wanted.
        """
        found: dict[str, list[ModelFunction]] = {}
        around = {prefix for name in imported for prefix in _prefixes(name)}
        for file in self.files:
            if file.mentions_messages and not around.isdisjoint(file.importers):
                for name, tables in file.library.tables.calls.items():
                    if any(map(is_wanted, tables)):
                        owner, _, bare = name.rpartition(".")
                        cls = self.find_class(owner)
                        call = self.find_method(cls, bare) if cls is not None else self.find_function(name)
                        found.setdefault(bare, []).extend([call] if call is not None else [])
        return found

    def find_delivery(self, name: str) -> DeliveryTable | None:
        """What is stated of the deliveries that objects of a class, or of a base of it, carry."""
        order = self.resolution_order(name) or ()
        for each in (name, *(ancestor.name for ancestor in order)):
            found = (library.find_delivery(each) for library in self._libraries(each))
            table = next((one for one in found if one is not None), None)
            if table is not None:
                return table
        return None

    def find_class(self, name: str) -> ModelClass | None:
        """The class of this name or alias; None when no model states one."""
        if name not in self._classes:
            self._classes[name] = self._look_up(name)
        return self._classes[name]

    def _look_up(self, name: str) -> ModelClass | None:
        for _ in range(_MAX_ALIASES):
            for library in self._libraries(name):
                found = library.find_class(name)
                if found is not None:
                    return found
            target = self._target(name)
            if target is None:
                return None
            name = target
        return None

    def find_function(self, name: str) -> ModelFunction | None:
        """
        The facts of a function, a method (`module.Class.method`, inherited ones too) or a
        constructor (the class's name); None when no model states it.
        """
        for _ in range(_MAX_ALIASES):
            for library in self._libraries(name):
                found = library.find_call(name)
                if found is not None:
                    return found
            target = self._target(name)
            if target is None:
                break
            name = target
        owner, _, method = name.rpartition(".")
        owner_class = self.find_class(owner) if owner else None
        if owner_class is not None:
            return self.find_method(owner_class, method)
        itself = self.find_class(name)
        return self._call_of(itself, itself.name) if itself is not None else None

    def find_method(self, owner: ModelClass, name: str) -> ModelFunction | None:
        """The facts of what `owner.name` means, looked up along the method resolution order."""
        for ancestor in self.resolution_order(owner.name) or (owner,):
            member = ancestor.members.get(name)
            for library in self._libraries(ancestor.name):
                found = library.find_call(f"{ancestor.name}.{name}", member)
                if found is not None:
                    return found
            if member is not None:
                return ModelFunction(f"{ancestor.name}.{name}", ancestor.library, member)
            if name in ancestor.uncertain or not ancestor.complete:
                return None
        return None

    def find_stated(self, owner: ModelClass, name: str) -> ModelFunction | None:
        """
        As `find_method`; where an override states nothing, with the facts of the method that it overrides: what a
        library does with a delivery does not change from class to class.
        """
        found = self.find_method(owner, name)
        if found is None or found.facts.name:
            return found
        above = (self.find_function(f"{base.name}.{name}") for base in self.resolution_order(owner.name) or ())
        facts = next((one.facts for one in above if one is not None and one.facts.name), found.facts)
        return ModelFunction(found.name, found.library, found.member, facts)

    def errors_beside(self, name: str) -> dict[str, Tier]:
        """The exceptions to which the library of this name gives a tier, in the releases in question."""
        found: dict[str, Tier] = {}
        for library in self._libraries(name):
            for error in library.tables.errors:
                cls = self.find_class(error)
                if cls is not None and cls.tier is not None:
                    found[cls.name] = cls.tier
        return found

    def classes_beside(self, name: str) -> tuple[str, ...]:
        """All classes that the library of this name states, by their names."""
        return tuple(each for library in self._libraries(name) for each in library.tables.classes)

    def _call_of(self, owner: ModelClass, name: str) -> ModelFunction | None:
        found = (library.find_call(name) for library in self._libraries(name))
        return next((call for call in found if call), ModelFunction(name, owner.library))

    def resolution_order(self, name: str) -> tuple[ModelClass, ...] | None:
        """
        The method resolution order (C3) of a modelled class, itself first; None when a base is
        not modelled or the order is inconsistent.
        """
        if name not in self._orders:
            self._orders[name] = None  # also ends the recursion on a model with a cycle
            self._orders[name] = self._linearised(name)
        return self._orders[name]

    def _linearised(self, name: str) -> tuple[ModelClass, ...] | None:
        found = self.find_class(name)
        if found is None or not found.bases_known:
            return None
        bases = [self.find_class(base) for base in found.bases]
        orders = [self.resolution_order(base.name) if base else None for base in bases]
        if any(order is None for order in orders):
            return None
        rest = [list(order) for order in orders if order] + [[base for base in bases if base]]
        merged = _merge([[entry.name for entry in sequence] for sequence in rest])
        by_name = {entry.name: entry for sequence in rest for entry in sequence}
        return None if merged is None else (found, *(by_name[entry] for entry in merged))

    def _libraries(self, name: str) -> Iterable[Library]:
        for prefix in _prefixes(name):
            for file in self._index.get(prefix, ()):
                yield file.library

    def _target(self, name: str) -> str | None:
        """The name with the longest alias in front replaced by what that stands for."""
        for library in self._libraries(name):
            for prefix in (name, *_prefixes(name)):
                target = library.aliases.get(prefix)
                if target is not None:
                    return target + name[len(prefix) :]
        return None


def _prefixes(name: str) -> Iterable[str]:
    """The name and the packages around it, the longest first."""
    while name:
        yield name
        name = name.rpartition(".")[0]


def _merge(sequences: list[list[str]]) -> list[str] | None:
    """C3 merge; None when no order keeps all of the sequences."""
    merged: list[str] = []
    while sequences := [sequence for sequence in sequences if sequence]:
        tails = {name for sequence in sequences for name in sequence[1:]}
        head = next((sequence[0] for sequence in sequences if sequence[0] not in tails), None)
        if head is None:
            return None
        merged.append(head)
        sequences = [sequence[1:] if sequence[0] == head else sequence for sequence in sequences]
    return merged


def _model_paths(paths: Iterable[Path]) -> Iterable[Path]:
    for path in paths:
        if path.is_dir():
            yield from sorted(path.rglob("*.toml"))
        else:
            yield path


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ModelError(f"cannot be read: {error.strerror}", str(path), remedy="check `models`") from None
