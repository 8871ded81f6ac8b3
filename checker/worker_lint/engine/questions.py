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

    def joined(self, other: Questions) -> Questions:
        """What either of two parts of a run has asked."""
        sources = dict(self.sources)
        for path, names in other.sources.items():
            sources[path] = sources.get(path, frozenset()) | names
        return Questions(
            self.records | other.records,
            self.skims | other.skims,
            self.texts | other.texts,
            {**self.words, **other.words},
            self.bases | other.bases,
            sources,
        )
