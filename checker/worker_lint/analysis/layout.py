"""
Which file an import gets: module names from the shape of the tree.

A root is a folder that is not a package itself; `a.b` is the file `<root>/a/b.py` or
`<root>/a/b/__init__.py`. No path configuration is needed: of several roots that hold the name,
the one nearest to the importing file wins, and a tie is no answer. Stub files answer only where
there is no source file.
"""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterator, Sequence
from functools import cached_property

_SUFFIXES = (".py", ".pyi")


SEARCHES = 30
"""Module names that are searched for one by one; an index of all costs about as much."""


class Layout:
    """The module names of a set of files, given by their paths relative to the project root."""

    def __init__(self, paths: Collection[str]) -> None:
        self._paths = paths
        self._found: dict[tuple[str, str], str | None] = {}
        self._searched: dict[str, list[str]] = {}

    @cached_property
    def _files(self) -> frozenset[str]:
        return frozenset(self._paths)

    @cached_property
    def _by_tail(self) -> dict[str, list[str]]:
        """The files by the last one and the last two parts of their names, in path order."""
        found: dict[str, list[str]] = {}
        for path in sorted(self._files):
            stem = module_stem(path)
            head, _, last = stem.rpartition("/")
            found.setdefault(last, []).append(path)
            if head:
                found.setdefault(f"{head.rpartition('/')[2]}/{last}", []).append(path)
        return found

    def _ending_in(self, tail: str) -> Sequence[str]:
        """The files whose names end in one or two parts, in path order."""
        if len(self._searched) >= SEARCHES:
            return self._by_tail.get(tail, ())
        if tail not in self._searched:
            self._searched[tail] = self._search_ending(tail)
        return self._searched[tail]

    def _search_ending(self, tail: str) -> list[str]:
        found: set[str] = set()
        for ending in (f"{tail}.py", f"{tail}.pyi", f"{tail}/__init__.py", f"{tail}/__init__.pyi"):
            found.update(self._with_ending(ending))
        return sorted(found)

    def _with_ending(self, ending: str) -> Iterator[str]:
        text, line = self._listed, f"{ending}\n"
        place = text.find(line)
        while place >= 0:
            if text[place - 1] in "/\n":
                yield text[text.rfind("\n", 0, place) + 1 : place + len(ending)]
            place = text.find(line, place + 1)

    @cached_property
    def _listed(self) -> str:
        return "\n".join(["", *self._files, ""])

    def name_of(self, path: str) -> str:
        """The dotted name under the nearest root above the file."""
        stem = module_stem(path)
        root = stem.rpartition("/")[0]
        while root and self._is_package(root):
            root = root.rpartition("/")[0]
        return stem[len(root) :].strip("/").replace("/", ".")

    def find(self, dotted: str, importer: str) -> str | None:
        """The file of an absolute import, or None."""
        folder = importer.rpartition("/")[0]
        key = (dotted, folder)
        if key not in self._found:
            self._found[key] = self._search(dotted, folder)
        return self._found[key]

    def find_relative(self, level: int, module: str, importer: str) -> str | None:
        """The file of a relative import with `level` dots."""
        folder = importer.rpartition("/")[0]
        for _ in range(level - 1):
            if not folder:
                return None
            folder = folder.rpartition("/")[0]
        stem = "/".join(part for part in (folder, module.replace(".", "/")) if part)
        return self._at(stem)

    def _search(self, dotted: str, folder: str) -> str | None:
        tail = dotted.replace(".", "/")
        candidates = self._ending_in("/".join(tail.split("/")[-2:]))
        ranked: dict[str, tuple[int, int]] = {}
        for path in candidates:
            stem = module_stem(path)
            if stem != tail and not stem.endswith("/" + tail):
                continue
            root = stem[: len(stem) - len(tail)].strip("/")
            if not self._is_package(root) and root not in ranked:
                ranked[root] = _nearness(root, folder)
        if not ranked:
            return None
        best = max(ranked.values())
        nearest = [root for root, rank in ranked.items() if rank == best]
        if len(nearest) > 1:
            return None
        if best[0] == 0 and dotted.partition(".")[0] in sys.stdlib_module_names:
            return None
        return self._at(f"{nearest[0]}/{tail}" if nearest[0] else tail)

    def _at(self, stem: str) -> str | None:
        for suffix in _SUFFIXES:
            for path in (f"{stem}/__init__{suffix}" if stem else f"__init__{suffix}", f"{stem}{suffix}"):
                if path in self._files:
                    return path
        return None

    def _is_package(self, folder: str) -> bool:
        prefix = f"{folder}/" if folder else ""
        return f"{prefix}__init__.py" in self._files or f"{prefix}__init__.pyi" in self._files


def module_stem(path: str) -> str:
    """The path without its suffix; that of the package for its `__init__`."""
    stem = path.rpartition(".")[0]
    if stem == "__init__":
        return ""
    return stem.removesuffix("/__init__")


def _nearness(root: str, folder: str) -> tuple[int, int]:
    """Roots above the importing file first, the deepest of them best; then by shared parts."""
    if not root or folder == root or folder.startswith(root + "/"):
        return (1, len(root))
    shared = 0
    for mine, theirs in zip(root.split("/"), folder.split("/"), strict=False):
        if mine != theirs:
            break
        shared += 1
    return (0, shared)
