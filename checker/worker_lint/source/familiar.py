"""
A work tree that was listed before: which of its files are not as they were then.

Listing 20,000 files makes objects for each of them, which takes longer than asking the system for
their states. A listing in which nothing was unusual is kept, and later compared as a whole: the same
names in git's index, the same untracked files, and for each file the same size, times and inode.
Whatever is unusual, then or now, is no answer; the caller lists the tree anew.
"""

# Paths stay text here: a `Path` for each of 20,000 files costs more than its lstat.
# ruff: noqa: PTH123

from __future__ import annotations

import hashlib
import os
import re
import stat
import struct
import time
from array import array
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from operator import attrgetter
from typing import NamedTuple

import msgspec

from worker_lint.source.content import content_id_of_blob, state_id_of
from worker_lint.source.index import Index, Layout, other_blobs, read_index, read_layout
from worker_lint.source.repository import Repository, find_repository
from worker_lint.source.worktree import Listing, add_untracked, leads_elsewhere, start_untracked

UNKNOWN = (0, 0, 0, 0)
"""The state of a file that was too young to be known by it; no file has it."""

ENTRIES_COMPARED = 1_000
"""Differing entries of an index that are looked at one by one; with more it is read as a whole."""

_FIELDS = ("st_mtime_ns", "st_ctime_ns", "st_size", "st_ino")
_WIDTH = 8 * len(_FIELDS)
_BLOCK = 64 * _WIDTH
_state_of = attrgetter(*_FIELDS)


class Familiar(msgspec.Struct, frozen=True, array_like=True):
    """
    What was found in a work tree, without its files: the index by its `checksum` and by a digest of the
    Python files named in it; `dirty` files as in `Discovery`, and the untracked ones.
    """

    checksum: bytes
    names: bytes
    dirty: dict[str, str]
    untracked: tuple[str, ...]


class Noted(NamedTuple):
    """
    A work tree to be compared with later: `states` and `blobs` go by file, in the order of the paths.
    `entries` and `places` are the index as it was, and where its entries begin; empty where it is not kept.
    """

    familiar: Familiar
    states: bytes
    blobs: bytes
    entries: bytes | memoryview
    places: bytes


class Again(NamedTuple):
    """What is there now: the content ids of files that are not as they were, and what git knows."""

    changed: dict[str, str | None]
    dirty: dict[str, str]
    untracked: frozenset[str]


