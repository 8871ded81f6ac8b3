"""What was asked of each file on behalf of others, as far as rules keep to records and words."""

from __future__ import annotations

from typing import Final, NamedTuple


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


_GAP: Final = "\0"


def word_of_definition(word: str, name: str) -> str:
    """How a word is noted that was looked for in one definition of a file."""
    return f"{word}{_GAP}{name}"


def asked_word(noted: str) -> tuple[str, str]:
    """The word that was looked for, and in which definition; empty where it was the whole file."""
    word, _, name = noted.partition(_GAP)
    return word, name
