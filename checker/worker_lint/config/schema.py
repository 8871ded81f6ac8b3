"""The JSON schema of the configuration, for editors; generated, never written by hand."""

from __future__ import annotations

from worker_lint.config.kinds import Schema
from worker_lint.config.known import KnownRules
from worker_lint.config.settings import SETTINGS, Setting


def json_schema(known: KnownRules) -> Schema:
    """Give the schema of `worker-lint.toml`, which is also that of `[tool.worker-lint]`."""
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "Configuration of worker-lint",
        "type": "object",
        "additionalProperties": False,
        "properties": {key: _property(setting, known) for key, setting in SETTINGS.items()},
    }


def _property(setting: Setting, known: KnownRules) -> Schema:
    schema = {"description": setting.doc, **setting.kind.schema(known)}
    if setting.default is not None:
        schema["default"] = list(setting.default) if isinstance(setting.default, tuple) else setting.default
    return schema