def note(root: str, ids: Mapping[str, str], excluded: re.Pattern[str] | None) -> Noted | None:
    """
    Looks at the files of a listing once more; None where something is unusual.

    `ids` are their content ids by path, in path order, `excluded` covers the files that were left out.
    A file whose content id does not follow from its state has none in the note.
    """
    repository = _repository(root)
    if repository is None:
        return None
    checksum, index, layout = _checksum(repository), read_index(repository), read_layout(repository)
    if checksum is None or index is None or index.submodules or checksum != _checksum(repository):
        return None
    found = _Look(root, ids)
    try:
        found.take_tracked(index, excluded)
        untracked = found.take_untracked(_untracked(repository, excluded))
        states = _packed(found.states[path] for path in ids)
    except (_Unusual, OSError, KeyError, OverflowError):  # a time before 1970, or an inode of 128 bits
        return None
    return Noted(
        Familiar(checksum, _names(index), found.dirty, untracked),
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
            elif _is_plain(self._root, path, found, self._links):
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
        self.states[path] = _state_of(found) if is_known else UNKNOWN


def look_again(
    root: str, before: Noted, paths: Sequence[str], excluded: re.Pattern[str] | None, most: int
) -> Again | None:
    """
    Compares a work tree with the note of it; `paths` are its files in order. None when other files are
    there, more than `most` of them changed, or something is unusual.
    """
    repository = _repository(root)
    familiar = before.familiar
    if repository is None:
        return None
    question = start_untracked(repository, ("",))
    try:
        checksum = _checksum(repository)
        blobs = {} if checksum == familiar.checksum else _other_blobs(repository, before, excluded)
        changed = _changed(root, before, paths, most) if checksum is not None and blobs is not None else None
    finally:
        answer = question.finish() if question is not None else None
    if changed is None or blobs is None or answer is None or answer.code or answer.complaint:
        return None
    untracked = _names_of_untracked(repository, answer.output, excluded)
    if untracked is None or untracked != familiar.untracked:
        return None
    dirty = {**familiar.dirty, **blobs}
    others = frozenset(untracked)
    unsure = [path for path in changed if path not in dirty and path not in others]
    dirty.update(_blobs_of(before, paths, others, unsure))
    return Again(changed, dirty, others)


def _repository(root: str) -> Repository | None:
    """The repository whose work tree the folder is, if that is plain to see."""
    repository = find_repository(root)
    return repository if repository is not None and repository.top == root and not repository.explicit else None


def _checksum(repository: Repository) -> bytes | None:
    """What stands at the end of the index: git's own digest of it. None for an index without."""
    try:
        with open(repository.index_file, "rb") as file:
            file.seek(-20, os.SEEK_END)
            found = file.read()
    except OSError:
        return None
    return found if any(found) else None  # git leaves it out where `index.skipHash` says so


def _names(index: Index) -> bytes:
    return hashlib.blake2b(b"\0".join([entry.path for entry in index.files]), digest_size=20).digest()


def _is_plain(root: str, path: str, found: os.stat_result, links: dict[str, bool]) -> bool:
    return stat.S_ISREG(found.st_mode) and not leads_elsewhere(root, path.rpartition("/")[0], links)


def _packed(states: Iterator[tuple[int, ...]]) -> bytes:
    return array("Q", chain.from_iterable(states)).tobytes()


def _other_blobs(repository: Repository, before: Noted, excluded: re.Pattern[str] | None) -> dict[str, str] | None:
    """The files that have other blobs in the index than they had; None when it names other files."""
    if before.places:
        found = _differing_entries(repository, before)
        if found is not None:
            named = ((os.fsdecode(path), blob.hex()) for path, blob in found.items())
            return {path: blob for path, blob in named if excluded is None or not excluded.search(path)}
    index = read_index(repository)
    if index is None or index.submodules or _names(index) != before.familiar.names:
        return None
    entries = index.files
    if excluded is not None:
        entries = [entry for entry in entries if not excluded.search(os.fsdecode(entry.path))]
    blobs = [entry.blob for entry in entries]
    if b"".join(blobs) == before.blobs or not blobs:
        return {}
    width, old = len(blobs[0]), before.blobs
    if len(old) != width * len(blobs):
        return None
    places = (place for place, blob in enumerate(blobs) if blob != old[place * width : (place + 1) * width])
    return {os.fsdecode(entries[place].path): blobs[place].hex() for place in places}


def _differing_entries(repository: Repository, before: Noted) -> dict[bytes, bytes] | None:
    places = array("Q")
    places.frombytes(before.places)
    try:
        with open(repository.index_file, "rb") as file:
            return other_blobs(Layout(before.entries, places), file.read(), ENTRIES_COMPARED)
    except (OSError, struct.error):
        return None


def _blobs_of(
    before: Noted, paths: Sequence[str], untracked: frozenset[str], wanted: Sequence[str]
) -> Iterator[tuple[str, str]]:
    """The blobs that the index had for some of its files."""
    if not wanted:
        return
    tracked = [path for path in paths if path not in untracked] if untracked else paths
    width = len(before.blobs) // len(tracked)
    for path in wanted:
        place = tracked.index(path)
        yield path, before.blobs[place * width : (place + 1) * width].hex()


def _changed(root: str, before: Noted, paths: Sequence[str], most: int) -> dict[str, str | None] | None:
    """The files that have not the state that they had, with the content ids that they have by it."""
    if before.states.count(bytes(_WIDTH)) > most:
        return None
    absolute = [f"{root}/{path}" for path in paths]
    try:
        states = array("Q", chain.from_iterable(map(_state_of, map(os.lstat, absolute)))).tobytes()
        changed: dict[str, str | None] = {}
        now, links = time.time_ns(), dict[str, bool]()
        for place in _differing(before.states, states):
            found = os.lstat(absolute[place])
            if len(changed) >= most or not _is_plain(root, paths[place], found, links):
                return None
            changed[paths[place]] = state_id_of(found, now)
    except (OSError, OverflowError):
        return None
    return changed if len(states) == len(before.states) else None


def _differing(old: bytes, new: bytes) -> Iterator[int]:
    """The numbers of the states that are not equal."""
    for start in range(0, len(new), _BLOCK):
        if old[start : start + _BLOCK] != new[start : start + _BLOCK]:
            for place in range(start, min(start + _BLOCK, len(new)), _WIDTH):
                if old[place : place + _WIDTH] != new[place : place + _WIDTH]:
                    yield place // _WIDTH


def _untracked(repository: Repository, excluded: re.Pattern[str] | None) -> tuple[str, ...] | None:
    question = start_untracked(repository, ("",))
    answer = question.finish() if question is not None else None
    if answer is None or answer.code or answer.complaint:
        return None
    return _names_of_untracked(repository, answer.output, excluded)


def _names_of_untracked(
    repository: Repository, output: bytes, excluded: re.Pattern[str] | None
) -> tuple[str, ...] | None:
    """The Python files among those that git does not know, in order; None with a repository among them."""
    listing = Listing([], [], [], {})
    add_untracked(listing, repository, output)
    if listing.nested:
        return None
    names = (item.path for item in listing.files)
    return tuple(sorted(name for name in names if excluded is None or not excluded.search(name)))
