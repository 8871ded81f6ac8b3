"""LibCST's trees against the trees of Python's own parser, where both read the text."""

from __future__ import annotations

import ast
import sysconfig
import tokenize
import warnings
from pathlib import Path

import pytest

from worker_lint.source import ir
from worker_lint.source.lower import Lowering
from worker_lint.source.lower_cst import literals, parse_tree
from worker_lint.source.lower_cst.limits import BRACKETS, is_tractable
from worker_lint.source.mask import mask_of
from worker_lint.source.parse import parse_body, parse_module
from worker_lint.source.text import Text

LIBRARY = Path(sysconfig.get_path("stdlib"))
SAMPLE = ("bisect.py", "contextlib.py", "graphlib.py", "asyncio/taskgroups.py", "fractions.py", "shlex.py", "uuid.py")


def lowered(source: str, tree: ast.Module | None) -> tuple[ir.Stmt, ...]:
    assert tree is not None
    return Lowering(Text(source), bodies=True).stmts(tree.body)


def parsed(source: str) -> ast.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ast.parse(source)


@pytest.mark.parametrize("name", SAMPLE)
def test_records_of_the_standard_library_are_equal(name: str) -> None:
    with tokenize.open(LIBRARY / name) as file:
        source = file.read()

    assert lowered(source, parse_tree(source)) == lowered(source, parsed(source))


@pytest.mark.parametrize(
    "source",
    [
        "x[a, : ]",
        "x[:]; x[1:,]; x[*a]; x[a:b:c, *d]",
        "f(a for a in b)(c)[d](e for e in f)",
        "f ( a for a in b )",
        "with (a, b): pass",
        "with (a, b) as c: pass",
        "with (a), (b) as (c): pass",
        "((a, b)), ((c),) = ((1, ), 2)",
        "x = a and b or c and (d and e) and not f",
        "x = (a) + (b)  ;  y ; ",
        "if a: pass;\nelif b: c ; d;\nelse: pass ;",
        "def f(a, /, b: int = 1, *c: int, d, e=(2), **g: str) -> (yield): pass",
        "def f(*a: *B): pass",
        "@(a)\n@b . c (d)\nasync  def é ( ) : 'x'",
        "class A ( B , metaclass = C , ** d ) : x : int",
        'x = "a" \'b\' r"\\c" u"é", b"" b"\\x00"',
        "x = f'{a}' 'b{' f\"{ c!r:>{d}} {e=}\" rf'\\{g}{{}}'",
        "x = f'{a,b}{ *c, }{(d, e)}'",
        "f'''\n{a}\n  {b.c}\n'''.d",
        "ﬁ.ﬁ(ﬁ=ﬁ); import ﬁ.a as ﬁ\nglobal ﬁ\ndef ﬁ(ﬁ): pass",
        "0xFF; 0o17; 0b1; 1_0; 00; 1e3; .5j",
        "match a, b:\n  case (1 | -2.5), *_: pass\n  case {'k': None, **r} if r: pass",
        "match a:\n  case A.b(c, d=[e, (f)]) as g: pass\n  case -1+2j | ('a' 'b') | (c.d): pass",
        "match = 1; match[0]; case = type = 2\nmatch (a):\n case _: pass",
        "try: a\nexcept (A, B) as e: b  # why\nexcept: c\nelse: d\nfinally: e",
        "try: a\nexcept* A: b",
        "lambda a, *b, c=1, **d: (lambda: a)(b)",
        "async def f(): return [a async for a in b if (await c) if d], {**e, 'f': g}, {*h}",
        "for a, in b: pass\nfor (a, b), c in d, e: pass",
        "del a, (b, c), d[0]; del (e, f)",
        "x: (int) = 1; y.z: int; a += (yield)",
        "\fdef f():\n    pass\n\f\nclass A:\n  x = 1 \\\n  , 2\n",
        "x = '''a\\\nb\x0cc\x0b'''\ny = 1\n",
        "\n\n# only a comment",
        "x = 1 if a else 2 if b else 3  # é\ny = 'é', z",
        "from . import a\nfrom ..b.c import (d as e, f,)\nfrom g import *",
        "print(*a, sep='', **b)\nprint >>a, b",
    ],
)
def test_records_of_odd_syntax_are_equal(source: str) -> None:
    assert lowered(source, parse_tree(source)) == lowered(source, parsed(source))


def body_of(source: str) -> tuple[ir.Stmt, ...]:
    return lowered(source, parse_tree(source))


