"""Of a rule whose certain findings are on by default, those that are only likely are neither shown nor asked after."""

from collections.abc import Iterator

import pytest

from worker_lint.analysis import Function, ModuleScope
from worker_lint.engine.plan import Plan
from worker_lint.engine.run import analyse
from worker_lint.rule import Context, Finding, Rule
from worker_lint.testing import built_in_packs, models_of, tree_of

SOURCE = """\
def sure(): ...


def perhaps(): ...


def another(): ...  # worker-lint: ignore[XYZ101]


def third():  # worker-lint: ignore[XYZ101]
    "says nothing of this one"
"""


def rule_of(code: str, yields_to: tuple[str, ...] = ()) -> Rule:
    """Finds all functions but the third; the first is certain."""
    rule = Rule(code, "warning", "", stage="certain", name=code.lower(), confidence="likely", yields_to=yields_to)

    @rule.on_function
    def check(function: Function, _: Context) -> Iterator[Finding]:
        if function.name != "third":
            sure = function.name == "sure" and not yields_to
            yield Finding(function.node.name_at, "", "", "", confidence="certain" if sure or yields_to else None)

    return rule


@pytest.mark.parametrize(
    ("only_certain", "said"),
    [
        (frozenset({"XYZ101"}), [(1, "XYZ101"), (4, "XYZ102"), (7, "XYZ102")]),
        (frozenset[str](), [(1, "XYZ101"), (4, "XYZ101"), (10, "WKL002")]),
    ],
)
def test_what_is_likely(only_certain: frozenset[str], said: list[tuple[int, str]]) -> None:
    unused = [rule for rule in built_in_packs().rules if rule.code == "WKL002"]
    rules = (rule_of("XYZ101"), rule_of("XYZ102", ("XYZ101",)), *unused)
    codes = frozenset(rule.code for rule in rules)
    plan = Plan(rules, lambda path, role: codes, screen=False, enabled=codes, only_certain=only_certain)
    outcome = analyse(tree_of({"a.py": SOURCE}, plan.words), models_of(built_in_packs()), plan, ["a.py"])
    assert [(item.span.line, item.code) for item in outcome.diagnostics] == said


@pytest.mark.parametrize("is_asked", [True, False])
def test_a_rule_knows_what_is_wanted(*, is_asked: bool) -> None:
    told: list[bool] = []
    rule = Rule("XYZ101", "warning", "", stage="certain", name="xyz101")

    @rule.on_module
    def check(_: ModuleScope, context: Context) -> Iterator[Finding]:
        told.append(context.wants_likely)
        return iter(())

    codes = frozenset({"XYZ101"})
    only = frozenset[str]() if is_asked else codes
    plan = Plan((rule,), lambda path, role: codes, screen=False, enabled=codes, only_certain=only)
    analyse(tree_of({"a.py": SOURCE}, plan.words), models_of(built_in_packs()), plan, ["a.py"])
    assert told == [is_asked]
