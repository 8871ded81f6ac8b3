"""
The modules that astroid gets to see while one finding is asked about.

Files of the project come from the run's store, found by the same layout as our own imports; of the
rest only the standard library, as source. A world is thrown away after the finding, since astroid's
answers depend on what it has read before; only the standard library's modules are kept.
"""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

from astroid import nodes
from astroid.builder import AstroidBuilder
from astroid.exceptions import AstroidBuildingError, AstroidImportError, InferenceError
from astroid.manager import AstroidManager
from astroid.rebuilder import TreeRebuilder
from astroid.typing import SuccessfulInferenceResult as Value
from astroid.util import UninferableBase

from worker_lint.analysis import Store
from worker_lint.source.text import Text

MAX_FILES = 12
"""Files of the project that are read for one finding."""
MAX_STEPS = 50_000
"""Inferences for one finding; building a module does not count, its file is the limit."""

STANDARD_LIBRARY = Path(os.__file__).parent
COMPILED_IN = frozenset(
    {
        "_abc", "_codecs", "_collections", "_functools", "_io", "_operator", "_signal", "_sre", "_thread", "_weakref",
        "atexit", "builtins", "errno", "itertools", "sys", "time",
    }
)  # fmt: skip
"""Modules that are part of every interpreter, so that describing them loads no file."""


class OverBudgetError(Exception):
    """The finding needs more files or steps than it may have. No error of astroid, so inference does not catch it."""


class World:
    """The modules of one finding."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._modules: dict[str, nodes.Module] = {}
        self._paths: dict[nodes.Module, str] = {}
        self._asked: set[str] = set()
        self._building = 0
        self.steps = 0
        self.exhausted = False
        self.looks: dict[tuple[int, str, str], str | None] = {}

    @property
    def files(self) -> tuple[str, ...]:
        """The files asked for so far, those that could not be read or parsed included."""
        return tuple(sorted(self._asked))

    def text(self, path: str) -> Text:
        """The text of a file."""
        return self._store.text(path)

    def path_of(self, node: Value) -> str | None:
        """The project's file that a node stands in; None for the standard library."""
        return self._paths.get(node.root())

    def step(self) -> None:
        """
        Counts an inference.

        Raises:
            OverBudgetError: it is one too many.
        """
        if not self._building:
            self.steps += 1
            if self.steps > MAX_STEPS:
                self._give_up()

    def _give_up(self) -> NoReturn:
        self.exhausted = True
        raise OverBudgetError

    def module(self, path: str) -> nodes.Module:
        """
        The module of a file of the project.

        Raises:
            AstroidBuildingError: the file cannot be read or parsed.
            OverBudgetError: it is one file too many.
        """
        if path not in self._modules:
            self._asked.add(path)
            if len(self._asked) > MAX_FILES:
                self._give_up()
            if self._store.module(path) is None:
                raise AstroidBuildingError("{path} cannot be read", path=path)
            with self._quiet():
                _Builder(self).string_build(self._store.text(path).source, self.name_of(path), path)
        return self._modules[path]

    def name_of(self, path: str) -> str:
        """The dotted name; astroid knows modules of the standard library by theirs, so these are set apart."""
        name = self._store.module_name(path) or "project"
        return f"project.{name}" if name.partition(".")[0] in sys.stdlib_module_names else name

    def hold(self, path: str, module: nodes.Module) -> None:
        """Keeps a module from the moment it can be imported, before it is complete, as Python does."""
        module.file = path
        module.path = [path]
        self._modules[path] = module
        self._paths[module] = path

    def imported(self, importer: nodes.Module, name: str, level: int) -> nodes.Module:
        """
        The module that an import gets.

        Raises:
            AstroidBuildingError: it is neither in the project nor in the standard library.
        """
        path = self._paths.get(importer)
        if path is None:
            return self.standard(importer.relative_to_absolute_name(name, level or None))
        key = (level, name, path)
        if key not in self.looks:
            store = self._store
            self.looks[key] = store.find_relative(level, name, path) if level else store.find_module(name, path)
        found = self.looks[key]
        if found is not None:
            return self.module(found)
        if level:
            raise AstroidImportError("no module {modname}", modname=name)
        return self.standard(name)

    def standard(self, name: str) -> nodes.Module:
        """
        A module of the standard library, built from its source.

        Raises:
            AstroidImportError: there is none of the name, or no source.
        """
        manager = AstroidManager()
        if name.partition(".")[0] not in sys.stdlib_module_names:
            raise AstroidImportError("no module {modname}", modname=name)
        if name in manager.astroid_cache:
            return manager.astroid_cache[name]
        with self._quiet():
            if name in COMPILED_IN and name in sys.modules:
                return AstroidBuilder(manager).module_build(sys.modules[name], name)
            source = _standard_source(name)
            if source is None:
                raise AstroidImportError("no module {modname}", modname=name)
            return AstroidBuilder(manager).string_build(_decoded(source), name, str(source))

    @contextmanager
    def _quiet(self) -> Iterator[None]:
        """Building: its inferences do not count, and what Python warns of in foreign code is not shown."""
        self._building += 1
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                yield
        finally:
            self._building -= 1


class _OwnManager(AstroidManager):
    """Keeps the project's modules out of the store that all of astroid shares."""

    def cache_module(self, module: nodes.Module) -> None:
        """The world holds it."""


class _Builder(AstroidBuilder):
    """Builds modules of the project into a world."""

    def __init__(self, world: World) -> None:
        super().__init__(_OwnManager())
        self._world = world
        self._path = ""

    def string_build(self, data: str, modname: str = "", path: str | None = None) -> nodes.Module:
        """The module of a text."""
        self._path = path or ""
        return super().string_build(data, modname, path)

    def _post_build(self, module: nodes.Module, builder: TreeRebuilder, encoding: str) -> nodes.Module:
        self._world.hold(self._path, module)
        return super()._post_build(module, builder, encoding)

    def delayed_assattr(self, node: nodes.AssignAttr) -> None:
        """Notes `x.name = …`, but not on objects of the standard library, which the next finding sees too."""
        try:
            owners = list(node.expr.infer())
        except InferenceError:
            return
        if all(isinstance(owner, UninferableBase) or self._is_ours(owner) for owner in owners):
            super().delayed_assattr(node)

    def _is_ours(self, owner: object) -> bool:
        node = getattr(owner, "_proxied", owner)
        return isinstance(node, nodes.NodeNG) and self._world.path_of(node) is not None


def _standard_source(name: str) -> Path | None:
    stem = STANDARD_LIBRARY.joinpath(*name.split("."))
    return next((file for file in (stem / "__init__.py", stem.with_name(stem.name + ".py")) if file.is_file()), None)


def _decoded(source: Path) -> str:
    import tokenize

    with tokenize.open(source) as stream:
        return stream.read()
