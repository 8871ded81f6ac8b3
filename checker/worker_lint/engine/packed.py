"""
What is known of all files in one piece of bytes, opened file by file.

A run that goes on from an earlier one looks at few files, but may have to find those that name a base
or import a module. The texts lie in the bytes as they are, so these are found by searching them.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Collection, Iterator, Mapping
from functools import cached_property

import msgspec

from worker_lint.engine.reading import Refusal
from worker_lint.source.roles import Role
from worker_lint.source.skim import Skim


class Known(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What is kept of reading a file, its record apart."""

    skim: Skim
    role: Role | None
    refusal: Refusal | None


class Packed(msgspec.Struct, frozen=True, array_like=True, dict=True):
    """
    All files of a run, sorted by path. `ends` are where the parts of `data` end, 8 bytes each;
    `unusual` are the numbers of files whose skims hold more than ASCII: names there have several spellings;
    `dotted` those of files with an import that names a package by dots alone.
    """

    ends: bytes
    data: bytes
    unusual: tuple[int, ...]
    dotted: tuple[int, ...]

    @cached_property
    def _ends(self) -> array[int]:
        found = array("Q")
        found.frombytes(self.ends)
        return found

    def __len__(self) -> int:
        """How many files there are."""
        return len(self._ends)

    def part(self, number: int) -> Known:
        """What is kept of one file."""
        start = self._ends[number - 1] if number else 0
        return _KNOWN.decode(memoryview(self.data)[start : self._ends[number]])

    def holding(self, word: str) -> list[int]:
        """The numbers of the files in whose imports or class headers an identifier may occur."""
        found = set(self.unusual)
        raw = word.encode("utf-8", "surrogatepass")
        place = self.data.find(raw)
        while place >= 0:
            number = bisect_right(self._ends, place)
            found.add(number)
            place = self.data.find(raw, self._ends[number])
        return sorted(found)


_ENCODER = msgspec.msgpack.Encoder()
_KNOWN = msgspec.msgpack.Decoder(Known)
_PACKED = msgspec.msgpack.Decoder(Packed)


def pack(files: Mapping[str, Known]) -> bytes:
    """The files in one piece."""
    parts = [_ENCODER.encode(files[path]) for path in sorted(files)]
    ends, total = array("Q"), 0
    for part in parts:
        total += len(part)
        ends.append(total)
    skims = [files[path].skim for path in sorted(files)]
    unusual = tuple(number for number, skim in enumerate(skims) if not _is_plain(skim))
    dotted = tuple(number for number, skim in enumerate(skims) if _names_by_dots(skim))
    return _ENCODER.encode(Packed(ends.tobytes(), b"".join(parts), unusual, dotted))


def unpack(data: bytes | None, count: int) -> Packed | None:
    """What `pack` made of so many files; None for anything else."""
    try:
        packed = _PACKED.decode(data) if data is not None else None
        return packed if packed is not None and len(packed) == count else None
    except (msgspec.MsgspecError, ValueError):
        return None


def _is_plain(skim: Skim) -> bool:
    return all(text.isascii() for group in (*skim.imports, *skim.classes) for text in group)


def _names_by_dots(skim: Skim) -> bool:
    return any(module and not module.strip(b".") for module, _, _ in skim.imports)


class Skims(Mapping[str, Skim]):
    """The skims of a tree: packed ones, and those of files that are not as they were."""

    def __init__(self, paths: list[str], packed: Packed, changed: Mapping[str, Known]) -> None:
        self._paths = paths
        self._packed = packed
        self._changed = changed
        self._numbers = {path: number for number, path in enumerate(paths)}
        self._opened: dict[str, Known] = {}

    def known(self, path: str) -> Known:
        """What reading the file gave."""
        found = self._changed.get(path) or self._opened.get(path)
        if found is None:
            found = self._opened[path] = self.before(path)
        return found

    def before(self, path: str) -> Known:
        """What reading the file gave in the earlier run."""
        return self._packed.part(self._numbers[path])

    def holding(self, word: str) -> Collection[str]:
        """The files in whose imports or class headers an identifier may occur, and perhaps others, by path."""
        found = {self._paths[number] for number in self._packed.holding(word)}
        return sorted(found.union(self._changed))

    def dotted(self) -> Collection[str]:
        """The files with an import that names a package by dots alone, and perhaps others."""
        return {*(self._paths[number] for number in self._packed.dotted), *self._changed}

    def __getitem__(self, path: str) -> Skim:
        return self.known(path).skim

    def __contains__(self, path: object) -> bool:
        return path in self._numbers

    def __iter__(self) -> Iterator[str]:
        return iter(self._paths)

    def __len__(self) -> int:
        return len(self._paths)
