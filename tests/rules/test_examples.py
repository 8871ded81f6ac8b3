"""Every example of every rule: bad ones give exactly the marked diagnostics, good ones none."""

import pytest

from worker_lint.rule import Example, Rule
from worker_lint.testing import all_examples, example_faults

CASES = [pytest.param(rule, example, id=f"{rule.name}: {example.title}") for rule, example in all_examples()]


@pytest.mark.parametrize(("rule", "example"), CASES)
def test_example(rule: Rule, example: Example) -> None:
    assert list(example_faults(rule, example)) == []
