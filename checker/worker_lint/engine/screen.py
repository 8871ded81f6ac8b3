"""
The screen: which files can hold a diagnostic of some rule, by the words that occur in them.

A rule names words of which one must occur, and may name others of which one must occur, too. Words are
bits of a number here, in the order of `Plan.words`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Final

import msgspec

from worker_lint.rule import Rule
from worker_lint.source.roles import Role


class Screen(msgspec.Struct, frozen=True, array_like=True, dict=True):
    """What lets a file through: pairs of words, of which one must occur, and of others, of which one must, too."""

    pairs: tuple[tuple[bytes, bytes], ...]

    @classmethod
    def of(cls, rules: Iterable[Rule], places: Mapping[str, int]) -> Screen:
        """The screen of some rules; `places` gives the number of each word."""
        found: dict[int, int] = {}
        for rule in rules:
            besides = _bits(rule.besides, places)
            found[besides] = found.get(besides, 0) | _bits(rule.words, places)
        return cls(tuple(sorted((_packed(words), _packed(besides)) for besides, words in found.items())))

    def takes(self, words: int) -> bool:
        """Whether a file with these words may hold a diagnostic."""
        return any(words & some and (not besides or words & besides) for some, besides in self._masks)

    @cached_property
    def _masks(self) -> tuple[tuple[int, int], ...]:
        return tuple((_opened(some), _opened(besides)) for some, besides in self.pairs)


class Screens(msgspec.Struct, frozen=True, array_like=True):
    """The screens of product code and of all other files; with `everything`, all files come through."""

    product: Screen
    other: Screen
    everything: bool = False

    def takes(self, words: int, role: Role) -> bool:
        """Whether a file with these words and this role may hold a diagnostic."""
        return self.everything or (self.product if role == "product" else self.other).takes(words)


NOTHING: Final = Screens(Screen(()), Screen(()))


def _bits(words: Iterable[str], places: Mapping[str, int]) -> int:
    return sum(1 << places[word] for word in set(words))


def _packed(bits: int) -> bytes:
    return bits.to_bytes((bits.bit_length() + 7) // 8, "little")  # encoded integers end at 64 bits


def _opened(packed: bytes) -> int:
    return int.from_bytes(packed, "little")
