"""IR expressions to source: what is written parses to what was there."""

from __future__ import annotations

import ast
import inspect
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from worker_lint.source import ir
from worker_lint.source.lower import Lowering
from worker_lint.source.text import Text
from worker_lint.source.unparse import parameters_source, unparse

AT = (1, 1, 1, 1)


def lowered(source: str) -> ir.Expr:
    """The IR of an expression; inside brackets, so that it may run over lines."""
    text = f"({source}\n)"
    return Lowering(Text(text)).expr(ast.parse(text, mode="eval").body)


def bare(value: Any) -> Any:
    """The IR without spans, for comparison."""
    if isinstance(value, ir.Node):
        fields = [getattr(value, name) for name in value.__struct_fields__ if name != "at"]
        return (type(value).__name__, *(bare(field) for field in fields))
    return tuple(bare(item) for item in value) if isinstance(value, tuple) else (type(value).__name__, value)


@pytest.mark.parametrize(
    "source",
    [
        "None", "True", "...", "1", "-1", "1.5", "1e999", "1e-07", "1j", "0xffffffffffffffffff", '"text"',
        "'a \"b\"'", '"it\'s"', r'"\n\\\x00é🎉"', r'b"\xff\x00"', "b'\"'", "a.b.c", "(1).real", "1.5.real",
        "(-1).real", "1j.imag", "dict[str, int]", "tuple[*Ts]", "tuple[int, *Ts]", "tuple[()]", "tuple[int,]",
        "Callable[..., int]", "Callable[[int, str], None]", "Literal['a', \"b\"]", "Optional['Message']",
        "int | None", "list[int] | None", "f(a, *b, c=1, **d)", "f(*a, b)", "f(x for x in y)", "f()(a)[b]",
        "(a + b) * c", "a + b * c", "a - (b - c)", "(a - b) - c", "a ** b ** c", "(a ** b) ** c", "-a ** b",
        "(-a) ** b", "a ** -b", "not a", "not (a and b)", "(not a) and b", "a or b and c", "(a or b) and c",
        "(a and b) and c", "a < b <= c", "(a < b) < c", "a is not b", "a not in b", "~a", "- - a", "-(a + b)",
        "a << b | c & d ^ e", "a if b else c", "(a if b else c) if d else e", "a if b else (c if d else e)",
        "(a if b else c).d", "lambda: 0", "lambda x, /, *a, y=1, **k: (x, a)", "(lambda: 0)()", "[lambda: 0, 1]",
        "(x := 1)", "f(x := 1)", "[x := 1]", "f(y=(x := 1))", "[]", "[1, *a]", "()", "(1,)", "(1, 2)", "{1, *a}",
        "{}", "{'a': 1, **b}", "{**(a or b)}", "[x for x in y if x if not x]", "[x async for x in y]",
        "{x: y for x, y in z for z in w}", "{x for (x, *y) in z}", "[a for a in (b if c else d)]",
        "(x for x in (yield))", "a @ b", "a // b % c", "(yield)", "(yield x)", "(yield from x)", "await x",
        "(await x).y", "-(await x)", "await x ** 2", "a[b][c]", "a[b, c]", "a[(x := 1)]", "a[lambda: 0]",
    ],
)  # fmt: skip
def test_source_and_back(source: str) -> None:
    expr = lowered(source)
    text = unparse(expr)
    assert text is not None
    assert bare(lowered(text)) == bare(expr)


@pytest.mark.parametrize(
    "source", ["a[1:2]", "f'{a!r:>{w}}'", "[f'x', 1]", "lambda x=a[1:]: x", f"{'9' * 90}", "{a: b[:]}"]
)
def test_what_the_ir_does_not_keep_has_no_source(source: str) -> None:
    assert unparse(lowered(source)) is None


def test_double_quotes_where_they_need_no_more_escapes() -> None:
    assert unparse(lowered("'plain'")) == '"plain"'
    assert unparse(lowered("'say \"x\"'")) == "'say \"x\"'"


PARAMETERS = [
    "",
    "self",
    "self, a, b=1",
    "self, a: int, b: str = 'x'",
    "a, /",
    "a, /, b",
    "a=1, /, b=2, *, c, d=3",
    "*, a",
    "*args, a",
    "a, *args: int, b: bool = False, **kwargs: Any",
    "*args: *Ts",
    "*args: Unpack[Ts]",
    "a: 'Message', b: \"list[Message]\" = None",
    "a: dict[str, list[int]] | None = {}, b=lambda x, y=1: x",
]


@pytest.mark.parametrize("source", PARAMETERS)
def test_parameters_and_back(source: str) -> None:
    assert dumped(parameters_source(lowered_parameters(source), annotated=True)) == dumped(source)


@pytest.mark.parametrize("source", PARAMETERS)
def test_parameters_without_annotations(source: str) -> None:
    plain = ast.parse(f"def f({source}): pass")
    for node in ast.walk(plain):
        if isinstance(node, ast.arg):
            node.annotation = None
    written = parameters_source(lowered_parameters(source), annotated=False)
    assert dumped(written) == ast.dump(plain)
    assert ":" not in written.replace("lambda x, y=1: x", "")


