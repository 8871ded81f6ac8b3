"""Pages of rules in the terminal."""

from collections.abc import Callable
from typing import Any

import pytest

from worker_lint.engine.packs import load_packs
from worker_lint.rule import Rule

Command = Callable[..., Any]


@pytest.mark.parametrize("key", ["ABS111", "abs111", "raise-notimplemented-constant", "raise_notimplemented_constant"])
def test_code_and_name_lead_to_the_same_page(lint: Command, key: str) -> None:
    result = lint("explain", key)
    assert (result.code, result.err) == (0, "")
    assert result.out.startswith("ABS111 raise-notimplemented-constant\n")
    assert "What to do instead\n" in result.out
    assert "raise NotImplementedError" in result.out


@pytest.mark.parametrize("rule", load_packs(foreign=False).rules, ids=lambda rule: str(rule.name))
def test_every_rule_has_a_page_with_its_examples(lint: Command, rule: Rule) -> None:
    out = lint("explain", rule.code).out
    assert rule.page.strip().splitlines()[0] in out
    for example in rule.examples:
        assert f"    {example.title}:\n" in out


def test_an_unknown_name_gets_the_nearest(lint: Command) -> None:
    result = lint("explain", "abstrct-class-instantiated")
    assert (result.code, result.out) == (2, "")
    assert "did you mean abstract-class-instantiated" in result.err


def test_a_part_of_a_name_finds_it(lint: Command) -> None:
    assert "raise-notimplemented-constant" in lint("explain", "notimplemented").err


def test_several_pages_in_a_row(lint: Command) -> None:
    out = lint("explain", "ABS101", "ABS111").out
    assert out.index("ABS101 ") < out.index("\n\nABS111 ")


def test_colours_on_request(lint: Command) -> None:
    assert "\x1b[" in lint("explain", "ABS111", "--color", "always").out
