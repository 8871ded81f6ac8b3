"""The page shows every setting, and its examples are valid configuration."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable

import pytest

from worker_lint.config import SETTINGS, ConfigFile, KnownRules, Settings, read_settings
from worker_lint.config.documentation import configuration_markdown, toml_text


@pytest.fixture(scope="module")
def page(known: KnownRules) -> str:
    return configuration_markdown(known)


def test_every_setting_has_a_section(page: str) -> None:
    assert re.findall(r"^## `(.+)`$", page, re.MULTILINE) == list(SETTINGS)


def test_options_of_rules_are_listed(page: str) -> None:
    assert "### `abstract-method-unimplemented` (ABS102)" in page
    assert '| `evidence` | text | `"strong"` | How sure it must be: `strong` \\| `any`. |' in page
    assert '| `bases` | list of: text | `["a", "b"]` |  |' in page
    assert "### `release-order`" not in page


def test_every_example_is_toml_for_its_own_key(page: str) -> None:
    blocks = re.findall(r"```toml\n(.*?)```", page, re.DOTALL)
    assert [next(iter(tomllib.loads(block)["tool"]["worker-lint"])) for block in blocks] == list(SETTINGS)


OF_RULES = {"select", "ignore", "extend-select", "per-file-ignores", "per-role", "rules"}  # name rules of the real pack


@pytest.mark.parametrize("key", sorted(SETTINGS.keys() - OF_RULES))
def test_example_is_accepted_and_changes_something(key: str, configuration: Callable[[str], ConfigFile]) -> None:
    read, _ = read_settings(configuration(SETTINGS[key].example), KnownRules(()))
    assert read != Settings()


@pytest.mark.parametrize("value", [True, 3, 0.5, 'a "b" \\', ("x", "y"), {"a": 1}, {}])
def test_values_are_written_as_toml(value: object) -> None:
    read = tomllib.loads(f"x = {toml_text(value)}")["x"]
    assert read == (list(value) if isinstance(value, tuple) else value)


def test_known_rules_come_from_outside(configuration: Callable[[str], ConfigFile]) -> None:
    empty = KnownRules(())
    assert configuration_markdown(empty)
    assert read_settings(configuration("preview = true"), empty)[0].preview
