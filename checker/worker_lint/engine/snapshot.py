"""
A state of the project's files: the work tree, or an earlier state with some contents from git.

Only what differs from the work tree is held as bytes; everything else is read from disk.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from worker_lint.source.discover import SourceFile
from worker_lint.source.roles import Role, role_of_path


class Entry(msgspec.Struct, frozen=True, gc=False):
    """A file of a snapshot: where it lies or, for an earlier state, its content."""

    path: str
    absolute: str
    content_id: str | None
    data: bytes | None = None

    @property
    def role(self) -> Role:
        """The role that the path tells."""
        return role_of_path(self.path)

    def role_with(self, stated: Role | None) -> Role:
        """The path's role, unless the content states that the file is generated."""
        return stated if stated is not None and self.role == "product" else self.role


class Snapshot(msgspec.Struct, frozen=True):
    """The files of a state by path, and which of them are asked about."""

    entries: Mapping[str, Entry]
    wanted: tuple[str, ...]

    def read(self, path: str) -> bytes:
        """The content of a file; raises OSError."""
        entry = self.entries[path]
        if entry.data is not None:
            return entry.data
        with open(entry.absolute, "rb") as file:  # noqa: PTH123 - faster than a Path for each of 20,000 files
            return file.read()


def of_files(files: Iterable[SourceFile]) -> Snapshot:
    """The work tree, as discovered."""
    entries = {file.path: Entry(file.path, file.absolute, file.content_id) for file in files}
    return Snapshot(entries, tuple(sorted(file.path for file in files if file.given)))
