"""What every rule of the built-in pack owes: a code that stays its own, a page, and examples that prove it."""

import ast
import re
from collections import Counter
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

from worker_lint.rule import Rule
from worker_lint.testing import built_in_packs, example_files

HEADINGS = (
    "What it catches",
    "Why it hurts in production",
    "What to do instead",
    "When to ignore it",
    "Limits",
)
RULES = [pytest.param(rule, id=rule.name) for rule in built_in_packs().rules]
ABOUT_CODE = [pytest.param(rule, id=rule.name) for rule in built_in_packs().rules if not rule.code.startswith("WKL")]


@pytest.fixture(scope="session")
def ledger() -> dict[str, str]:
    """
    Every code that was ever given out or is planned, with its name. A line is never removed and no
    code is used again, so a suppression comment can never come to mean another rule.
    """
    lines = (Path(__file__).parent / "codes.txt").read_text(encoding="utf-8").splitlines()
    codes = [line.split()[0] for line in lines]
    assert [code for code, count in Counter(codes).items() if count > 1] == []
    return dict(line.split() for line in lines)


def test_names_in_the_ledger_are_unique(ledger: dict[str, str]) -> None:
    assert [name for name, count in Counter(ledger.values()).items() if count > 1] == []


def test_the_pack_loads_without_a_problem() -> None:
    assert [problem.message for problem in built_in_packs().problems] == []


def test_codes_are_unique() -> None:
    codes = Counter(rule.code for rule in built_in_packs().rules)
    assert [code for code, count in codes.items() if count > 1] == []


@pytest.mark.parametrize("rule", RULES)
def test_code_and_name_are_those_of_the_ledger(rule: Rule, ledger: dict[str, str]) -> None:
    assert ledger.get(rule.code) == rule.name, "give a new rule the next free number and a line in codes.txt"


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_gives_way_to_known_codes_only(rule: Rule, ledger: dict[str, str]) -> None:
    assert [code for code in rule.yields_to if code not in ledger] == []


def test_no_rules_give_way_to_each_other() -> None:
    TopologicalSorter({rule.code: rule.yields_to for rule in built_in_packs().rules}).prepare()


@pytest.mark.parametrize("rule", RULES)
def test_the_page_has_its_headings(rule: Rule) -> None:
    # A heading stands at the margin with indented text below it.
    found = re.findall(r"^(\S.*)\n(?= )", rule.page, re.MULTILINE)
    assert [heading for heading in found if heading in HEADINGS] == list(HEADINGS)


@pytest.mark.parametrize("rule", RULES)
def test_the_summary_is_one_line_without_a_full_stop(rule: Rule) -> None:
    assert rule.summary
    assert "\n" not in rule.summary
    assert not rule.summary.endswith(".")


@pytest.mark.parametrize("rule", ABOUT_CODE)
def test_two_examples_of_each_kind(rule: Rule) -> None:
    kinds = Counter(example.bad for example in rule.examples)
    assert kinds[True] >= 2
    assert kinds[False] >= 2


@pytest.mark.parametrize("rule", RULES)
def test_titles_of_examples_are_unique(rule: Rule) -> None:
    titles = Counter(example.title for example in rule.examples)
    assert [title for title, count in titles.items() if count > 1] == []


@pytest.mark.parametrize("rule", RULES)
def test_every_silence_has_a_near_miss_and_every_label_is_a_silence(rule: Rule) -> None:
    labels = {example.silence for example in rule.examples if not example.bad and example.silence}
    assert labels == set(rule.silences)


@pytest.mark.parametrize("rule", RULES)
def test_examples_are_python(rule: Rule) -> None:
    for example in rule.examples:
        for path, source in example_files(example).items():
            if path.endswith((".py", ".pyi")):
                ast.parse(source, filename=f"{rule.name}: {example.title}: {path}")


@pytest.mark.parametrize("rule", RULES)
def test_every_option_is_documented(rule: Rule) -> None:
    assert set(rule.option_docs) == set(rule.options)
