from __future__ import annotations

from collections.abc import Callable

import pytest

from worker_lint.analysis.flow import (
    Policy,
    Routine,
    Split,
    Summary,
    Thrown,
    Unknown,
    swallowed_by_exit,
    swallowed_by_generator,
)
from worker_lint.source import ir

Functions = Callable[[str], dict[str, ir.FunctionDef]]
ERROR = Thrown("ValueError")
CAUGHT = Split(frozenset({ERROR}), frozenset())
PASSED = Split(frozenset(), frozenset({ERROR}))
UNSURE = Split(frozenset({ERROR}), frozenset({ERROR}))


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("yield", PASSED),
        ("try:\n        yield\n    finally:\n        log()", PASSED),
        ("try:\n        yield\n    except Exception:\n        log()", CAUGHT),
        ("try:\n        yield\n    except KeyError:\n        log()", PASSED),
        ("try:\n        yield\n    except ValueError:\n        if strict:\n            raise", UNSURE),
        ("try:\n        yield\n    finally:\n        return", CAUGHT),
        ("if quiet:\n        return\n    yield", PASSED),
    ],
)
def test_generators(functions: Functions, body: str, expected: Split) -> None:
    definition = functions(f"def guard():\n    {body}\n")["guard"]
    routine = Routine("guard", (), definition.body, is_generator=True)
    assert swallowed_by_generator(routine, Policy(), ERROR) == expected


def test_an_unknown_body_may_do_both() -> None:
    assert swallowed_by_generator(Routine("guard", (), None), Policy(), ERROR) == UNSURE
    assert swallowed_by_exit(Unknown(""), ERROR) == UNSURE


def test_the_truth_of_what_exit_returns() -> None:
    assert swallowed_by_exit(Summary(results=frozenset({"none", "false"})), ERROR) == PASSED
    assert swallowed_by_exit(Summary(results=frozenset({"true"})), ERROR) == CAUGHT
    assert swallowed_by_exit(Summary(results=frozenset({"true", "none"})), ERROR) == UNSURE
    assert swallowed_by_exit(Summary(results=frozenset({"other"})), ERROR) == UNSURE
