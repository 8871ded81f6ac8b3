"""The linter's model of the runtime says what the runtime is."""

import inspect
import tomllib
from pathlib import Path
from typing import Any

import pytest

import worker_lint_runtime
from worker_lint_runtime import Tier, WorkerError

# The linter has more tiers than the runtime: it tells an error of one message from other expected ones.
TIERS = {
    Tier.EXPECTED: "message",
    Tier.RECOVERABLE: "recoverable",
    Tier.FATAL: "fatal",
    Tier.SYSTEM: "system",
}
WORKERS = ("BaseWorker", "AsyncBaseWorker")


@pytest.fixture(scope="module")
def model(root: Path) -> dict[str, Any]:
    path = root / "rules/worker_lint_rules/models/worker_lint_runtime.toml"
    return tomllib.loads(path.read_text(encoding="utf-8"))


def members(worker: type) -> dict[str, Any]:
    """The public members that the runtime itself defines."""
    ours = [klass for klass in reversed(worker.__mro__) if klass.__module__.startswith("worker_lint_runtime")]
    return {name: value for klass in ours for name, value in vars(klass).items() if not name.startswith("_")}


def is_final(value: Any) -> bool:
    return bool(getattr(value, "__final__", False) or getattr(getattr(value, "fget", None), "__final__", False))


@pytest.mark.parametrize("name", WORKERS)
def test_hooks_and_final_methods_agree(model: dict[str, Any], name: str) -> None:
    worker = getattr(worker_lint_runtime, name)
    (hooks,) = [each for each in model["hooks"] if each["name"] == f"{worker.__module__}.{name}"]
    found = members(worker)
    assert set(hooks["required"]) == worker.__abstractmethods__
    assert set(hooks["final"]) == {each for each, value in found.items() if is_final(value)}
    free = {each for each, value in found.items() if inspect.isfunction(value) and not is_final(value)}
    assert set(hooks["optional"]) == free - worker.__abstractmethods__


@pytest.mark.parametrize("name", WORKERS)
def test_members_agree(model: dict[str, Any], name: str) -> None:
    worker = getattr(worker_lint_runtime, name)
    (entry,) = [each for each in model["class"] if each["name"] == f"{worker.__module__}.{name}"]
    assert entry["also"] == [f"worker_lint_runtime.{name}"]
    for attribute, value in members(worker).items():
        lines = [
            line
            for line in entry["members"].splitlines()
            if attribute in line.replace("(", " ").replace(",", " ").split()
        ]
        assert len(lines) == 1, attribute
        assert lines[0].startswith("final ") == is_final(value)
        if inspect.isfunction(value):
            assert ("async def" in lines[0]) == inspect.iscoroutinefunction(value)
            parameters = ", ".join(inspect.signature(value).parameters)
            stated = lines[0].partition("(")[2].rstrip(")").replace("*, ", "")
            assert ", ".join(each.partition("=")[0] for each in stated.split(", ")) == parameters


def test_tiers_agree(model: dict[str, Any]) -> None:
    stated = {entry["name"]: entry["tier"] for entry in model["error"]}
    defined = {f"{each.__module__}.{each.__name__}": TIERS[each.tier] for each in WorkerError.__subclasses__()}
    assert {name: tier for name, tier in defined.items() if "._tiers." in name} == stated
