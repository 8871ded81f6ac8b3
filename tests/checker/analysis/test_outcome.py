"""What a call can give."""

from collections.abc import Callable, Mapping

import pytest

from worker_lint.analysis import Function, Project
from worker_lint.analysis.outcome import may_be_awaitable, may_be_callable, returns_nothing


@pytest.fixture
def function(link: Callable[[Mapping[str, str]], Project]) -> Callable[[str], Function]:
    return lambda source: next(iter(link({"worker.py": source}).functions_in("worker.py")))


@pytest.mark.parametrize("body", ["pass", "return", "print(1)", "return None if 0 else 1"])
def test_plain_results(function: Callable[[str], Function], body: str) -> None:
    assert not may_be_awaitable(function(f"def f():\n    {body}\n"))


@pytest.mark.parametrize("body", ["return g()", "return x", "raise ValueError", "return 1 if 0 else x"])
def test_results_that_may_be_anything(function: Callable[[str], Function], body: str) -> None:
    assert may_be_callable(function(f"def f():\n    {body}\n"))


def test_the_annotation_counts(function: Callable[[str], Function]) -> None:
    assert not may_be_callable(function("def f() -> dict[str, int]:\n    return g()\n"))
    assert may_be_callable(function("def f() -> Handler:\n    return 1\n"))


def test_nothing(function: Callable[[str], Function]) -> None:
    assert returns_nothing(function("def f():\n    print(1)\n"))
    assert not returns_nothing(function("def f():\n    raise ValueError\n"))
    assert not returns_nothing(function("def f():\n    yield 1\n"))
    assert not returns_nothing(function("def f():\n    return x\n"))