def test_a_default_without_source_stays_a_default_and_such_an_annotation_goes() -> None:
    written = parameters_source(lowered_parameters("a: x[1:] = y[1:], b: int = f'{x}'"), annotated=True)
    assert written == "a=..., b: int = ..."


def test_a_signature_of_the_standard_library_comes_back() -> None:
    """Every expression of a large real module, compared as trees."""
    source = Path(inspect.getfile(inspect)).read_text(encoding="utf-8")
    lowering, checked = Lowering(Text(source)), 0
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.arguments):
            text = parameters_source(lowering.parameters(node), annotated=True)
            assert dumped(text) == ast.dump(ast.parse(f"def f({ast.unparse(node)}): pass"))
            checked += 1
    assert checked > 100


def lowered_parameters(source: str) -> ir.Parameters:
    text = f"def f({source}): pass"
    function = ast.parse(text).body[0]
    assert isinstance(function, ast.FunctionDef)
    return Lowering(Text(text)).parameters(function.args)


def dumped(parameters: str) -> str:
    return ast.dump(ast.parse(f"def f({parameters}): pass"))


# --- any expression ----------------------------------------------------------------------------

NAMES = st.sampled_from(["a", "b", "größe", "_x", "int"])
CONSTANTS = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=6).map(lambda value: ir.Constant(AT, "str", value)),
    st.binary(max_size=5).map(lambda value: ir.Constant(AT, "bytes", value.decode("latin-1"))),
    st.integers(0, 2**63 - 1).map(lambda value: ir.Constant(AT, "int", value)),
    st.floats(0, allow_nan=False, allow_infinity=False).map(lambda value: ir.Constant(AT, "float", abs(value))),
    st.booleans().map(lambda value: ir.Constant(AT, "bool", value)),
    st.sampled_from(
        [ir.Constant(AT, "none", None), ir.Constant(AT, "ellipsis", "..."), ir.Constant(AT, "other", "1j")]
    ),
)


def larger(inner: st.SearchStrategy[ir.Expr]) -> st.SearchStrategy[ir.Expr]:
    """Expressions made of smaller ones."""
    row = st.lists(inner, max_size=3).map(tuple)
    some = st.lists(inner, min_size=1, max_size=3).map(tuple)
    items = st.lists(st.one_of(inner, inner.map(lambda value: ir.Starred(AT, value))), max_size=3).map(tuple)
    keywords = st.lists(st.builds(ir.Keyword, st.just(AT), st.one_of(NAMES, st.none()), inner), max_size=2)
    target = NAMES.map(lambda name: ir.Name(AT, name))
    generators = st.lists(
        st.builds(ir.Generator, st.just(AT), target, inner, row, st.booleans()), min_size=1, max_size=2
    ).map(tuple)
    at = st.just(AT)
    return st.one_of(
        st.builds(ir.Attribute, at, inner, NAMES),
        st.builds(ir.Subscript, at, inner, inner),
        st.builds(ir.Call, at, inner, items, keywords.map(unique)),
        compares(inner),
        st.builds(ir.BoolOp, at, st.sampled_from(["and", "or"]), st.tuples(inner, inner)),
        st.builds(ir.Unary, at, st.sampled_from(["not", "-", "+", "~"]), inner),
        st.builds(
            ir.Binary,
            at,
            inner,
            st.sampled_from(["+", "-", "*", "/", "//", "%", "@", "**", "<<", ">>", "|", "&", "^"]),
            inner,
        ),
        st.builds(ir.Await, at, inner),
        st.builds(ir.Yield, at, st.one_of(st.none(), inner), st.just(False)),
        st.builds(ir.Collection, at, st.sampled_from(["list", "tuple"]), items),
        some.map(lambda found: ir.Collection(AT, "set", found)),
        st.lists(st.tuples(st.one_of(st.none(), inner), inner), max_size=2).map(
            lambda pairs: ir.Mapping(AT, tuple(key for key, _ in pairs), tuple(value for _, value in pairs))
        ),
        st.builds(ir.Comprehension, at, st.sampled_from(["list", "set", "generator"]), inner, st.none(), generators),
        st.builds(ir.Comprehension, at, st.just("dict"), inner, inner, generators),
        st.builds(ir.Conditional, at, inner, inner, inner),
        st.builds(ir.Walrus, at, NAMES, inner),
    )


def compares(inner: st.SearchStrategy[ir.Expr]) -> st.SearchStrategy[ir.Expr]:
    operators = st.sampled_from(["<", "==", "is", "is not", "in", "not in"])
    pairs = st.lists(st.tuples(operators, inner), min_size=1, max_size=2)
    return st.builds(
        lambda left, found: ir.Compare(AT, left, tuple(op for op, _ in found), tuple(right for _, right in found)),
        inner,
        pairs,
    )


def unique(keywords: list[ir.Keyword]) -> tuple[ir.Keyword, ...]:
    """A call names each argument once."""
    return tuple({keyword.name: keyword for keyword in keywords}.values())


@given(expr=st.recursive(st.one_of(NAMES.map(lambda name: ir.Name(AT, name)), CONSTANTS), larger, max_leaves=12))
@settings(max_examples=200, deadline=None)
def test_any_expression_and_back(expr: ir.Expr) -> None:
    text = unparse(expr)
    assert text is not None
    assert bare(lowered(text)) == bare(expr)
