"""Regular expressions that are compiled late."""

import re

import pytest

from worker_lint.source.pattern import pattern


def test_it_answers_as_the_compiled_one() -> None:
    late, at_once = pattern(r"(\w)B", re.IGNORECASE), re.compile(r"(\w)B", re.IGNORECASE)
    for _ in range(2):
        assert late.findall("ab cb") == at_once.findall("ab cb") == ["a", "c"]
        assert late.sub("-", "ab c") == at_once.sub("-", "ab c") == "- c"
        assert (late.search("ab"), late.fullmatch("abc")) != (None, None)
    assert (late.pattern, late.match("x")) == (at_once.pattern, None)


def test_a_fault_shows_when_it_is_used_and_a_wrong_name_at_once() -> None:
    with pytest.raises(re.error):
        pattern("(").search("")
    with pytest.raises(AttributeError):
        _ = pattern("x").searched  # type: ignore[attr-defined]
