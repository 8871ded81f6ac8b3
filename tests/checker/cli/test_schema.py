"""The schema on standard output is the one that is shipped."""

import json
from collections.abc import Callable
from typing import Any

import jsonschema

from worker_lint.config import KnownRules
from worker_lint.config.schema import json_schema
from worker_lint.engine.packs import load_packs

Command = Callable[..., Any]


def test_the_schema_is_the_generated_one(lint: Command) -> None:
    result = lint("schema")
    known = KnownRules(load_packs(foreign=False).rules)
    assert (result.code, result.err) == (0, "")
    assert json.loads(result.out) == json_schema(known)


def test_the_schema_takes_what_init_would_write(lint: Command) -> None:
    schema = json.loads(lint("schema").out)
    jsonschema.validate({"select": ["ABS"], "preview": True}, schema)
