"""
The files of an earlier run, and a tree in which all but a few of them are as they were.

Nothing is made for a file that nobody asks about.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import TypeAlias

from worker_lint.engine.snapshot import Entry, Snapshot
from worker_lint.source.content import content_id_of

Piece: TypeAlias = bytes | memoryview
"""Bytes that may lie in a file."""

_GAP = "\0"


class Files(Mapping[str, str]):
    """Content ids by path, in path order, from two texts that are taken apart when somebody asks."""

    def __init__(self, paths: Piece, ids: Piece) -> None:
        self._texts = (paths, ids)

    @classmethod
    def packed(cls, ids: Mapping[str, str]) -> tuple[bytes, bytes]:
        """
        The two texts.

        Raises:
            UnicodeEncodeError: a path is not UTF-8.
        """
        paths = sorted(ids)
        return _GAP.join(paths).encode(), _GAP.join([ids[path] for path in paths]).encode()

    @cached_property
    def paths(self) -> list[str]:
        """The paths, sorted."""
        return _split(self._texts[0])

    @cached_property
    def ids(self) -> list[str]:
        """The content ids in the order of the paths."""
        return _split(self._texts[1])

    def number(self, path: str) -> int:
        """
        The place of a path.

        Raises:
            KeyError: there is no such file.
        """
        found = bisect_left(self.paths, path)
        if self.paths[found : found + 1] != [path]:
            raise KeyError(path)
        return found

    def __getitem__(self, path: str) -> str:
        return self.ids[self.number(path)]

    def __iter__(self) -> Iterator[str]:
        return iter(self.paths)

    def __len__(self) -> int:
        return len(self.paths)


def _split(text: Piece) -> list[str]:
    return str(text, "utf-8").split(_GAP) if text else []


class Standing(Mapping[str, Entry]):
    """The entries of a tree below `root` that holds the `files` of an earlier run; `other` may differ from them."""

    def __init__(self, root: str, files: Files, other: Mapping[str, Entry]) -> None:
        self.files = files
        self.other = other
        self._root = root

    def changed(self, other: Mapping[str, Entry]) -> Standing:
        """The same with more entries that may differ."""
        return Standing(self._root, self.files, {**self.other, **other})

    def __getitem__(self, path: str) -> Entry:
        found = self.other.get(path)
        return found if found is not None else Entry(path, f"{self._root}/{path}", self.files[path])

    def __contains__(self, path: object) -> bool:
        return path in self.files

    def __iter__(self) -> Iterator[str]:
        return iter(self.files)

    def __len__(self) -> int:
        return len(self.files)


def earlier(now: Snapshot, old: Mapping[str, bytes], added: Iterable[str]) -> Snapshot:
    """The state before a change: `old` are the contents of changed and deleted files, `added` the new files."""
    before = {path: Entry(path, "", content_id_of(data), data) for path, data in old.items()}
    gone = frozenset(added)
    if isinstance(now.entries, Standing) and gone.isdisjoint(now.entries) and all(path in now.entries for path in old):
        return Snapshot(now.entries.changed(before), tuple(now.entries))
    entries = {path: entry for path, entry in now.entries.items() if path not in gone} | before
    return Snapshot(entries, tuple(sorted(entries)))
