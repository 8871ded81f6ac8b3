"""
Content ids: short strings that are equal only when two files hold the same bytes.

The cache keys its records by them. There are two kinds, and neither ever equals the other:
the id of a git blob with the file's size, known without reading where git's index vouches
for the file and computed from the bytes anywhere else; and the state of a file (size, times,
inode), which only serves files that nobody vouches for.
"""

from __future__ import annotations

import os
import stat
import time
from typing import Final

from worker_lint.diagnostic import Problem

SIZE_LIMIT: Final = 5_000_000
"""Bytes above which a file is not read unless the configuration says otherwise."""

SETTLING_NANOSECONDS: Final = 2_000_000_000
"""A file younger than this has no state id: a second write may leave size and times as they are."""


def content_id_of(data: bytes) -> str:
    """The content id of bytes that were read, the same that a clean entry of git's index gives."""
    import hashlib

    digest = hashlib.sha1(b"blob %d\0" % len(data), usedforsecurity=False)
    digest.update(data)
    return content_id_of_blob(digest.hexdigest(), len(data))


def content_id_of_blob(blob: str, size: int) -> str:
    """
    The content id of a git blob (hexadecimal id) with the size in bytes of the file.

    The size belongs to it, because git may store other bytes than the work tree shows: line
    ends, encrypted files and large-file pointers change the length.
    """
    return f"{blob}:{size}"


def state_id_of(found: os.stat_result, now: int | None = None) -> str | None:
    """
    The content id of a file by its state; None for a file that may still be changing.

    `now` is in nanoseconds since the epoch, by default the clock's.
    """
    modified, changed = found.st_mtime_ns, found.st_ctime_ns
    if max(modified, changed) > (time.time_ns() if now is None else now) - SETTLING_NANOSECONDS:
        return None
    return f"stat:{found.st_size}:{modified}:{changed}:{found.st_ino}"


def read_source(absolute: str, path: str, limit: int = SIZE_LIMIT) -> bytes | Problem:
    """
    The bytes of a regular file, or what hinders: gone, unreadable, too large, no file at all.

    `path` is how the user knows the file. A link in the last place is not followed, and a
    named pipe does not block. A file that vanished is a note; the others make the run fail.
    """
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    try:
        descriptor = os.open(absolute, flags)
    except OSError as error:
        return unreadable(path, error)
    try:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            return Problem("not a regular file", path, "name files and folders that hold Python source")
        if found.st_size > limit:
            return too_large(path, found.st_size, limit)
        with open(descriptor, "rb", closefd=False) as file:
            return file.read(limit + 1)
    except OSError as error:
        return unreadable(path, error)
    finally:
        os.close(descriptor)


def too_large(path: str, size: int, limit: int) -> Problem:
    """The note about a file over the size limit (both in bytes)."""
    remedy = "exclude the file, or raise the limit in the configuration"
    return Problem(f"not read: {size:,} bytes are over the limit of {limit:,}", path, remedy, fatal=False)


def unreadable(path: str, error: OSError) -> Problem:
    """The problem of a file or folder that the system does not let us read."""
    reason = error.strerror or type(error).__name__
    if isinstance(error, FileNotFoundError):
        return Problem("the file vanished during the run", path, "run again", fatal=False)
    if isinstance(error, PermissionError):
        return Problem(f"cannot be read: {reason}", path, "grant read permission, or exclude it")
    return Problem(f"cannot be read: {reason}", path, "see whether the file system is in order")
