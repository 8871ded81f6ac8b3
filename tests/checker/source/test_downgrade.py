"""Newer syntax through an older parser: nothing but the way is different."""

from __future__ import annotations

import ast
from contextlib import suppress

import pytest

from worker_lint.source import ir
from worker_lint.source.downgrade import parse_at_sight, parse_downgraded
from worker_lint.source.lower import Lowering
from worker_lint.source.lower_cst import parse_tree
from worker_lint.source.text import Text


def lowered(source: str, tree: ast.Module | None) -> tuple[ir.Stmt, ...]:
    assert tree is not None
    return Lowering(Text(source), bodies=True).stmts(tree.body)


@pytest.mark.parametrize(
    "source",
    [
        "def f[T](a: T) -> T: return a",
        "class A[T: (int, 'é') = int, U]: x = 'é', y",
        "class é[ü: 'ü']: x = 1; y = 'é', z",
        "def f[T, *Ts, **P,](a): pass",
        "class C:\n    def m[\n      T: int,  # comment [\n\n      U = B['a]'],\n    ](self): yield 1\n    x = 1",
        "@a[b]\n@c\nasync  def f [ T ] (x): import y",
        "type X = int",
        "type X[T: 'x]'] = list[T]; x = 1",
        "class A:\n    type  é[T,] = dict[T, 'é']; y = 1\n    def f(self): type X = int",
        "if a: type X = A | B",
        "type type = int\ntype = 1; type[0]; type (x); type.x = 2",
        "try: pass\nexcept A, B: pass",
        "try: a\nexcept (A), b.B, c[d, 'e'](f): b  # why\nexcept E as e: pass",
        "try: a\nexcept* é, (A | B) , ü :\n  b = 'é', c\nexcept* C: pass",
        "def f():\n    try:\n        pass\n    except A, B:\n        type X = int\n    finally:\n        pass",
        "x = 'except A, B:'\ny = '''\ntype X = int\n'''\n# class A[T]: pass\nclass B[T]: 'def f[T]: pass'",
        "def f[ﬁ](): pass",
    ],
)
def test_records_are_those_of_a_parser_that_knows_the_syntax(source: str) -> None:
    record = lowered(source, parse_downgraded(source))

    assert record == lowered(source, parse_tree(source))
    if (tree := parse_at_sight(source)) is not None:
        assert record == lowered(source, tree)
    with suppress(SyntaxError):  # the running Python may be too old
        assert record == lowered(source, ast.parse(source))


@pytest.mark.parametrize(
    "source",
    [
        "def f(): pass",
        "class A[]: pass",
        "class A[1]: pass",
        "class A[T: ]: pass",
        "class A[*T: int]: pass",
        "class A[if]: pass",
        "def f[*Ts = *tuple[int]](): pass",
        "type X = a, b",
        "type X = (a, b)",
        "type X = yield",
        "try: a\nexcept A, B,: b",
        "try: a\nexcept A, lambda: B: b",
        "try: a\nexcept A, B | C: b",
        "try: a\nexcept A, not B: b",
        "type X = 1 = 2",
        "x = '",
    ],
)
def test_what_is_not_surely_right_is_left_to_another_parser(source: str) -> None:
    tree = None
    with suppress(SyntaxError):
        tree = parse_downgraded(source)

    assert tree is None


def test_a_complaint_about_the_rest_keeps_its_place() -> None:
    with pytest.raises(SyntaxError) as caught:
        parse_downgraded("class A[é]: x = = 1")

    assert (caught.value.lineno, caught.value.offset) == (1, 17)


@pytest.mark.parametrize(
    "piece", ["class A[T:(", "class A[", "except A, (\n", "type X[", "def f[T = {", "class A[T]: pass;"]
)
def test_repeated_openings_do_not_stall(piece: str) -> None:
    with suppress(SyntaxError):
        assert parse_downgraded(piece * 20_000) is None


@pytest.mark.parametrize("source", ["x = '''\nclass A[T]: 0\n'''\nclass B[T]: 0", "x = '''\nexcept A, B:\n'''", "def"])
def test_a_string_that_looks_like_newer_syntax_is_left_to_a_closer_look(source: str) -> None:
    assert parse_at_sight(source) is None


def test_newer_syntax_is_read_at_sight() -> None:
    source = "x = ']'\nclass A[T, *U]:\n    try: pass\n    except A, B.c: pass  # (\ntype X = int"

    assert lowered(source, parse_at_sight(source)) == lowered(source, parse_tree(source))
