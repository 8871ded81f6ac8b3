"""
Which of many words occur in the bytes of a file: one pass for all of them, not one for each.

A text is cut into its identifiers, and what these hold is kept in mind, since files share most of them. Whatever word
is made of parts of identifiers can stand only where each part stands in one; what else the word says is then asked of
the few texts that have the parts. So the answer is that of a search for each word, at a tenth of the time.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Final, NamedTuple

from worker_lint.source.marks import SHAPES

KEPT: Final = 1 << 17
"""Identifiers kept in mind: they take some 100 bytes each, and rarer ones hardly come again."""

_PART: Final = re.compile(rb"[\w\x80-\xff]+")
_APART: Final = bytes(code if _PART.fullmatch(bytes((code,))) else 0x20 for code in range(256))
"""What turns all bytes that belong to no identifier into blanks."""


class _Sought(NamedTuple):
    """A word that more is asked of than its parts, all of which must be there; and its own bit."""

    parts: int
    word: bytes
    bit: int


class _Shape(NamedTuple):
    """A shape, what of it must occur, one being enough, and its own bit."""

    parts: int
    holds: Callable[[bytes], bool]
    bit: int


class Sieve:
    """
    Looks for a fixed list of words. The answer for a text does not depend on what was asked before.

    Each part has a bit; one that is a whole word of the list has that of the word. Those in `_alone` are identifiers;
    the others are pieces, sought between blanks: `close` anywhere in an identifier, ` close` where it begins.
    """

    def __init__(self, words: Sequence[bytes]) -> None:
        self._own = (1 << len(words)) - 1
        self._bits = len(words)
        self._alone: dict[bytes, int] = {}
        self._parts: dict[bytes, int] = {}
        self._sought: list[_Sought] = []
        self._shapes: list[_Shape] = []
        self._silent: set[bytes] = set()
        self._telling: dict[bytes, int] = {}
        for index, word in enumerate(words):
            if word not in SHAPES and _PART.fullmatch(word):
                self._parts[word] = self._parts.get(word, 0) | 1 << index
        plain = frozenset(self._parts)
        for index, word in enumerate(words):
            shape = SHAPES.get(word)
            if shape is not None:
                self._shapes.append(_Shape(sum(map(self._bit_of, shape.needs)), shape.holds, 1 << index))
            elif word not in plain:
                self._sought.append(_Sought(self._bits_in(word), word, 1 << index))
        self._cores = _by_core(self._parts)

    def _bits_in(self, word: bytes) -> int:
        """The bits of parts of a word: of those inside of it, which are identifiers, or of a long one at an end."""
        found = list(_PART.finditer(word))
        inner = [part[0] for part in found if part.start() and part.end() < len(word)]
        if inner or not found:
            return sum(self._bit_of(part, self._alone) for part in set(inner))
        part = max(reversed(found), key=lambda part: len(part[0]))
        return self._bit_of((b" " if part.start() else b"") + part[0] + (b" " if part.end() < len(word) else b""))

    def _bit_of(self, part: bytes, parts: dict[bytes, int] | None = None) -> int:
        parts = self._parts if parts is None else parts
        if part not in parts:
            parts[part] = 1 << self._bits
            self._bits += 1
        return parts[part]

    def present(self, data: bytes) -> int:
        """A bit for each word that occurs, or for the shape that it stands for, in the order of the words."""
        parts = self._parts_in(set(data.translate(_APART).split()))
        found = parts & self._own
        for needed, word, bit in self._sought:
            if parts & needed == needed and word[:1] in data and word in data:
                found |= bit
        for needed, holds, bit in self._shapes:
            if parts & needed and holds(data):
                found |= bit
        return found

    def _parts_in(self, identifiers: set[bytes]) -> int:
        found = sum(self._alone[identifier] for identifier in self._alone.keys() & identifiers)
        new: list[bytes] = []
        for identifier in identifiers - self._silent:
            told = self._telling.get(identifier)
            if told is None:
                new.append(identifier)
            else:
                found |= told
        return found | self._learned(new) if new else found

    def _learned(self, new: list[bytes]) -> int:
        """The parts that new identifiers hold; from now on they are known."""
        if len(self._silent) > KEPT:  # what comes next is more like the last files than like the first ones
            self._silent.clear()
            self._telling.clear()
        self._silent.update(new)
        found = 0
        text = b" %b " % b" ".join(new)
        for core, parts in self._cores:
            place = text.find(core)
            while place >= 0:
                begin, end = text.rfind(b" ", 0, place + 1), text.find(b" ", place + len(core) - 1) + 1
                padded = text[begin:end]
                told = sum(bit for part, bit in parts if part in padded)
                if told:
                    identifier = padded[1:-1]
                    self._telling[identifier] = self._telling.get(identifier, 0) | told
                    self._silent.discard(identifier)
                    found |= told
                place = text.find(core, end - 1)
        return found


def _by_core(parts: Mapping[bytes, int]) -> tuple[tuple[bytes, tuple[tuple[bytes, int], ...]], ...]:
    """The parts by a shortest one without blanks that each holds, so that most need not be sought."""
    found: dict[bytes, list[tuple[bytes, int]]] = {}
    for part, bit in sorted(parts.items(), key=lambda item: (len(item[0].strip()), item[0])):
        core = next((core for core in found if core in part), part.strip())
        found.setdefault(core, []).append((part, bit))
    return tuple((core, tuple(held)) for core, held in found.items())


@lru_cache(maxsize=4)
def sieve_of(words: tuple[bytes, ...]) -> Sieve:
    """The sieve for these words, which learns from file to file."""
    return Sieve(words)
