"""The Python files of a folder that is no git work tree, by walking it."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator

from worker_lint.source.content import state_id_of, unreadable
from worker_lint.source.ignore import Excludes
from worker_lint.source.worktree import SUFFIXES, Listed, Listing


def walk(folder: str, *, enter_repositories: bool = False) -> Listing:
    """
    The Python files below a folder (absolute, without links), paths relative to it.

    Links are not followed, so there are no loops; the usual folders of tools are left out. A
    repository further down is named in `nested` and not entered, except when asked.
    """
    listing = Listing([], [], [], {})
    excludes = Excludes(folder, None)
    now = time.time_ns()
    pending = [""]
    while pending:
        current = pending.pop()
        prefix = f"{current}/" if current else ""
        try:
            entries = _entries(f"{folder}/{current}" if current else folder)
        except OSError as error:
            listing.problems.append(unreadable(current or folder, error))
            continue
        if current and not enter_repositories and any(entry.name == ".git" for entry in entries):
            listing.nested.append(f"{folder}/{current}")
            continue
        pending.extend(path for path in _folders(entries, prefix) if not excludes.by_default(path))
        listing.files.extend(_files(entries, prefix, now))
    return listing


def _entries(folder: str) -> list[os.DirEntry[str]]:
    with os.scandir(folder) as found:
        return list(found)


def _folders(entries: list[os.DirEntry[str]], prefix: str) -> Iterator[str]:
    for entry in entries:
        try:
            if entry.is_dir(follow_symlinks=False):
                yield prefix + entry.name
        except OSError:
            continue  # gone since it was listed


def _files(entries: list[os.DirEntry[str]], prefix: str, now: int) -> Iterator[Listed]:
    for entry in entries:
        if not entry.name.endswith(SUFFIXES):
            continue
        try:
            if entry.is_file(follow_symlinks=False):
                yield Listed(prefix + entry.name, state_id_of(entry.stat(follow_symlinks=False), now))
        except OSError:
            continue
