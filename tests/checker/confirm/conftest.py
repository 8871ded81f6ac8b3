"""Facts about small trees, put to astroid."""

import textwrap
from collections.abc import Mapping

import pytest

from worker_lint.confirm import Oracle, Verdict
from worker_lint.rule.facts import Fact, Place
from worker_lint.testing import tree_of


class Sources:
    """A tree of files with the places of words in it."""

    def __init__(self, files: Mapping[str, str]) -> None:
        self.files = {path: textwrap.dedent(text).lstrip("\n") for path, text in files.items()}

    def at(self, path: str, word: str, after: str = "") -> tuple[int, int, int, int]:
        """The first occurrence of some text that stands after another one."""
        for number, line in enumerate(self.files[path].splitlines(), 1):
            if after + word in line:
                column = line.index(after + word) + len(after) + 1
                return number, column, number, column + len(word)
        raise AssertionError(word)

    def cls(self, path: str, name: str) -> Place:
        """A class, by the place of its name."""
        return Place(path, self.at(path, name, "class "), name)

    def ask(self, *facts: Fact) -> tuple[Verdict, ...]:
        """The verdicts."""
        return Oracle(tree_of(self.files)).ask(facts).verdicts


@pytest.fixture(scope="session")
def sources() -> type[Sources]:
    return Sources
