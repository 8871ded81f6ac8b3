"""
What is known of all files in a few pieces of bytes, opened file by file.

A run that goes on from an earlier one looks at few files, but may have to find those that name a base
or import a module: the indexes of the whole run are kept too, opened entry by entry.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Mapping, Sequence

import msgspec

from worker_lint.engine.links import statements_of
from worker_lint.engine.reading import Refusal
from worker_lint.engine.standing import Files, Piece
from worker_lint.source.roles import Role
from worker_lint.source.skim import Skim


class Known(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What is kept of reading a file, its record apart."""

    skim: Skim
    role: Role | None
    refusal: Refusal | None


class Packed:
    """
    All files of a run, sorted by path. `ends` are where the parts of `data` end, 8 bytes each. The
    indexes give numbers of files: by the bases that they name, and by the modules that they take names
    from or import whole.
    """

    def __init__(self, ends: Piece, data: Piece, bases: Piece, taken_from: Piece, imported: Piece) -> None:
        self._ends = array("Q")
        self._ends.frombytes(ends)
        self._data = memoryview(data)
        self._indexes = {"bases": bases, "taken_from": taken_from, "imported": imported}
        self._opened: dict[str, dict[str, msgspec.Raw]] = {}

    def __len__(self) -> int:
        """How many files there are."""
        return len(self._ends)

    def _bytes(self, number: int) -> memoryview:
        return self._data[self._ends[number - 1] if number else 0 : self._ends[number]]

    def part(self, number: int) -> Known:
        """What is kept of one file."""
        return _KNOWN.decode(self._bytes(number))

    def naming_base(self, name: str) -> Sequence[int]:
        """The files with a class header that names a base."""
        return self._entry("bases", name)

    def naming_module(self, module: tuple[str, str], name: str) -> list[int]:
        """The files with an import that names a module by its last two parts and may take a name from it."""
        raw = name.encode("utf-8", "surrogatepass")
        found = set(self._entry("imported", ".".join(module)))
        for number in self._entry("taken_from", ".".join(module)):
            part = bytes(self._bytes(number))
            if raw in part or b"*" in part or not raw.isascii():
                found.add(number)
        return sorted(found)

    def _entry(self, index: str, key: str) -> Sequence[int]:
        if index not in self._opened:
            self._opened[index] = _INDEX.decode(self._indexes[index])
        data = self._opened[index].get(key)
        return _NUMBERS.decode(data) if data is not None else ()


_ENCODER = msgspec.msgpack.Encoder()
_KNOWN = msgspec.msgpack.Decoder(Known)
_INDEX = msgspec.msgpack.Decoder(dict[str, msgspec.Raw])
_NUMBERS = msgspec.msgpack.Decoder(tuple[int, ...])


def pack(files: Mapping[str, Known]) -> tuple[bytes, ...]:
    """The files in as many pieces as `Packed` takes."""
    ends, total, parts = array("Q"), 0, []
    bases: dict[str, list[int]] = {}
    taken_from: dict[str, list[int]] = {}
    imported: dict[str, list[int]] = {}
    for number, path in enumerate(sorted(files)):
        skim = files[path].skim
        parts.append(_ENCODER.encode(files[path]))
        total += len(parts[-1])
        ends.append(total)
        for name in skim.bases:
            bases.setdefault(name, []).append(number)
        for module, place in statements_of(path, skim):
            names = skim.imports[place][1]
            # A name that is not ASCII may be spelled in several ways.
            index = taken_from if names and names.isascii() else imported
            index.setdefault(".".join(module), []).append(number)
    indexes = (_ENCODER.encode(index) for index in (bases, taken_from, imported))
    return ends.tobytes(), b"".join(parts), *indexes


class Skims(Mapping[str, Skim]):
    """The skims of a tree: packed ones, and those of files that are not as they were."""

    def __init__(self, files: Files, packed: Packed, changed: Mapping[str, Known]) -> None:
        self._files = files
        self._paths = files.paths
        self._packed = packed
        self._changed = changed
        self._opened: dict[str, Known] = {}

    def known(self, path: str) -> Known:
        """What reading the file gave."""
        found = self._changed.get(path) or self._opened.get(path)
        if found is None:
            found = self._opened[path] = self.before(path)
        return found

    def before(self, path: str) -> Known:
        """What reading the file gave in the earlier run."""
        return self._packed.part(self._files.number(path))

    def naming_base(self, name: str) -> list[str]:
        """The files with a class header that names a base, by path."""
        found = {self._paths[number] for number in self._packed.naming_base(name)}.difference(self._changed)
        found.update(path for path, known in self._changed.items() if name in known.skim.bases)
        return sorted(found)

    def naming_module(self, module: tuple[str, str], name: str) -> list[str]:
        """The files that may import a name from a module, or the module, known by its last two parts; by path."""
        found = {self._paths[number] for number in self._packed.naming_module(module, name)}
        return sorted(found.union(self._changed))

    def __getitem__(self, path: str) -> Skim:
        return self.known(path).skim

    def __contains__(self, path: object) -> bool:
        return path in self._files

    def __iter__(self) -> Iterator[str]:
        return iter(self._paths)

    def __len__(self) -> int:
        return len(self._paths)
