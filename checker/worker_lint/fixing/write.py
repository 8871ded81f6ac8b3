"""Writes a changed file in one step, and only over the content that the change was made for."""

from __future__ import annotations

import os
import stat
import tempfile
from pathlib import Path

from worker_lint.source.content import content_id_of


class WriteError(Exception):
    """A file could not be written. `message` says what happened, `remedy` what to do."""

    def __init__(self, path: Path, message: str, remedy: str) -> None:
        super().__init__(f"{path}: {message}; {remedy}")
        self.path = path
        self.message = message
        self.remedy = remedy


class ChangedError(WriteError):
    """The file is no longer the one that was checked; it was left as it is."""


def write_atomically(path: Path, new: bytes, expected_hash: str, *, root: Path | None = None) -> None:
    """
    Replaces a file's content as a whole: readers see the old or the new one, never a part.

    `expected_hash` is the content id (`content_id_of`) of the bytes that `new` was made from.
    The file's mode is kept. A symbolic link is written through if its target lies under `root`,
    and refused otherwise. Hard links to the file keep the old content.

    Raises:
        ChangedError: the content's id is not `expected_hash`, or the file is gone.
        WriteError: a link out of the tree, a read-only or special file, or a refusal of the system.
    """
    target = _target(path, root)
    try:
        seen = target.lstat()
        _require_writable(path, target, seen)
        if content_id_of(target.read_bytes()) != expected_hash:
            raise _changed(path)
        _replace(path, target, new, seen)
    except FileNotFoundError:
        raise ChangedError(path, "the file is gone", "check again") from None
    except OSError as error:
        remedy = "check the permissions and the free space of its folder"
        raise WriteError(path, f"cannot be written ({error.strerror or error})", remedy) from None


def _changed(path: Path) -> ChangedError:
    return ChangedError(path, "the file changed since it was read and was left as it is", "run the command again")


def _target(path: Path, root: Path | None) -> Path:
    try:
        target = path.resolve(strict=True)
        inside = root is not None and target.is_relative_to(root.resolve())
        linked = path.is_symlink() or (root is not None and not inside)
    except FileNotFoundError:
        raise ChangedError(path, "the file is gone", "check again") from None
    except (OSError, RuntimeError) as error:
        raise WriteError(path, f"cannot be found ({error})", "repair the link or leave the file out") from None
    if linked and not inside:
        raise WriteError(path, "is a link to a file outside the project", f"fix {target} where it belongs")
    return target


def _require_writable(path: Path, target: Path, seen: os.stat_result) -> None:
    if not stat.S_ISREG(seen.st_mode):
        raise WriteError(path, "is not a regular file", "leave it out")
    # The mode is asked too: the system lets the superuser write anything, and replacing a file
    # needs no permission on the file itself.
    if not seen.st_mode & 0o222 or not os.access(target, os.W_OK):
        raise WriteError(path, "is read-only", "make it writable or leave it out")


def _replace(path: Path, target: Path, new: bytes, seen: os.stat_result) -> None:
    handle, name = tempfile.mkstemp(prefix=".worker-lint-", suffix=".tmp", dir=target.parent)
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(new)
            stream.flush()
            os.fsync(stream.fileno())
        temporary.chmod(stat.S_IMODE(seen.st_mode))
        now = target.lstat()
        if (now.st_ino, now.st_size, now.st_mtime_ns) != (seen.st_ino, seen.st_size, seen.st_mtime_ns):
            raise _changed(path)
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)
