"""
What the text of a class's methods speaks of: cheap questions before any body is read or any path followed.

A path of a method can only do something with a field whose name stands in the method, or in one that it runs on the
same object; and a method can only give a field a value where the name stands as a target. Words in comments and
strings count, too: the answers may be too wide, but nothing that a path could meet is missing from them.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cached_property
from typing import Final

from worker_lint.analysis.entity import Class, Function

_WORD: Final = re.compile(r"\w+")
_GAP: Final = r"(?:[\s\\]|#[^\n]*\n)*"
"""What may stand between the parts of an expression over several lines."""
_CALLED: Final = re.compile(rf"\.{_GAP}(\w+){_GAP}\(")
_TARGET: Final = re.compile(rf"\.{_GAP}(\w+){_GAP}(?:=(?!=)|[:,)\]]|in\b)")
"""An attribute as a target, also of `for`, `with` and in a display; much that is none looks the same."""


class Spoken:
    """Answers for the objects of exactly one class, by the texts of its methods and of those of its bases."""

    def __init__(self, cls: Class) -> None:
        self.cls = cls
        self._words: dict[Function, frozenset[str] | None] = {}
        self._given: dict[Function, frozenset[str]] = {}

    def words(self, method: Function) -> frozenset[str] | None:
        """All words of a method and of those that it may run on its object; None when it may run what is not seen."""
        if method not in self._words:
            self._words[method] = self._found_words(method)
        return self._words[method]

    def _found_words(self, method: Function) -> frozenset[str] | None:
        seen = {method}
        pending = [method]
        words: set[str] = set()
        while pending:
            text = _text(pending.pop())
            new = set(_WORD.findall(text)) - words
            words |= new
            for name in new & self._methods.keys():
                found = [one for one in self._methods[name] if one not in seen]
                seen.update(found)
                pending.extend(found)
            if not self._unseen.isdisjoint(_CALLED.findall(text)):
                return None
        return frozenset(words)

    def given(self, method: Function) -> frozenset[str]:
        """The names that may be attributes which the text of a method gives a value."""
        found = self._given.get(method)
        if found is None:
            self._given[method] = found = frozenset(_TARGET.findall(_text(method)))
        return found

    def given_by(self, *, but: Function, makers: frozenset[str]) -> frozenset[str]:
        """The same for all methods of the object but one, and those that run when it is made."""
        others = (one for name, found in self._methods.items() if name not in makers for one in found)
        return frozenset[str]().union(*(self.given(one) for one in others if one != but))

    @cached_property
    def _methods(self) -> dict[str, list[Function]]:
        found: dict[str, list[Function]] = {}
        for base in self._bases:
            for method in self.cls.project.values.fields.methods(base):
                found.setdefault(method.name, []).append(method)
        return found

    @cached_property
    def _bases(self) -> tuple[Class, ...]:
        return tuple(base for base in self.cls.project.hierarchy.order(self.cls) if isinstance(base, Class))

    @cached_property
    def _unseen(self) -> frozenset[str]:
        """Names under which an object may have a function that is no method of this name: an alias, a field."""
        found: set[str] = set()
        for base in self._bases:
            places = self.cls.project.values.bindings(base).places
            found.update(place[0] for place, sources in places.items() if any(one.how != "defined" for one in sources))
        given = (self.given(one) for methods in self._methods.values() for one in methods)
        return frozenset(found).union(frozenset[str]().union(*given) - self._methods.keys())


def _text(function: Function) -> str:
    """The lines of a function; identifiers are compared as Python normalises them."""
    text = function.project.store.text(function.path)
    found = text.between(function.node.at[0], function.node.at[2])
    return found if found.isascii() else unicodedata.normalize("NFKC", found)
