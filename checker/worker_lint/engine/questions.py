"""What was asked of each file on behalf of others, as far as rules keep to records and words."""

from __future__ import annotations

from typing import NamedTuple


class Questions(NamedTuple):
    """The questions of the rules that promise `records`; what others ask is followed by its trail."""

    records: frozenset[str]
    skims: frozenset[str]
    texts: frozenset[str]
    words: dict[tuple[str, str], bool]
    bases: frozenset[str]
    sources: dict[str, frozenset[str]]
