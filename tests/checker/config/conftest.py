"""Rules to configure, as a pack would bring them."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from worker_lint.config import ConfigFile, KnownRules, Settings, read_settings
from worker_lint.rule import Option, Stage


@dataclass(frozen=True)
class FakeRule:
    code: str
    name: str
    stage: Stage = "on"
    product_only: bool = False
    options: Mapping[str, Option] = field(default_factory=dict)
    option_docs: Mapping[str, str] = field(default_factory=dict)
    summary: str = "A rule"


RULES = (
    FakeRule("ABS101", "abstract-class-instantiated"),
    FakeRule(
        "ABS102",
        "abstract-method-unimplemented",
        product_only=True,
        options={"evidence": "strong", "deep": True, "limit": 3, "share": 0.5, "bases": ("a", "b")},
        option_docs={"evidence": "How sure it must be: `strong` | `any`."},
    ),
    FakeRule("ABS106", "undeclared-hook", "preview", options={"depth": 2}),
    FakeRule("ABS201", "implementation-missing-docstring", "opt-in", options={"private": False}),
    FakeRule("STP101", "release-order", product_only=True),
    FakeRule("WKL001", "unparsable-file"),
    FakeRule("WKL004", "suppression-without-reason", "opt-in"),
)
REMOVED = {"ABS199": "ABS101", "old-order": "release-order", "forgotten": ""}


@pytest.fixture(scope="session")
def known() -> KnownRules:
    return KnownRules(RULES, REMOVED)


@pytest.fixture(scope="session")
def settings_for() -> Callable[[str, KnownRules], Settings]:
    """Give the settings of a text in TOML that must be free of problems, with rules that it may speak of."""

    def read(text: str, known: KnownRules) -> Settings:
        found, warnings = read_settings(config_file(text), known)
        assert warnings == ()
        return found

    return read


@pytest.fixture(scope="session")
def settings(known: KnownRules, settings_for: Callable[[str, KnownRules], Settings]) -> Callable[[str], Settings]:
    """Give the settings of a text in TOML that must be free of problems."""
    return lambda text: settings_for(text, known)


@pytest.fixture(scope="session")
def configuration() -> Callable[[str], ConfigFile]:
    """Make a `worker-lint.toml` of a text."""
    return config_file


def config_file(text: str) -> ConfigFile:
    import tomllib

    text = textwrap.dedent(text)
    return ConfigFile(Path("worker-lint.toml"), text, tomllib.loads(text), above=())
