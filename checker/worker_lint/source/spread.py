"""Spreading named folders out into files: git's listings and walks, nested ones too."""

# Paths stay text here: a `Path` for each of 20,000 files costs more than its lstat.
# ruff: noqa: PTH118, PTH120

from __future__ import annotations

import os
import re
from collections.abc import Callable, Collection, Iterable, Mapping

from worker_lint.diagnostic import Problem
from worker_lint.source.content import state_id_of
from worker_lint.source.ignore import Excludes
from worker_lint.source.repository import Repository, find_repository
from worker_lint.source.walk import walk
from worker_lint.source.worktree import GitRefusalError, Listed, Listing, ignored_folders, list_work_tree


def relative_path(path: str, root: str) -> str:
    """The absolute path as seen from the root, with `/`; the root itself is the empty text."""
    prefix = root if root.endswith(os.sep) else root + os.sep
    if path.startswith(prefix):
        path = path[len(prefix) :]
    elif path == root:
        return ""
    else:
        try:
            path = os.path.relpath(path, root)
        except ValueError:  # another drive
            return path.replace(os.sep, "/")
    return path.replace(os.sep, "/") if os.sep != "/" else path


class Spread:
    """
    Collects the files below folders in `found`, by path relative to the root.

    `found`, `missing` (tracked files that are gone, with their blobs) and `problems` are
    complete after `run`.
    """

    def __init__(
        self, root: str, patterns: re.Pattern[str] | None, *, use_git: bool = True, untracked: bool = True
    ) -> None:
        """`root` is absolute and without links; files that `patterns` cover are left out."""
        self.found: dict[str, Listed] = {}
        self.missing: dict[str, str] = {}
        self.problems: list[Problem] = []
        self._root = root
        self._patterns = patterns
        self._use_git = use_git
        self._untracked = untracked
        self._spared: tuple[str, ...] = ()
        self._known: dict[str, Repository | None] = {}
        self._entered: set[str] = set()

    def run(self, folders: Collection[str], files: Mapping[str, os.stat_result], *, context: bool) -> None:
        """Find what the folders and, with `context`, the root hold; and what git knows of the files."""
        self._spare([*folders, *files])
        bases = _outermost([*folders, self._root] if context else folders)
        self._enter(bases, files)
        self._walk_hidden(folders)
        for real, state in files.items():
            path = relative_path(real, self._root)
            if path not in self.found:
                self.found[path] = Listed(path, state_id_of(state))

    def _spare(self, named: Iterable[str]) -> None:
        """What is named is checked, also when a pattern covers it."""
        if self._patterns is not None:
            paths = [relative_path(real, self._root) for real in named]
            self._spared = tuple(path for path in paths if self._patterns.search(path))

    def _repository(self, folder: str) -> Repository | None:
        return find_repository(folder, self._known) if self._use_git else None

    def _enter(self, bases: Iterable[str], files: Iterable[str]) -> None:
        """List each base by its repository, one listing for all of one repository, or walk it."""
        groups: dict[Repository, tuple[set[str], set[str]]] = {}
        for base in bases:
            repository = self._repository(base)
            if repository is None:
                self._add(walk(base, enter_repositories=not self._use_git), base)
            else:
                groups.setdefault(repository, (set(), set()))[0].add(relative_path(base, repository.top))
        for file in files:
            repository = self._repository(os.path.dirname(file))
            if repository is not None:
                groups.setdefault(repository, (set(), set()))[1].add(relative_path(file, repository.top))
        for repository, (folders, names) in groups.items():
            self._list(repository, folders, names)

    def _list(self, repository: Repository, folders: set[str], names: set[str]) -> None:
        self._entered.add(repository.top)
        try:
            self._add(list_work_tree(repository, folders, names, untracked=self._untracked), repository.top)
        except GitRefusalError as refusal:
            self.problems.append(refusal.problem)
            for folder in folders:
                base = os.path.join(repository.top, folder) if folder else repository.top
                self._add(walk(base, enter_repositories=True), base)

    def _walk_hidden(self, folders: Iterable[str]) -> None:
        """Walk the named folders that a listing left out: ignored by git, or a tool's own."""
        asked: dict[Repository, dict[str, str]] = {}
        for folder in folders:
            repository = self._repository(folder)
            base = repository.top if repository else self._root
            path = relative_path(folder, base)
            if path.startswith("../") or not path:
                continue
            if Excludes(base, None).by_default(path):
                self._add(walk(folder), folder)
            elif repository is not None:
                asked.setdefault(repository, {})[path] = folder
        for repository, paths in asked.items():
            for path in sorted(ignored_folders(repository, paths)):
                self._add(walk(paths[path]), paths[path])

    def _add(self, listing: Listing, base: str) -> None:
        locate, patterns, found = _relocation(base, self._root), self._patterns, self.found
        for listed in listing.files:
            path = locate(listed.path) if locate else listed.path
            if patterns is not None and patterns.search(path) and not self._is_spared(path):
                continue
            found.setdefault(path, listed)
        for gone, blob in listing.missing.items():
            self.missing[locate(gone) if locate else gone] = blob
        for problem in listing.problems:
            path = relative_path(os.path.join(base, problem.path), self._root) if problem.path else ""
            self.problems.append(Problem(problem.message, path, problem.help, problem.fatal))
        inner = [folder for folder in map(os.path.realpath, listing.nested) if folder not in self._entered]
        self._entered.update(inner)
        self._enter([folder for folder in inner if self._reaches(folder)], ())

    def _reaches(self, folder: str) -> bool:
        path = relative_path(folder, self._root)
        return self._patterns is None or not self._patterns.search(path) or self._is_spared(path)

    def _is_spared(self, path: str) -> bool:
        return any(path == spared or path.startswith(f"{spared}/") for spared in self._spared)


def _outermost(folders: Iterable[str]) -> list[str]:
    """The folders without those that lie in another of them."""
    kept: list[str] = []
    for folder in sorted(set(folders), key=lambda item: item.rstrip(os.sep) + os.sep):
        if not kept or not (folder + os.sep).startswith(kept[-1].rstrip(os.sep) + os.sep):
            kept.append(folder)
    return kept


def _relocation(base: str, root: str) -> Callable[[str], str] | None:
    """How paths below the base read from the root; None when base and root are the same."""
    if base == root:
        return None
    if root.startswith(base.rstrip(os.sep) + os.sep):
        inner = relative_path(root, base) + "/"
        return lambda path: path[len(inner) :] if path.startswith(inner) else relative_path(f"{base}/{path}", root)
    prefix = relative_path(base, root)
    return lambda path: f"{prefix}/{path}"
