from __future__ import annotations

from collections.abc import Callable
from textwrap import dedent

import pytest

from worker_lint.source import ir
from worker_lint.source.parse import parse_body, parse_module
from worker_lint.source.text import Text

Bodies = Callable[[str], dict[str, ir.FunctionDef]]


def functions_in(source: str) -> dict[str, ir.FunctionDef]:
    """All functions of a module by dotted name, with their bodies."""
    text = Text(dedent(source))
    found: dict[str, ir.FunctionDef] = {}

    def collect(body: tuple[ir.Stmt, ...], prefix: str) -> None:
        for statement in body:
            if isinstance(statement, ir.ClassDef):
                collect(statement.body, f"{prefix}{statement.name}.")
            elif isinstance(statement, ir.FunctionDef):
                whole = parse_body(text, statement)
                fields = {name: getattr(statement, name) for name in statement.__struct_fields__}
                found[prefix + statement.name] = ir.FunctionDef(**{**fields, "body": whole})

    collect(parse_module(text.source).body, "")
    return found


@pytest.fixture(scope="session")
def functions() -> Bodies:
    return functions_in
