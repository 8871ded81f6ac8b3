"""
Which files are checked: the paths that the user names, spread out into Python files.

In a git work tree the index and git's ignore rules decide; elsewhere a walk that leaves out
the usual folders of tools. A path that is named is checked even when it is ignored.
"""

# Paths stay text here: a `Path` for each of 20,000 files costs more than its lstat.
# ruff: noqa: PTH100, PTH118, PTH123

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import msgspec

from worker_lint.diagnostic import Problem
from worker_lint.source.content import unreadable
from worker_lint.source.ignore import compile_patterns
from worker_lint.source.pattern import pattern
from worker_lint.source.roles import Role, role_of_path
from worker_lint.source.spread import Spread, relative_path
from worker_lint.source.worktree import SUFFIXES

_NAMED_SUFFIXES = (*SUFFIXES, ".pyw")
_SHEBANG = pattern(rb"#!.*\bpython[0-9.]*[wt]?\b")


class DiscoverOptions(msgspec.Struct, frozen=True):
    """
    What the configuration and the command line say about finding files.

    `exclude` are patterns (see `worker_lint.source.ignore`). `force_exclude` applies them to
    named paths too. `context` adds the rest of the tree below the root, as files that are
    read but not asked about. `untracked=False` leaves out what git does not know, as suits a
    commit hook. `use_git=False` walks every folder.
    """

    exclude: tuple[str, ...] = ()
    force_exclude: bool = False
    context: bool = False
    untracked: bool = True
    use_git: bool = True


class SourceFile(msgspec.Struct, frozen=True, gc=False):
    """
    One file to read. `path` is relative to the root with `/`, `absolute` where it lies.

    `content_id` is equal only for equal content and None while it can be known only by
    reading. `given` tells that the user named the file or a folder above it.
    """

    path: str
    absolute: str
    content_id: str | None
    given: bool

    @property
    def role(self) -> Role:
        """The role that the path tells."""
        return role_of_path(self.path)

    @property
    def is_stub(self) -> bool:
        """Whether the file only declares types; beside a `.py` of its name it speaks for that module."""
        return self.path.endswith(".pyi")


class Discovery(msgspec.Struct, frozen=True):
    """
    The files, sorted by path, and what went wrong; the run goes on with the rest.

    `dirty` gives, for each tracked file that may differ from the index or is gone, the blob id
    that the index has. `untracked` are the files that git does not know.
    """

    files: tuple[SourceFile, ...]
    problems: tuple[Problem, ...] = ()
    dirty: Mapping[str, str] = msgspec.field(default_factory=dict)
    untracked: frozenset[str] = frozenset()


def discover(paths: Sequence[str | Path], root: str | Path, options: DiscoverOptions | None = None) -> Discovery:
    """
    The Python files (`.py`, `.pyi`) of the named files and folders.

    A named file may have another suffix, or none, if its first line starts Python. Links
    found on the way are skipped; a named one stands for its target inside the root. When
    nothing is left to check, a fatal problem says so.
    """
    options = options or DiscoverOptions()
    named = Named(root, options)
    for path in paths:
        named.take(os.path.abspath(path))
    patterns = compile_patterns(options.exclude)
    spread = Spread(named.root, patterns, use_git=options.use_git, untracked=options.untracked)
    spread.run(named.folders, named.files, context=options.context)
    is_given = named.selector()
    files = tuple(
        SourceFile(
            path,
            f"{named.root.rstrip(os.sep)}/{path}",
            spread.found[path].content_id,
            is_given(path),
        )
        for path in sorted(spread.found)
    )
    problems = [*named.problems, *spread.problems]
    quiet = named.excluded or any(problem.fatal for problem in problems)
    if paths and not quiet and not any(file.given for file in files):
        remedy = "name a .py or .pyi file, or a folder that holds one"
        problems.append(Problem("no Python file to check", ", ".join(map(str, paths[:3])), remedy))
    changed = {path: item.blob for path, item in spread.found.items() if item.blob and not item.clean}
    untracked = frozenset(path for path, item in spread.found.items() if item.blob is None)
    return Discovery(files, tuple(dict.fromkeys(problems)), spread.missing | changed, untracked)


class Named:
    """The paths of the command line, looked up: real folders, real files, complaints."""

    def __init__(self, root: str | Path, options: DiscoverOptions) -> None:
        self.root = os.path.realpath(root)
        self.folders: set[str] = set()
        self.files: dict[str, os.stat_result] = {}
        self.problems: list[Problem] = []
        self.excluded = 0
        self._root_as_named = os.path.abspath(root)
        self._patterns = compile_patterns(options.exclude) if options.force_exclude else None
        self._real: dict[str, str] = {}

    def take(self, path: str) -> None:
        """Look up one absolute path and keep what it is."""
        shown = relative_path(path, self._root_as_named)
        try:
            real, state = self._resolve(path)
        except FileNotFoundError:
            self.problems.append(Problem("no such file or folder", shown, "see whether the path is spelled right"))
            return
        except (OSError, ValueError) as error:
            self.problems.append(unreadable(shown, error if isinstance(error, OSError) else OSError(str(error))))
            return
        place = relative_path(real, self.root)
        if place.startswith("../") and not shown.startswith("../"):
            self.problems.append(Problem("not followed: the link leads out of the project", shown, "name its target"))
        elif self._patterns is not None and self._patterns.search(place):
            self.excluded += 1
        elif stat.S_ISDIR(state.st_mode):
            self.folders.add(real)
        elif not stat.S_ISREG(state.st_mode):
            self.problems.append(Problem("not a regular file", shown, "name files and folders that hold Python source"))
        elif self._is_python(real, shown):
            self.files[real] = state

    @property
    def is_ordinary(self) -> bool:
        """Whether nothing was named but files inside the root, and the root itself."""
        return not self.problems and not self.excluded and self.folders <= {self.root}

    def relative(self, path: str) -> str:
        """An absolute path as seen from the root."""
        return relative_path(path, self.root)

    def selector(self) -> Callable[[str], bool]:
        """The test whether a path, relative to the root, was named or lies in a named folder."""
        folders = [relative_path(folder, self.root) for folder in self.folders]
        exact = {relative_path(file, self.root) for file in self.files}
        prefixes = tuple(f"{folder}/" for folder in folders if folder)
        everything = "" in folders
        return lambda path: (everything and not path.startswith("../")) or path.startswith(prefixes) or path in exact

    def _resolve(self, path: str) -> tuple[str, os.stat_result]:
        """The path without links, and its state; folders are resolved once, since hooks name thousands of files."""
        folder, name = os.path.split(path)
        real = self._real.get(folder)
        if real is None:
            real = self._real[folder] = os.path.realpath(folder)
        real = os.path.join(real, name) if name else real
        state = os.lstat(real)
        if stat.S_ISLNK(state.st_mode):
            real = os.path.realpath(real, strict=True)
            state = os.lstat(real)
        return real, state

    def _is_python(self, real: str, shown: str) -> bool:
        if real.endswith(_NAMED_SUFFIXES):
            return True
        try:
            with open(real, "rb") as file:
                if _SHEBANG.match(file.readline(256)):
                    return True
        except OSError as error:
            self.problems.append(unreadable(shown, error))
            return False
        remedy = "name a .py or .pyi file, or a script whose first line starts Python"
        self.problems.append(Problem("not a Python file", shown, remedy, fatal=False))
        return False
