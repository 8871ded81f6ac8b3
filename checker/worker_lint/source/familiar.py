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
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import msgspec

from worker_lint.source.content import state_id_of
from worker_lint.source.index import Index, Layout, other_blobs, read_index
from worker_lint.source.repository import Repository, find_repository
from worker_lint.source.states import WIDTH, states_of
from worker_lint.source.worktree import Listing, add_untracked, leads_elsewhere, start_untracked

UNKNOWN = (0, 0, 0, 0)
"""The state of a file that was too young to be known by it; no file has it."""

ENTRIES_COMPARED = 1_000
"""Differing entries of an index that are looked at one by one; with more it is read as a whole."""

_BLOCK = 64 * WIDTH


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


def look_again(
    root: str,
    before: Noted,
    paths: Sequence[str],
    excluded: re.Pattern[str] | None,
    most: int,
    seen: Callable[[], array[int] | None] = lambda: None,
) -> Again | None:
    """
    Compares a work tree with the note of it; `paths` are its files in order. None when other files are
    there, more than `most` of them changed, or something is unusual. `seen` gives the states of the
    files, if somebody has looked at them already.
    """
    repository = repository_at(root)
    familiar = before.familiar
    if repository is None:
        return None
    question = start_untracked(repository, ("",))
    try:
        checksum = checksum_of(repository)
        blobs = {} if checksum == familiar.checksum else _other_blobs(repository, before, excluded)
        changed = _changed(root, before, paths, most, seen) if checksum is not None and blobs is not None else None
    finally:
        answer = question.finish() if question is not None else None
    if changed is None or blobs is None or answer is None or answer.code or answer.complaint:
        return None
    untracked = untracked_in(repository, answer.output, excluded)
    if untracked is None or untracked != familiar.untracked:
        return None
    dirty = {**familiar.dirty, **blobs}
    others = frozenset(untracked)
    unsure = [path for path in changed if path not in dirty and path not in others]
    dirty.update(_blobs_of(before, paths, others, unsure))
    return Again(changed, dirty, others)


def repository_at(root: str) -> Repository | None:
    """The repository whose work tree the folder is, if that is plain to see."""
    repository = find_repository(root)
    return repository if repository is not None and repository.top == root and not repository.explicit else None


def checksum_of(repository: Repository) -> bytes | None:
    """What stands at the end of the index: git's own digest of it. None for an index without."""
    try:
        with open(repository.index_file, "rb") as file:
            file.seek(-20, os.SEEK_END)
            found = file.read()
    except OSError:
        return None
    return found if any(found) else None  # git leaves it out where `index.skipHash` says so


def digest_of_names(index: Index) -> bytes:
    """What tells whether an index names the same Python files."""
    return hashlib.blake2b(b"\0".join([entry.path for entry in index.files]), digest_size=20).digest()


def is_plain(root: str, path: str, found: os.stat_result, links: dict[str, bool]) -> bool:
    """Whether a path is that of a regular file, with no link above it; `links` keeps answers."""
    return stat.S_ISREG(found.st_mode) and not leads_elsewhere(root, path.rpartition("/")[0], links)


def _other_blobs(repository: Repository, before: Noted, excluded: re.Pattern[str] | None) -> dict[str, str] | None:
    """The files that have other blobs in the index than they had; None when it names other files."""
    if before.places:
        found = _differing_entries(repository, before)
        if found is not None:
            named = ((os.fsdecode(path), blob.hex()) for path, blob in found.items())
            return {path: blob for path, blob in named if excluded is None or not excluded.search(path)}
    index = read_index(repository)
    if index is None or index.submodules or digest_of_names(index) != before.familiar.names:
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


def _changed(
    root: str, before: Noted, paths: Sequence[str], most: int, seen: Callable[[], array[int] | None]
) -> dict[str, str | None] | None:
    """The files that have not the state that they had, with the content ids that they have by it."""
    if before.states.count(bytes(WIDTH)) > most:
        return None
    try:
        states = (seen() or states_of(root, paths)).tobytes()
        changed: dict[str, str | None] = {}
        now, links = time.time_ns(), dict[str, bool]()
        for place in _differing(before.states, states):
            found = os.lstat(f"{root}/{paths[place]}")
            if len(changed) >= most or not is_plain(root, paths[place], found, links):
                return None
            changed[paths[place]] = state_id_of(found, now)
    except (OSError, OverflowError):
        return None
    return changed if len(states) == len(before.states) else None


def _differing(old: bytes, new: bytes) -> Iterator[int]:
    """The numbers of the states that are not equal."""
    for start in range(0, len(new), _BLOCK):
        if old[start : start + _BLOCK] != new[start : start + _BLOCK]:
            for place in range(start, min(start + _BLOCK, len(new)), WIDTH):
                if old[place : place + WIDTH] != new[place : place + WIDTH]:
                    yield place // WIDTH


def untracked_in(repository: Repository, output: bytes, excluded: re.Pattern[str] | None) -> tuple[str, ...] | None:
    """The Python files among those that git does not know, in order; None with a repository among them."""
    listing = Listing([], [], [], {})
    add_untracked(listing, repository, output)
    if listing.nested:
        return None
    names = (item.path for item in listing.files)
    return tuple(sorted(name for name in names if excluded is None or not excluded.search(name)))
