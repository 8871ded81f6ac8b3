"""
A file of several parts, of which a reader opens only what it asks for.

What is kept of 20,000 files is some 20 MB, and a run after a small edit needs a few pages of it.
"""

# Paths are strings here: this runs at every start, and pathlib is several times slower.
# ruff: noqa: PTH105, PTH108, PTH118, PTH123

from __future__ import annotations

import mmap
import os
from collections.abc import Sequence
from contextlib import suppress
from struct import Struct
from typing import Final

KEPT: Final = 4
"""Files kept in a folder, for as many settings: the ones written last."""

_MAGIC: Final = b"worker-lint parts 1\n"
_COUNT: Final = Struct("<Q")


def write_parts(folder: str, name: str, parts: Sequence[bytes | memoryview]) -> None:
    """Writes a file in one piece, or not at all where the folder cannot be written; older ones of the kind go."""
    lengths = b"".join(_COUNT.pack(len(part)) for part in parts)
    import tempfile  # a run that goes on from an earlier one writes nothing

    draft = ""
    try:
        number, draft = tempfile.mkstemp(prefix=_kind(name), suffix=".new", dir=folder)
        with open(number, "wb") as file:
            file.writelines((_MAGIC, _COUNT.pack(len(parts)), lengths, *parts))
        os.replace(draft, os.path.join(folder, name))
        _remove_old(folder, _kind(name))
    except OSError:
        with suppress(OSError):
            os.unlink(draft)


def read_parts(folder: str, name: str) -> list[memoryview] | None:
    """The parts of a file, which are read when they are looked at; None when there is no such file in order."""
    try:
        with open(os.path.join(folder, name), "rb") as file:
            # Windows replaces no file that is mapped.
            data = file.read() if os.name == "nt" else mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
            whole = memoryview(data)
    except (OSError, ValueError):  # an empty file cannot be mapped
        return None
    start = len(_MAGIC) + _COUNT.size
    if bytes(whole[: len(_MAGIC)]) != _MAGIC or len(whole) < start:
        return None
    (count,) = _COUNT.unpack_from(whole, len(_MAGIC))
    end = start + count * _COUNT.size
    if end > len(whole):
        return None
    parts = []
    for (length,) in _COUNT.iter_unpack(whole[start:end]):
        parts.append(whole[end : end + length])
        end += length
    return parts if end == len(whole) else None


def _kind(name: str) -> str:
    return name.partition("-")[0] + "-"


def _remove_old(folder: str, kind: str) -> None:
    files = [entry for entry in os.scandir(folder) if entry.name.startswith(kind)]
    files.sort(key=lambda entry: entry.stat().st_mtime_ns, reverse=True)
    for entry in files[KEPT:]:
        os.unlink(entry.path)
