"""Answers that are kept, also where a question leads back to itself."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

A = TypeVar("A")


class Kept(Generic[A]):
    """
    Answers by question. One that leads back to itself gets `meanwhile` there, and what was found on the
    way is not kept: it is only a part, and would make the answers depend on which question came first.
    """

    def __init__(self) -> None:
        self._known: dict[Hashable, A] = {}
        self._busy: dict[Hashable, int] = {}
        self._cut = 0

    def once(self, key: Hashable, meanwhile: A, ask: Callable[[], A]) -> A:
        """The kept answer, or what `ask` gives."""
        if key in self._known:
            return self._known[key]
        if key in self._busy:
            self._cut = min(self._cut or self._busy[key], self._busy[key])
            return meanwhile
        mine = self._busy[key] = len(self._busy) + 1
        before, self._cut = self._cut, 0
        try:
            answer = ask()
        finally:
            del self._busy[key]
        if not self._cut or self._cut >= mine:
            self._known[key] = answer
            self._cut = before
        elif before:
            self._cut = min(self._cut, before)
        return answer
