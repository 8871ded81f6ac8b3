"""
Along which ways knowledge about one file comes from another one.

Answers are kept for whoever asks next, so which questions one file has asked is not known. But each way
from file to file begins at something that is known, whoever asks: an import at its importer,
subclasses and users at the class. What is said of a file rests on no other files than those that
its ways lead to, one after the other, and on the answers to the searches noted here.

Ways up (imports) are few. Ways down (a class to its subclasses and users) are thousands for a class that
all files use, so two questions are noted as what they are: which names subclasses define, and
whether a text pattern occurs in a file that knows a class.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple


class Search(NamedTuple):
    """
    A pattern searched for in the files that know a class, `name` in `path`; with `own` in that one too. One of
    the `words` is in all that it matches.
    """

    path: str
    name: str
    own: bool
    words: tuple[str, ...]
    pattern: str


class Trail:
    """The ways of one run."""

    def __init__(self) -> None:
        self.ways: dict[str, set[str]] = {}
        self.names_below: set[str] = set()
        self.classes_above: set[tuple[str, str]] = set()
        self.users: set[tuple[str, str]] = set()
        self.searches: dict[Search, str] = {}
        self.standing: Mapping[Search, bool] = {}
        """Whether anything was found by searches of an earlier run, where that cannot have changed."""

    def leads(self, path: str, other: str) -> None:
        """What is said of a file may rest on anything in another one."""
        found = self.ways.get(path)
        if found is None:
            self.ways[path] = {other}
        else:
            found.add(other)

    def leads_to_all(self, path: str, others: Iterable[str]) -> None:
        """The same for several."""
        self.ways.setdefault(path, set()).update(others)

    def looked_below(self, path: str, qualname: str) -> None:
        """Somebody asked for all subclasses of a class, to look at whatever is in them."""
        self.classes_above.add((path, qualname))

    def looked_at_users(self, path: str, name: str, users: Iterable[str]) -> None:
        """Somebody asked for all files that may name a class, to look at whatever is in them."""
        self.users.add((path, name))
        self.leads_to_all(path, users)

    def named_below(self, name: str) -> None:
        """Somebody asked whether a subclass of some class defines a name."""
        self.names_below.add(name)

    def searched(self, search: Search, found_in: str) -> None:
        """A search, with the file where it ended; empty when nothing was found."""
        self.searches[search] = found_in

    def join(self, other: Trail) -> None:
        """Adds the ways of another part of the run."""
        for path, others in other.ways.items():
            self.leads_to_all(path, others)
        self.names_below |= other.names_below
        self.classes_above |= other.classes_above
        self.users |= other.users
        self.searches.update(other.searches)
