"""
Git's index file, read directly: the blob id of each file and the file's state at that time.

Git's own commands that tell whether a file changed may compare contents, which starts the
filters a repository configures; and their answer costs another pass. Format: "index-format"
in git's technical documentation, versions 2 to 4. Whatever is unusual (split or sparse
index) is not read here: the caller then asks git for the names.
"""

# Paths stay text here: a `Path` for each of 20,000 files costs more than its lstat.
# ruff: noqa: PTH118, PTH123

from __future__ import annotations

import os
import re
import stat
import struct
from array import array
from bisect import bisect_left, bisect_right
from typing import NamedTuple

import msgspec

from worker_lint.source.repository import Repository

_GITLINK = 0o160000
_EXTENDED = 0x4000
_INTENT_TO_ADD, _SKIP_WORK_TREE = 0x20, 0x40  # in the first byte of the extended flags
_NAME_MASK = 0xFFF
_STAGE = 0x3000
_NANOSECONDS = 1_000_000_000
_BLOCK = 4096


class IndexEntry(msgspec.Struct, frozen=True, gc=False):
    """
    One path of the index, relative to the work tree's top.

    `size`, `inode` and the times are those of the file when git last compared it with the
    blob; sizes and inodes are kept modulo 2**32. `settled` is false while the entry says
    nothing sure about the file's content: a conflict, an intended addition, or a file
    written so late that a second write in the same clock tick could hide. `sparse` tells that
    the work tree leaves the file out on purpose.
    """

    path: bytes
    blob: bytes
    modified: int
    changed: int
    inode: int
    size: int
    settled: bool
    sparse: bool = False

    def matches(self, found: os.stat_result) -> bool:
        """Whether a file with this state still has the content of the blob."""
        return (
            self.settled
            and found.st_mtime_ns == self.modified
            and found.st_ctime_ns == self.changed
            and found.st_size & 0xFFFFFFFF == self.size
            and found.st_ino & 0xFFFFFFFF == self.inode
        )


class Index(NamedTuple):
    """The Python files of an index, and the folders of its submodules."""

    files: list[IndexEntry]
    submodules: list[bytes]


def read_index(repository: Repository) -> Index | None:
    """The index of the repository; None when it is unreadable or of a kind only git can read."""
    try:
        with open(repository.index_file, "rb") as file:
            written = os.fstat(file.fileno()).st_mtime_ns
            data = file.read()
    except FileNotFoundError:
        return Index([], [])  # nothing was ever added
    except OSError:
        return None
    try:
        return _parse(data, written, 32 if _uses_sha256(repository) else 20)
    except (struct.error, IndexError, ValueError):
        return None


def _parse(data: bytes, written: int, id_size: int) -> Index | None:
    signature, version, count = struct.unpack_from(">4sII", data)
    if signature != b"DIRC" or version not in (2, 3, 4):
        return None
    index = Index([], [])
    # Seconds, not nanoseconds: a tick of the file system's clock may be that coarse.
    racy = written // _NANOSECONDS
    unpack = struct.Struct(f">10I{id_size}sH").unpack_from
    fixed = 42 + id_size
    add = index.files.append
    position, path, find = 12, b"", data.find
    for _ in range(count):
        c_sec, c_nsec, m_sec, m_nsec, _dev, inode, mode, _uid, _gid, size, blob, flags = unpack(data, position)
        start = position + fixed
        intended = sparse = False
        if flags & _EXTENDED:
            intended, sparse = bool(data[start] & _INTENT_TO_ADD), bool(data[start] & _SKIP_WORK_TREE)
            start += 2
        if version == 4:
            dropped, start = _variable_width(data, start)
            end = find(b"\0", start)
            path = path[: len(path) - dropped] + data[start:end]
            position = end + 1
        else:
            length = flags & _NAME_MASK
            end = start + length if length < _NAME_MASK else find(b"\0", start)
            path = data[start:end]
            position += (end - position + 8) & ~7
        if path.endswith((b".py", b".pyi")):
            if mode & 0o170000 == 0o100000:
                # Size 0 is also how git marks an entry that it could not settle itself.
                settled = size > 0 and m_sec < racy > c_sec and not flags & _STAGE and not intended
                modified, changed = m_sec * _NANOSECONDS + m_nsec, c_sec * _NANOSECONDS + c_nsec
                add(IndexEntry(path, blob, modified, changed, inode, size, settled, sparse))
        elif mode == _GITLINK:
            index.submodules.append(path)
        elif mode == stat.S_IFDIR:
            return None
    return index if _only_optional_extensions(data, position, len(data) - id_size) else None


