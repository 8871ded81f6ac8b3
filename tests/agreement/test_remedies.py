"""What rules recommend of the runtime exists there, and what is said to be planned does not exist yet."""

import tomllib
from operator import attrgetter
from pathlib import Path
from typing import Any

import pytest

import worker_lint_runtime
import worker_lint_runtime.testing
from worker_lint_runtime import BaseWorker, Tier


@pytest.fixture(scope="module")
def remedies(root: Path) -> dict[str, dict[str, Any]]:
    return tomllib.loads((root / "rules/worker_lint_rules/remedies.toml").read_text(encoding="utf-8"))


def exists(name: str) -> bool:
    try:
        attrgetter(name)(worker_lint_runtime)
    except AttributeError:
        return False
    return True


def test_what_is_there_exists_and_what_is_planned_does_not(remedies: dict[str, dict[str, Any]]) -> None:
    assert {remedy["status"] for remedy in remedies.values()} <= {"there", "planned"}
    assert [name for name, remedy in remedies.items() if exists(name) is (remedy["status"] == "planned")] == []


def test_remedies_are_for_known_rules(remedies: dict[str, dict[str, Any]], root: Path) -> None:
    ledger = (root / "tests/agreement/codes.txt").read_text(encoding="utf-8")
    known = {line.split()[0] for line in ledger.splitlines() if line.strip()}
    assert {code for remedy in remedies.values() for code in remedy["rules"]} <= known


def test_what_is_there_says_since_when(remedies: dict[str, dict[str, Any]]) -> None:
    assert [name for name, remedy in remedies.items() if remedy["status"] == "there" and "since" not in remedy] == []


def test_recommended_names_are_public(remedies: dict[str, dict[str, Any]]) -> None:
    there = {name for name, remedy in remedies.items() if remedy["status"] == "there" and "." not in name}
    assert there <= {*worker_lint_runtime.__all__, *worker_lint_runtime._LAZY}  # those that need an extra


def test_all_public_names_exist() -> None:
    assert [name for name in worker_lint_runtime.__all__ if not exists(name)] == []
    assert len(Tier) == 4
    assert BaseWorker.__abstractmethods__ == {"process_message"}
