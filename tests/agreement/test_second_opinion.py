"""
Our reading of classes against astroid's, on the examples of all rules.

Where the two disagree one of them is wrong. Every disagreement was looked into before this test was
written down with none left; a new one is a defect of ours until it is shown to be astroid's.
"""

import sys
from collections.abc import Iterator

import pytest

from worker_lint.analysis import Class, Project
from worker_lint.confirm import Oracle
from worker_lint.engine.tree import Tree
from worker_lint.rule import Example, Rule
from worker_lint.rule.facts import Derives, Enforced, Fact, LeftAbstract, place_of
from worker_lint.testing import all_examples, built_in_packs, check_files, example_files, models_of, tree_of

Claim = tuple[Fact, bool]


def by_rule() -> dict[str, list[Example]]:
    found: dict[str, list[Example]] = {}
    for rule, example in all_examples():
        found.setdefault(rule.code, []).append(example)
    return found


RULES = {rule.code: rule for rule in built_in_packs().rules if rule.is_root}
EXAMPLES = by_rule()
WITHOUT_FACTS = {"ABS107: the declaration takes nothing, its caller passes anything"}
"""Findings that rest on the text of one method alone."""


@pytest.fixture(autouse=True)
def _own_recursion_limit() -> Iterator[None]:
    limit = sys.getrecursionlimit()
    yield
    sys.setrecursionlimit(limit)  # a run raises it for its process


@pytest.mark.slow
@pytest.mark.parametrize("code", RULES)
def test_what_findings_rest_on(code: str) -> None:
    for example in EXAMPLES[code]:
        for fact, verdict in said_of(RULES[code], example):
            assert verdict != "contradicts", f"{example.title}: {fact}"


@pytest.mark.slow
def test_nearly_all_facts_are_agreed_with() -> None:
    said = [verdict for code in RULES for example in EXAMPLES[code] for _, verdict in said_of(RULES[code], example)]
    assert len(said) > 100
    assert said.count("agrees") > 0.98 * len(said)  # an oracle that does not know would prove nothing


def said_of(rule: Rule, example: Example) -> Iterator[tuple[Fact, str]]:
    files = example_files(example)
    outcome = check_files(files, [rule], options={rule.name: example.options})
    for candidate in outcome.candidates.values():
        facts = candidate.finding.facts
        if rule.code.startswith("ABS"):  # the others rest on flow, of which astroid knows nothing
            assert facts or f"{rule.code}: {example.title}" in WITHOUT_FACTS, f"{rule.code}: {example.title}"
        yield from zip(facts, Oracle(tree_of(files)).ask(facts).verdicts, strict=True)


@pytest.mark.slow
@pytest.mark.parametrize("code", RULES)
def test_every_class_of_the_examples(code: str) -> None:
    for example in EXAMPLES[code]:
        tree = tree_of(example_files(example))
        project = Project(tree, models_of(built_in_packs()))
        for cls in classes_of(tree, project):
            claims = list(claims_about(cls))
            verdicts = Oracle(tree).ask([fact for fact, _ in claims]).verdicts
            for (fact, holds), verdict in zip(claims, verdicts, strict=True):
                assert verdict != ("contradicts" if holds else "agrees"), f"{example.title}: {fact} {holds}"


def classes_of(tree: Tree, project: Project) -> Iterator[Class]:
    for path in tree.skims:
        yield from project.classes_in(path)


def claims_about(cls: Class) -> Iterator[Claim]:
    """What we say of a class: its ancestors, its metaclass, and of each marked member whether it is left."""
    hierarchy, place = cls.project.hierarchy, place_of(cls)
    enforced = hierarchy.enforced(cls)
    ancestors = [base for base in hierarchy.ancestors(cls) if isinstance(base, Class)]
    yield from ((Derives(place, place_of(base)), True) for base in ancestors)
    if enforced != "unknown":
        yield Enforced(place, yes=enforced == "yes"), True
    abstract = hierarchy.abstract(cls)
    if enforced == "yes":
        yield from ((LeftAbstract(place, (name,)), True) for name in abstract.left)
        for base in (cls, *ancestors):
            for name, members in hierarchy.members(base).items():
                marked = any(member.abstract for member in members)
                if marked and name not in abstract.left and name not in abstract.unsure:
                    yield LeftAbstract(place, (name,)), False
