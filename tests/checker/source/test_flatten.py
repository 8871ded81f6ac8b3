from __future__ import annotations

import ast
from contextlib import suppress

import pytest

from worker_lint.source import ir
from worker_lint.source.flatten import parse_flattened
from worker_lint.source.lower import CHAIN_LIMIT
from worker_lint.source.parse import parse_body, parse_module
from worker_lint.source.records import decode_module, encode_module
from worker_lint.source.text import Text


@pytest.mark.parametrize(
    "source",
    [
        "if a: b\nelif c: d",
        "if a:\n    b\n\nelif c:\n    d;\n# comment\nelif 'elif é': f = 'é', g\nelse:\n    h\ni",
        "def f():\n  if a: b\n  elif c:\n    if d: e\n    elif f: g\n    else: h\n  if i: j\n  elif k: l\nif m: n",
        "for a in b:\n\tif c:\n\t\tpass\n\telif d:\n\t\tif e: f\n\telse:\n\t\tif g: h\n\t\telif i: j\nelse: k",
        "try:\n  if a: b\n  elif c: d\nexcept e:\n  if a: b\n  elif c: d",
        "match a:\n  case b:\n    if a: b\n    elif c: d",
        "x = '''\nelif a: b\n'''\nif a: b\nelif c: '''\nelif d: e\n'''",
    ],
)
def test_the_tree_is_that_of_python_with_all_places(source: str) -> None:
    tree = parse_flattened(source)

    assert tree is not None
    assert ast.dump(tree, include_attributes=True) == ast.dump(ast.parse(source), include_attributes=True)


@pytest.mark.parametrize(
    "source",
    [
        "if a: b",
        "while a: b\nelif c: d",
        "if a: b\nelse: c\nelif d: e",
        "if a: b\nx\nelif c: d",
        "elif a: b",
        "for a in b: c\nelif d: e",
    ],
)
def test_what_python_refuses_is_not_made_right(source: str) -> None:
    tree = None
    with suppress(SyntaxError):
        tree = parse_flattened(source)

    assert tree is None


@pytest.mark.parametrize("count", [CHAIN_LIMIT, 500, 6_000])
def test_a_long_chain_keeps_its_branches(count: int) -> None:
    source = (
        "if a == 0:\n    b\n"
        + "".join(f"elif a == {number}:\n    b{number}\n" for number in range(1, count + 1))
        + "else:\n    c\n"
    )
    module = parse_module(source)

    (chain,) = module.body
    assert isinstance(chain, ir.Match)
    assert chain.at == (1, 1, 2 * count + 4, 6)
    assert len(chain.cases) == count + 2
    assert [case.body[0].at[0] for case in chain.cases] == list(range(2, 2 * count + 5, 2))
    assert all(case.guard is not None and not case.irrefutable for case in chain.cases[:-1])
    assert (chain.cases[-1].guard, chain.cases[-1].irrefutable) == (None, True)
    assert decode_module(encode_module(module)) == module


def test_a_shorter_chain_stays_nested() -> None:
    module = parse_module("if a: b\n" + "elif a: b\n" * (CHAIN_LIMIT - 1))

    statement, depth = module.body, 0
    while statement:
        assert isinstance(statement[0], ir.If)
        statement, depth = statement[0].orelse, depth + 1
    assert depth == CHAIN_LIMIT


def test_a_long_chain_in_a_body() -> None:
    source = "class A:\n    def f(self):\n        if a: b\n" + "        elif c: d\n" * 6_000
    (klass,) = parse_module(source).body

    assert isinstance(klass, ir.ClassDef)
    assert isinstance(klass.body[0], ir.FunctionDef)
    (chain,) = parse_body(Text(source), klass.body[0])
    assert isinstance(chain, ir.Match)
    assert chain.at == (3, 9, 6_003, 18)
