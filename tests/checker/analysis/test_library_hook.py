"""Which members of libraries are hooks, and how they are called."""

from collections.abc import Callable

import pytest

from worker_lint.analysis import Class
from worker_lint.analysis.library_hook import hook_calls, is_hook
from worker_lint.analysis.signature import Arguments

SOURCE = """
from html.parser import HTMLParser

class Reader(HTMLParser):
    pass

class Lost(Unknown, HTMLParser):
    pass
"""


def test_an_empty_method_of_a_library_is_a_hook(class_named: Callable[[str, str], Class]) -> None:
    reader = class_named(SOURCE, "Reader")
    found = reader.project.hierarchy.find(reader, "handle_starttag")
    assert found is not None
    assert is_hook(found)
    assert hook_calls(found) == (Arguments(2), Arguments(0, ("tag", "attrs")))


@pytest.mark.parametrize("name", ["feed", "close"])
def test_a_method_that_does_something_is_none(class_named: Callable[[str, str], Class], name: str) -> None:
    reader = class_named(SOURCE, "Reader")
    found = reader.project.hierarchy.find(reader, name)
    assert found is not None
    assert not is_hook(found)
    assert hook_calls(found) == ()


def test_behind_an_unknown_base_nothing_is_known_of_the_calls(class_named: Callable[[str, str], Class]) -> None:
    lost = class_named(SOURCE, "Lost")
    found = lost.project.hierarchy.find(lost, "handle_starttag")
    assert found is not None
    assert hook_calls(found) == ()
