"""What is contradicted is dropped, all else stays; answers are kept for as long as they hold."""

import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from worker_lint.analysis import Class
from worker_lint.confirm import Answer, Oracle
from worker_lint.engine.cache import Cache
from worker_lint.engine.confirming import SecondOpinion
from worker_lint.engine.plan import Plan
from worker_lint.engine.run import Outcome, analyse
from worker_lint.rule import Context, Finding, Rule
from worker_lint.rule.facts import Enforced, Fact, Lacks, place_of
from worker_lint.testing import built_in_packs, models_of, tree_of

Run = Callable[..., tuple[Outcome, SecondOpinion]]
FILES = {
    "base.py": "from abc import ABC\nclass Worker(ABC):\n    def stop(self): ...\n",
    "app.py": "from base import Worker\nclass Mail(Worker): ...\nclass Plain: ...\n",
    "post.py": "from gone import Odd\nclass Post(Odd): ...\n",
}


def rule_of(code: str, *, yields_to: tuple[str, ...] = ()) -> Rule:
    """A rule that says of every class that nobody checks it; this is wrong for Worker and Mail."""
    rule = Rule(code, "error", "Nobody checks the class", words=("class",), name=code.lower(), yields_to=yields_to)

    @rule.on_class
    def check(cls: Class, _: Context) -> Iterator[Finding]:
        facts: tuple[Fact, ...] = (Lacks(place_of(cls), "fly"),)
        if not yields_to:
            facts = (*facts, Enforced(place_of(cls), yes=False))
        yield Finding(
            cls.node.name_at, cls.name, "", "", culprit=(cls.name,), facts=() if cls.name == "Plain" else facts
        )

    return rule


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    limit = sys.getrecursionlimit()

    def run(files: Mapping[str, str], *rules: Rule, confirm: bool = True) -> tuple[Outcome, SecondOpinion]:
        codes = frozenset(rule.code for rule in rules)
        plan = Plan(rules, lambda path, role: codes, enabled=codes)
        with Cache(tmp_path) as cache:
            opinion = SecondOpinion(cache)
            tree = tree_of(files, plan.words)
            models = models_of(built_in_packs())
            outcome = analyse(tree, models, plan, sorted(files), opinion if confirm else None)
        return outcome, opinion

    yield run
    sys.setrecursionlimit(limit)  # a run raises it for its process


def names(outcome: Outcome) -> list[str]:
    return [item.message for item in outcome.diagnostics]


def test_a_contradiction_drops_the_candidate(run: Run) -> None:
    rule = rule_of("XYZ001")
    assert names(run(FILES, rule, confirm=False)[0]) == ["Mail", "Plain", "Worker", "Post"]
    outcome, opinion = run(FILES, rule)
    assert names(outcome) == ["Plain", "Post"]
    assert outcome.opinions == {"contradicts": 2, "unknown": 1}
    assert [type(fact) for _, facts in opinion.contradicted for fact in facts] == [Enforced, Enforced]
    assert "confirm" in outcome.stages


def test_what_yielded_to_a_dropped_candidate_is_reported(run: Run) -> None:
    wrong, right = rule_of("XYZ001"), rule_of("XYZ002", yields_to=("XYZ001",))
    before = {(item.code, item.message) for item in run(FILES, wrong, right, confirm=False)[0].diagnostics}
    after = {(item.code, item.message) for item in run(FILES, wrong, right)[0].diagnostics}
    assert before == {("XYZ001", name) for name in ("Mail", "Post", "Plain", "Worker")}
    assert after == {("XYZ001", "Post"), ("XYZ001", "Plain"), ("XYZ002", "Mail"), ("XYZ002", "Worker")}


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The classes that astroid is asked about."""
    seen: list[str] = []
    ask = Oracle.ask

    def noted(self: Oracle, facts: tuple[Lacks, ...]) -> Answer:
        seen.append(facts[0].cls.name)
        return ask(self, facts)

    monkeypatch.setattr(Oracle, "ask", noted)
    return seen


def test_answers_are_kept(run: Run, asked: list[str]) -> None:
    cold, _ = run(FILES, rule_of("XYZ001"))
    assert asked == ["Mail", "Worker", "Post"]
    warm, _ = run(FILES, rule_of("XYZ001"))
    assert asked == ["Mail", "Worker", "Post"]
    assert (warm.diagnostics, warm.opinions) == (cold.diagnostics, cold.opinions)


@pytest.mark.parametrize(
    ("change", "again", "left"),
    [
        ({"other.py": "x = 1\n"}, [], ["Plain", "Post"]),
        (
            {"base.py": "class Worker:\n\n    def stop(self): ...\n"},
            ["Mail", "Worker"],
            ["Mail", "Plain", "Worker", "Post"],
        ),
        ({"gone.py": "class Odd: ...\n"}, ["Post", "Odd"], ["Post", "Plain", "Odd"]),
    ],
)
def test_answers_hold_until_a_file_or_an_import_changes(
    run: Run, asked: list[str], change: dict[str, str], again: list[str], left: list[str]
) -> None:
    run(FILES, rule_of("XYZ001"))
    asked.clear()
    outcome, _ = run({**FILES, **change}, rule_of("XYZ001"))
    assert sorted(asked) == sorted(again)
    assert sorted(names(outcome)) == sorted(left)