def test_type_parameters_and_aliases() -> None:
    function, klass, alias = body_of(
        "def f[T: (int, str) = int, *Ts, **P](a: T): pass\nclass A[T](B): pass\ntype X[T] = list[T]; x\n"
    )[:3]

    assert isinstance(function, ir.FunctionDef)
    assert (function.type_params, function.name_at, function.at) == (("T", "Ts", "P"), (1, 5, 1, 6), (1, 1, 1, 49))
    assert isinstance(klass, ir.ClassDef)
    assert (klass.type_params, klass.at) == (("T",), (2, 1, 2, 20))
    assert isinstance(alias, ir.TypeAliasDef)
    assert (alias.name, alias.at, alias.value.at) == ("X", (3, 1, 3, 20), (3, 13, 3, 20))


def test_strings_that_hold_their_own_quotes() -> None:
    (statement,) = body_of('é = f"é{d["ü"]!r:>{w["x"]}} {\n  y # }\n}" "z"')

    assert isinstance(statement, ir.Assign)
    assert isinstance(statement.value, ir.Formatted)
    literal, first, width, blank, second, last = statement.value.parts
    assert [part.value for part in (literal, blank, last) if isinstance(part, ir.Constant)] == ["é", " ", "z"]
    assert [first.at, width.at, second.at] == [(1, 9, 1, 15), (1, 20, 1, 26), (2, 3, 2, 4)]
    assert statement.value.at == (1, 5, 3, 7)


def test_several_exception_classes_without_parentheses() -> None:
    (statement,) = body_of("try:\n    a\nexcept (A), b.B:  # why\n    c\n")

    assert isinstance(statement, ir.Try)
    (handler,) = statement.handlers
    assert isinstance(handler.exception, ir.Collection)
    assert (handler.exception.kind, handler.exception.at, handler.comment) == ("tuple", (3, 8, 3, 16), "why")
    assert [ir.dotted_name(item) for item in handler.exception.items] == ["A", "b.B"]


def test_template_strings_are_read_as_formatted_strings() -> None:
    assert body_of("t'a{b!r}c'") == body_of("f'a{b!r}c'")


def test_a_function_of_a_file_that_only_libcst_reads() -> None:
    source = 'class A:\n    def f(self):\n        # é\n        return f"{self.x["é"]}"\n'
    module = parse_module(source)

    assert module.parser in ("ast", "libcst")
    (klass,) = module.body
    assert isinstance(klass, ir.ClassDef)
    (function,) = klass.body
    assert isinstance(function, ir.FunctionDef)
    (returned,) = parse_body(Text(source), function)
    assert isinstance(returned, ir.Return)
    assert returned.at == (4, 9, 4, 32)


@pytest.mark.parametrize(
    "source", ["x = = 1", "print 'a'", "x = 0777", "x = '", "'\\x1'", "b'' 'a'", "def f(:", "x = $", "`a`"]
)
def test_what_is_no_python_is_refused(source: str) -> None:
    assert parse_tree(source) is None


@pytest.mark.parametrize(
    "source",
    [
        "(" * 100_000 + ")" * 100_000,
        "x = " + "[" * (BRACKETS + 1),
        "x = " + "f'{" * 100 + "1" + "}'" * 100,
        "x = a" + " + a" * 1_000,
        "x = a" + ".b()" * 1_000,
        "x = " + "not " * 1_000 + "a",
        "x = " + "lambda: " * 1_000 + "a",
        "x = " + "'a' " * 1_000,
        "if a: b\n" + "elif a: b\n" * 2_000,
        "match a:\n case " + "[" * 30 + "]" * 30 + ": pass",
        "x; del " + "(" * 30 + "a" + ",)" * 30,
    ],
    ids=["parentheses", "open", "strings", "sum", "calls", "not", "lambda", "adjacent", "elif", "pattern", "del"],
)
def test_what_would_end_or_stall_libcst_is_never_given_to_it(source: str) -> None:
    mask = mask_of(source)

    assert mask is not None
    assert not is_tractable(mask)
    assert parse_tree(source) is None


def test_ordinary_code_is_within_the_limits() -> None:
    rows = "\n".join(f"    'key {number}': [({number}, a.b(c))]," for number in range(3_000))

    assert is_tractable(mask_of(f"x = {{\n{rows}\n}}\n") or "")


def test_huge_numbers_are_kept_as_text_as_far_as_the_limit_of_python_goes() -> None:
    (statement,) = body_of("x = " + "9" * 5_000)

    assert isinstance(statement, ir.Assign)
    assert statement.value == ir.Constant((1, 5, 1, 5_005), "other", "9" * 80)
    assert literals.number("0x" + "f" * 5_000) == int("f" * 5_000, 16)
