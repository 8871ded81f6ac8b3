"""
The project's environment, read as files: which file an import of a dependency gets.

An environment is known by its layout (`lib/python3.X/site-packages`, on Windows `Lib/site-packages`)
and its `pyvenv.cfg`. Its interpreter is never started, and lines of `.pth` files that hold code are
skipped. Whatever was asked is remembered with the state of the file, so that a kept answer can tell
whether it still holds.
"""

# Paths are strings: they stand beside those of the tree, as keys.
# ruff: noqa: PTH100, PTH112, PTH113, PTH116, PTH118, PTH119, PTH120, PTH123, PTH208

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator

from worker_lint.engine.sources import FileSources
from worker_lint.source.pattern import pattern

_LIBRARY = pattern(r"(?:python|pypy)3(?:\.\d{1,2}t?)?")
_PTH_BYTES = 100_000
_SUFFIXES = (".py", ".pyi")


class Environment:
    """
    The importable folders of an environment. Paths that it gives begin with the project root's folder
    when they lie in it, else they are absolute.
    """

    def __init__(self, root: str, place: str, limit: int) -> None:
        self._root = os.path.abspath(root)
        self.folders = tuple(dict.fromkeys(_importable(_environment_of(os.path.join(self._root, place)))))
        self.states: dict[str, str] = {}
        self._names: dict[str, str] = {}
        self._limit = limit

    def find(self, dotted: str) -> str | None:
        """The file that an absolute import of a module gets; None when there is none."""
        tail = dotted.replace(".", os.sep)
        for folder in self.folders:
            found = self._at(os.path.join(folder, tail))
            if found is not None:
                self._names[found] = dotted
                return found
        return None

    def find_relative(self, level: int, module: str, importer: str) -> str | None:
        """The file that a relative import in one of its files gets."""
        package = self.name_of(importer).split(".")
        if not os.path.basename(importer).startswith("__init__."):
            package = package[:-1]
        if len(package) < level:
            return None
        return self.find(".".join([*package[: len(package) - level + 1], *([module] if module else [])]))

    def name_of(self, path: str) -> str:
        """The dotted name of one of its modules."""
        return self._names[path]

    def holds(self, path: str) -> bool:
        """Whether the path is one of those that it gave."""
        return path in self._names

    def text(self, path: str) -> str:
        """
        The text of one of its files.

        Raises:
            Unparsable: the file cannot be read or decoded.
        """
        return FileSources(self._bytes, self._limit).text(path)

    def _bytes(self, path: str) -> bytes:
        with open(os.path.join(self._root, path), "rb") as file:
            return file.read()

    def _at(self, stem: str) -> str | None:
        for suffix in _SUFFIXES:
            for candidate in (os.path.join(stem, f"__init__{suffix}"), f"{stem}{suffix}"):
                state = self.states.setdefault(candidate, state_of(candidate))
                if state:
                    return self._shown(candidate)
        return None

    def _shown(self, absolute: str) -> str:
        inside = absolute.startswith(self._root + os.sep)
        shown = os.path.relpath(absolute, self._root) if inside else absolute
        return shown.replace(os.sep, "/")


def _environment_of(place: str) -> str:
    """The folder of an environment, also where its interpreter is named."""
    return os.path.dirname(os.path.dirname(place)) if os.path.isfile(place) else place


def _importable(place: str) -> Iterator[str]:
    for installation in (place, _system_home(os.path.join(place, "pyvenv.cfg"))):
        for folder in _packages(installation) if installation else ():
            yield folder
            yield from _added(folder)


def state_of(path: str) -> str:
    """What changes when the file does; empty when there is no such file."""
    try:
        found = os.stat(path)
    except (OSError, ValueError):
        return ""
    return f"{found.st_size} {found.st_mtime_ns}" if os.path.isfile(path) else ""


def still_holds(states: Iterable[tuple[str, str]]) -> bool:
    """Whether the files that an answer was made from are as they were."""
    return all(state_of(path) == state for path, state in states)


def _packages(place: str) -> Iterator[str]:
    """The folders of packages in an environment or an installation of Python."""
    for library in ("lib", "lib64", "Lib"):
        parent = os.path.join(place, library)
        versions = sorted((name for name in _listed(parent) if _LIBRARY.fullmatch(name)), reverse=True)
        for folder in (*(os.path.join(parent, name) for name in versions), parent):
            for name in ("site-packages", "dist-packages"):
                found = os.path.join(folder, name)
                if os.path.isdir(found):
                    yield found


def _listed(folder: str) -> list[str]:
    try:
        return os.listdir(folder)
    except OSError:
        return []


def _added(folder: str) -> Iterator[str]:
    """The folders that `.pth` files add; lines with code are skipped."""
    for name in sorted(name for name in _listed(folder) if name.endswith(".pth")):
        for line in _lines(os.path.join(folder, name)):
            if line.startswith(("import ", "import\t", "#")) or not line.strip():
                continue
            found = os.path.normpath(os.path.join(folder, line.strip()))
            if os.path.isdir(found):
                yield found


def _lines(path: str) -> list[str]:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read(_PTH_BYTES).splitlines()
    except OSError:
        return []


def _system_home(configuration: str) -> str | None:
    """The installation whose packages `pyvenv.cfg` lets in."""
    pairs = (line.partition("=") for line in _lines(configuration))
    values = {key.strip().lower(): value.strip() for key, _, value in pairs}
    if values.get("include-system-site-packages", "").lower() != "true" or not values.get("home"):
        return None
    home = values["home"]
    return os.path.dirname(home) if os.path.basename(home) in {"bin", "Scripts"} else home
