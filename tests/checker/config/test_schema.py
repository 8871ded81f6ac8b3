"""The JSON schema and the loader accept and refuse the same."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable

import pytest
from jsonschema import Draft7Validator

from worker_lint.config import SETTINGS, ConfigError, ConfigFile, KnownRules, read_settings
from worker_lint.config.schema import json_schema

Configuration = Callable[[str], ConfigFile]


@pytest.fixture(scope="module")
def validator(known: KnownRules) -> Draft7Validator:
    schema = json.loads(json.dumps(json_schema(known)))
    Draft7Validator.check_schema(schema)
    return Draft7Validator(schema)


def test_every_setting_is_described(known: KnownRules) -> None:
    properties = json_schema(known)["properties"]
    assert list(properties) == list(SETTINGS)
    assert all(entry["description"] for entry in properties.values())
    assert properties["fail-on"]["default"] == "warning"
    assert properties["src"]["default"] == [".", "src"]


@pytest.mark.parametrize("key", [key for key in SETTINGS if key != "rules"])
def test_default_is_valid(validator: Draft7Validator, key: str) -> None:
    default = SETTINGS[key].default
    if default is not None:
        validator.validate({key: list(default) if isinstance(default, tuple) else default})


@pytest.mark.parametrize(
    ("text", "is_right"),
    [
        ('select = ["ABS", "ABS1", "ALL", "release-order"]', True),
        ('select = ["XYZ"]', False),
        ('select = "ABS"', False),
        ("preview = 1", False),
        ('profile = "strict"', True),
        ('profile = "stict"', False),
        ('target-version = "3.14"', True),
        ('target-version = "2.7"', False),
        ('worker-bases = ["a.b.C"]', True),
        ('worker-bases = ["a..C"]', False),
        ('per-file-ignores = {"x/**" = ["STP"]}', True),
        ('per-role.test.select = ["STP"]', True),
        ('per-role.tests.select = ["STP"]', False),
        ("rules.ABS102.limit = 4", True),
        ("rules.abstract-method-unimplemented.limit = 4", True),
        ('rules.ABS102.limit = "4"', False),
        ("rules.ABS102.depth = 4", False),
        ("limits.function-steps = 0", False),
        ("unknown = 1", False),
    ],
)
def test_schema_and_loader_agree(
    validator: Draft7Validator, configuration: Configuration, known: KnownRules, text: str, *, is_right: bool
) -> None:
    assert validator.is_valid(tomllib.loads(text)) is is_right
    try:
        read_settings(configuration(text), known)
    except ConfigError:
        assert not is_right
    else:
        assert is_right