def _variable_width(data: bytes, position: int) -> tuple[int, int]:
    """A number in the encoding of pack offsets, and the position behind it."""
    byte = data[position]
    value = byte & 0x7F
    while byte & 0x80:
        position += 1
        byte = data[position]
        value = ((value + 1) << 7) | (byte & 0x7F)
    return value, position + 1


def _only_optional_extensions(data: bytes, position: int, end: int) -> bool:
    """False for an extension that a reader must understand (its name begins in lower case)."""
    if position > end:
        return False
    while position < end:
        name, size = struct.unpack_from(">4sI", data, position)
        if name[:1].islower():
            return False
        position += 8 + size
    return True


def _uses_sha256(repository: Repository) -> bool:
    try:
        with open(os.path.join(repository.common, "config"), "rb") as file:
            return re.search(rb"(?i)^\s*objectformat\s*=\s*sha256", file.read(), re.MULTILINE) is not None
    except OSError:
        return False


class Layout(NamedTuple):
    """The bytes of an index, where its entries begin in them, and where the last one ends."""

    data: bytes | memoryview
    places: array[int]


def read_layout(repository: Repository) -> Layout | None:
    """The index as it lies there; None for one that this module does not read, or whose names are packed."""
    try:
        with open(repository.index_file, "rb") as file:
            data = file.read()
        signature, version, count = struct.unpack_from(">4sII", data)
        if signature != b"DIRC" or version not in (2, 3) or _uses_sha256(repository):
            return None
        return Layout(data, _places(data, count))
    except (OSError, struct.error, IndexError, ValueError):
        return None


def _places(data: bytes, count: int) -> array[int]:
    places, position = array("Q"), 12
    for _ in range(count):
        places.append(position)
        flags = data[position + 60] << 8 | data[position + 61]
        start = position + (64 if flags & _EXTENDED else 62)
        length = flags & _NAME_MASK
        end = start + length if length < _NAME_MASK else data.index(b"\0", start)
        position += (end - position + 8) & ~7
    places.append(position)
    return places


def other_blobs(before: Layout, now: bytes, most: int) -> dict[bytes, bytes] | None:
    """
    The files that have other blobs in an index than in an earlier one, by path; None when the two name
    other files, differ in more than `most` places, or only taking them apart can tell.
    """
    old, places = bytes(before.data), before.places  # views are compared byte by byte
    end = places[-1]
    if now[:12] != old[:12] or not _only_optional_extensions(now, end, len(now) - 20):
        return None
    found: dict[bytes, bytes] = {}
    seen = 0
    for start in range(0, end, _BLOCK):
        stop = min(start + _BLOCK, end)
        if old[start:stop] == now[start:stop]:
            continue
        first, last = bisect_right(places, start) - 1, bisect_left(places, stop)
        for number in range(max(first, 0), last):
            one, other = (piece[places[number] : places[number + 1]] for piece in (old, now))
            if one == other:
                continue
            seen += 1
            # The same kind of file by the same name; stage and the like are told by the flags before it.
            if seen > most or one[24:28] != other[24:28] or one[60:] != other[60:] or one[60] & _EXTENDED >> 8:
                return None
            path = one[62:].rstrip(b"\0")
            if path.endswith((b".py", b".pyi")) and one[40:60] != other[40:60]:
                found[path] = other[40:60]
    return found
