"""Which rules hold: profile, selectors, preview, roles and patterns, and who wins."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from worker_lint.config import KnownRules, Selection, Settings, selected
from worker_lint.rule import Rule

Read = Callable[[str], Settings]
ReadFor = Callable[[str, KnownRules], Settings]
OWN = {"WKL001"}


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("", {"ABS101", "ABS102", "STP101"}),
        ('profile = "strict"', {"ABS101", "ABS102", "ABS201", "STP101", "WKL004"}),
        ("preview = true", {"ABS101", "ABS102", "ABS106", "STP101"}),
        ('select = ["ABS1"]', {"ABS101", "ABS102"}),
        ('select = ["ABS1"]\npreview = true', {"ABS101", "ABS102", "ABS106"}),
        ('select = ["ABS"]', {"ABS101", "ABS102", "ABS201"}),
        ('select = ["ABS106"]', {"ABS106"}),
        ('select = ["undeclared-hook"]', {"ABS106"}),
        ('select = ["ALL"]', {"ABS101", "ABS102", "ABS201", "STP101", "WKL004"}),
        ("select = []", set()),
        ('extend-select = ["ABS201"]', {"ABS101", "ABS102", "ABS201", "STP101"}),
        ('ignore = ["ABS"]', {"STP101"}),
        ('ignore = ["ABS"]\nextend-select = ["ABS102"]', {"ABS102", "STP101"}),
        ('select = ["ABS"]\nignore = ["ABS1"]', {"ABS201"}),
        ('select = ["ABS"]\nignore = ["ABS"]', set()),
        ('select = ["release-order"]\nignore = ["STP101"]', set()),
        ("rules.undeclared-hook.depth = 1", {"ABS101", "ABS102", "ABS106", "STP101"}),
        ("rules.ABS106.depth = 1", {"ABS101", "ABS102", "ABS106", "STP101"}),
        ("rules.ABS201.private = true", {"ABS101", "ABS102", "ABS201", "STP101"}),
        ("rules.ABS106 = {}", {"ABS101", "ABS102", "STP101"}),
        ('select = ["ABS1"]\nrules.ABS106.depth = 1', {"ABS101", "ABS102", "ABS106"}),
        ('select = ["STP"]\nrules.ABS106.depth = 1', {"STP101"}),
        ('extend-select = ["undeclared-hook"]', {"ABS101", "ABS102", "ABS106", "STP101"}),
        ('extend-select = ["ABS10"]', {"ABS101", "ABS102", "STP101"}),
        ('ignore = ["ABS"]\nrules.ABS106.depth = 1', {"STP101"}),
    ],
)
def test_selection_for_product_code(known: KnownRules, settings: Read, text: str, codes: set[str]) -> None:
    assert selected(known, settings(text), "orders/mail.py", "product") == codes | OWN
    assert Selection(known, settings(text)).anywhere == codes | OWN


def test_what_the_tool_says_of_its_work_can_be_ignored(known: KnownRules, settings: Read) -> None:
    assert selected(known, settings('ignore = ["ALL"]'), "a.py", "product") == set()
    assert "WKL001" not in selected(known, settings('ignore = ["WKL"]'), "a.py", "product")


@pytest.mark.parametrize("role", ["test", "example", "vendored", "generated", "migration", "template"])
def test_some_rules_are_for_product_code_alone(known: KnownRules, settings: Read, role: str) -> None:
    assert selected(known, settings(""), "a.py", role) == {"ABS101"} | OWN  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ('per-role.test.select = ["STP"]', {"ABS101", "STP101"}),
        ('per-role.test.select = ["ALL"]', {"ABS101", "ABS102", "STP101"}),
        ('per-role.test.select = ["ABS201"]', {"ABS101"}),
        ('per-role.test.ignore = ["ABS101"]', set()),
        ('per-role.test = { select = ["ABS"], ignore = ["ABS101"] }', {"ABS102"}),
        ('per-role.example.ignore = ["ALL"]', {"ABS101"}),
    ],
)
def test_role_can_say_otherwise(known: KnownRules, settings: Read, text: str, codes: set[str]) -> None:
    assert selected(known, settings(text), "tests/test_a.py", "test") - OWN == codes


def test_role_can_quieten_product_code_too(known: KnownRules, settings: Read) -> None:
    assert (
        selected(known, settings('per-role.product.ignore = ["STP"]'), "a.py", "product") == {"ABS101", "ABS102"} | OWN
    )


def test_patterns_of_files(known: KnownRules, settings: Read) -> None:
    read = settings('[per-file-ignores]\n"scripts/**" = ["STP"]\n"conftest.py" = ["ALL"]\n"*_old.py" = ["ABS101"]')
    selection = Selection(known, read)
    assert selection.codes("scripts/a/b.py", "product") == {"ABS101", "ABS102"} | OWN
    assert selection.codes("pkg/scripts/a.py", "product") == {"ABS101", "ABS102", "STP101"} | OWN
    assert selection.codes("deep/down/conftest.py", "product") == set()
    assert selection.codes("scripts/x_old.py", "product") == {"ABS102"} | OWN


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("", {"STP102"}),
        ('select = ["STP1"]', {"STP102"}),
        ("preview = true", set()),
        ('extend-select = ["STP102"]', set()),
        ("rules.STP102.depth = 1", set()),
        ('ignore = ["STP102"]', set()),
    ],
)
def test_only_what_is_certain(known: KnownRules, settings_for: ReadFor, text: str, codes: set[str]) -> None:
    careful = Rule("STP102", "warning", "", stage="certain", name="release-skipped-on-error", options={"depth": 2})
    rules = KnownRules([*known.rules, careful])
    selection = Selection(rules, settings_for(text, rules))
    assert selection.only_certain == codes
    assert ("STP102" in selection.anywhere) is ("ignore" not in text)
