"""
Noting what a work tree looks like, for `worker_lint.source.familiar` to compare it with later.

Each file is looked at once more, after it was checked: what was written meanwhile is not noted as known.
"""

from __future__ import annotations

import os
import re
import time
from array import array
from collections.abc import Iterator, Mapping
from itertools import chain

from worker_lint.source.content import content_id_of_blob, state_id_of
from worker_lint.source.familiar import (
    UNKNOWN,
    Familiar,
    Noted,
    checksum_of,
    digest_of_names,
    is_plain,
    repository_at,
    untracked_in,
)
from worker_lint.source.index import Index, read_index, read_layout
from worker_lint.source.repository import Repository
from worker_lint.source.states import state_of
from worker_lint.source.worktree import start_untracked


def note(root: str, ids: Mapping[str, str], excluded: re.Pattern[str] | None) -> Noted | None:
    """
    Looks at the files of a listing once more; None where something is unusual.

    `ids` are their content ids by path, in path order, `excluded` covers the files that were left out.
    A file whose content id does not follow from its state has none in the note.
    """
    repository = repository_at(root)
    if repository is None:
        return None
    checksum, index, layout = checksum_of(repository), read_index(repository), read_layout(repository)
    if checksum is None or index is None or index.submodules or checksum != checksum_of(repository):
        return None
    found = _Look(root, ids)
    try:
        found.take_tracked(index, excluded)
        untracked = found.take_untracked(_untracked(repository, excluded))
        states = _packed(found.states[path] for path in ids)
    except (_Unusual, OSError, KeyError, OverflowError):  # a time before 1970, or an inode of 128 bits
        return None
    return Noted(
        Familiar(checksum, digest_of_names(index), found.dirty, untracked),
        states,
        b"".join(found.blobs.get(path, b"") for path in ids),
        layout.data if layout is not None else b"",
        layout.places.tobytes() if layout is not None else b"",
    )


class _Unusual(Exception):  # noqa: N818  # not a fault
    """Something in the work tree is not noted."""


class _Look:
    """The files of a listing, looked at one by one; every one of `ids` must be found, and no other."""

    def __init__(self, root: str, ids: Mapping[str, str]) -> None:
        self.states: dict[str, tuple[int, ...]] = {}
        self.blobs: dict[str, bytes] = {}
        self.dirty: dict[str, str] = {}
        self._root = root
        self._ids = ids
        self._now = time.time_ns()
        self._links: dict[str, bool] = {}

    def take_tracked(self, index: Index, excluded: re.Pattern[str] | None) -> None:
        """The files of the index."""
        for entry in index.files:
            path = os.fsdecode(entry.path)
            if excluded is not None and excluded.search(path):
                continue
            found = os.lstat(f"{self._root}/{path}")
            blob = entry.blob.hex()
            if entry.matches(found):
                self._take(path, found, content_id_of_blob(blob, found.st_size))
            elif is_plain(self._root, path, found, self._links):
                self._take(path, found, state_id_of(found, self._now))
                self.dirty[path] = blob
            else:
                raise _Unusual
            self.blobs[path] = entry.blob

    def take_untracked(self, names: tuple[str, ...] | None) -> tuple[str, ...]:
        """The files that git does not know; None when it cannot tell."""
        for path in names or ():
            found = os.lstat(f"{self._root}/{path}")
            self._take(path, found, state_id_of(found, self._now))
        if names is None or self.states.keys() != self._ids.keys():
            raise _Unusual
        return names

    def _take(self, path: str, found: os.stat_result, content_id: str | None) -> None:
        if path in self.states:
            raise _Unusual  # a conflict has several entries
        is_known = content_id is not None and content_id == self._ids[path]
        self.states[path] = state_of(found) if is_known else UNKNOWN


def _packed(states: Iterator[tuple[int, ...]]) -> bytes:
    return array("Q", chain.from_iterable(states)).tobytes()


def _untracked(repository: Repository, excluded: re.Pattern[str] | None) -> tuple[str, ...] | None:
    question = start_untracked(repository, ("",))
    answer = question.finish() if question is not None else None
    if answer is None or answer.code or answer.complaint:
        return None
    return untracked_in(repository, answer.output, excluded)
