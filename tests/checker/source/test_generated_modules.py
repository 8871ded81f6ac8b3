"""Properties of parsing and lowering over modules that nobody would write."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Callable, Iterator
from typing import Any

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from worker_lint.source import ir
from worker_lint.source.lower import Lowering
from worker_lint.source.lower_cst import parse_tree
from worker_lint.source.mask import STRING, mask_of
from worker_lint.source.parse import Unparsable, parse_body, parse_module
from worker_lint.source.records import decode_module, encode_module
from worker_lint.source.text import Text

Draw = Callable[[st.SearchStrategy[Any]], Any]

NAMES = st.sampled_from(["a", "b", "type", "match", "print", "é", "ﬁ", "名前", "_"])
LEAVES = st.one_of(
    NAMES,
    st.sampled_from(["0", "1_000", "0xFf", "1.5e3", "2j", "None", "True", "...", "''", "\"é\" 'b'", "rb'\\x'", "u'x'"]),
    st.sampled_from(
        ["'''a\n\"b\"'''", "'\\N{EN DASH}#'", "f'{a}'", "f'é{a!r:>{b}}' 'c'", "f'{a=}{{}}'", "rf'\\{a,b}'"]
    ),
    st.sampled_from(["99999999999999999999", "'\\ud800'", "f''", "b'' b'a'", "f'{ a }' f'''\n{b}'''"]),
)
GAPS = st.sampled_from(["", "", " ", "  ", "\\\n", "\t"])
WORDS = [" and", " or", " is", " is not", " in", " not in"]
SIGNS = ["+", "-", "*", "/", "//", "%", "**", "@", "<<", ">>", "|", "&", "^", "<", "<=", "==", "!=", ">", ">="]
OPERATORS = st.sampled_from([*WORDS, *SIGNS])


def rows(table: str) -> list[str]:
    """One form a line, `$0` is a hole for an expression, `¶` is a line end."""
    return [row.replace("¶", "\n") for row in table.strip().split("\n")]


FORMS = rows("""
($0)
(-$0)
(not $0)
($0).a
a .b
$0[$1]
$0[$1:]
$0[:$1, ::$2]
$0[*$1,]
$0[:, ]
a()
$0($1, *$2, b=$0, **$1)
$0(a for a in $1)
$0 ( (a for a in $1) )
[$0, $1,]
[ ]
($0,)
($0, $1)
()
{$0, *$1}
{$0: $1, **$2}
{ }
[$0 for a in $1 if $2 if b]
{$0 for a, b in $1}
{$0: $1 for a in $2 for b in a}
(a async for a in $0)
($0 if $1 else $2)
(lambda: $0)
(lambda a, /, b=$0, *c, d, e=$1, **f: $2)
(a := $0)
(yield)
(yield $0, $1)
(yield from $0)
(await a)
($0¶  + $1  # é ' "¶ )
[*$0]
$0 %OP% $1
$0 %OP% $1 %OP% $2
""")


def filled(draw: Draw, form: str, expression: st.SearchStrategy[str]) -> str:
    """The form with an expression in each of its holes."""
    return re.sub(r"\$\d", lambda _: draw(expression), form)


@st.composite
def expressions(draw: Draw, depth: int = 2) -> str:
    if depth == 0 or draw(st.sampled_from(["leaf", "form", "form"])) == "leaf":
        leaf: str = draw(LEAVES)
        return leaf
    form = filled(draw, draw(st.sampled_from(FORMS)), expressions(depth - 1))
    while "%OP%" in form:
        form = form.replace("%OP%", f"{draw(GAPS)}{draw(OPERATORS)} ", 1)
    return form


EXPRESSION = expressions()
SIMPLE = rows("""
$0
a = $0
a = b[$0] = $1
a, *b = $0, $1
a: $0
a.b: $0 = $1
a += $0
a **= $0
del a, b
del (a), b[$0]
del (a, b)
return
return $0
return *a, $0
raise
raise $0 from $1
pass  # é
assert $0, $1
global a, b
nonlocal a
import a.b, c as d
from .. import a
from .a.b import (c as d, e,)
from a import *
break
continue #x
$0,
a = yield $0
...
'doc'
raise NotImplementedError
""")
COMPOUND = [
    row.split(" ... ")
    for row in rows("""
if $0: ... elif $1: ... else:
if $0:
while $0: ... else:
for a, b in $0, $1: ... else:
for (a) in $0:
try: ... except $0 as a:  # why ... except: ... else: ... finally:
try: ... finally:
try: ... except ($0, $1):
try: ... except* $0:
with $0:
with $0 as a, $1 as (b, c):
with ($0 as a, $1,):
with ($0, $1):
async def f(a, /, b: $0 = $1, *, c, **d) -> $2:
def é(*a: $0, b=$1):
@a.b($0)¶$indentdef f():
class A:
@a¶¶$indent@b($0)¶$indentclass B($1, *c, d=$2):
async def f():
""")
]
CASES = rows("""
case 1 | -1.5 | 'a' 'b':
case None:
case a if $0:
case _:
case [a, *_, 'b']:
case (a, b,):
case a, *b:
case (a):
case {'k': a, 1: _, **rest}:
case a.b(c, d=[e]) as f:
case {} | []:
case 1+2j:
""")


@st.composite
def blocks(draw: Draw, depth: int = 2, indent: str = "") -> str:
    lines = [draw(statements(depth, indent)) for _ in range(draw(st.integers(1, 3)))]
    return "\n".join(lines)


@st.composite
def statements(draw: Draw, depth: int, indent: str) -> str:
    if depth == 0 or draw(st.sampled_from(["simple", "compound"])) == "simple":
        text = filled(draw, draw(st.sampled_from(SIMPLE)), EXPRESSION)
        tail = draw(st.sampled_from(["", "", ";", " ; pass", "  # comment", "\n", "\n# é"])) if "#" not in text else ""
        return f"{indent}{text}{tail}"
    deeper = indent + draw(st.sampled_from([" ", "    ", "\t"]))
    if draw(st.sampled_from(["match", "clauses", "clauses", "clauses"])) == "match":
        cases = [filled(draw, draw(st.sampled_from(CASES)), EXPRESSION) for _ in range(2)]
        inner = "\n".join(f"{deeper}{case}\n{draw(blocks(depth - 1, deeper + ' '))}" for case in cases)
        return f"{indent}match {draw(EXPRESSION)}:\n{inner}"
    clauses: list[str] = draw(st.sampled_from(COMPOUND))
    heads = [filled(draw, clause.replace("$indent", indent), EXPRESSION) for clause in clauses]
    return "\n".join(f"{indent}{head}\n{draw(blocks(depth - 1, deeper))}" for head in heads)


MODULES = blocks()
relaxed = settings(suppress_health_check=list(HealthCheck), deadline=None, max_examples=25)


def tree_of(source: str) -> ast.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return ast.parse(source)
        except (SyntaxError, ValueError):
            assume(False)
            raise


def functions_of(body: tuple[ir.Stmt, ...]) -> Iterator[ir.FunctionDef]:
    for statement in body:
        if isinstance(statement, ir.FunctionDef):
            yield statement
        elif isinstance(statement, ir.ClassDef):
            yield from functions_of(statement.body)


@relaxed
@given(MODULES)
def test_libcst_gives_the_same_record_as_ast(source: str) -> None:
    tree = tree_of(source)
    other = parse_tree(source)

    assert other is not None
    text = Text(source)
    assert Lowering(text, bodies=True).stmts(other.body) == Lowering(text, bodies=True).stmts(tree.body)


@relaxed
@given(MODULES)
def test_a_body_is_the_same_from_its_own_lines_and_from_the_whole_file(source: str) -> None:
    tree = tree_of(source)
    text = Text(source)
    whole = Lowering(text, bodies=True).stmts(tree.body)

    for function in functions_of(whole):
        assert parse_body(text, function) == function.body


@relaxed
@given(MODULES)
def test_a_record_survives_the_cache(source: str) -> None:
    tree_of(source)
    module = parse_module(source)

    assert decode_module(encode_module(module)) == module
    assert encode_module(decode_module(encode_module(module))) == encode_module(module)


@relaxed
@given(MODULES)
def test_the_mask_keeps_names_and_hides_strings(source: str) -> None:
    tree = tree_of(source)
    mask = mask_of(source)

    assert mask is not None
    assert len(mask) == len(source)
    starts = [0, *(place + 1 for place, character in enumerate(source) if character == "\n")]
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and node.id in ("a", "b"):  # others may be normalised
            line, column, *_ = Lowering(Text(source)).at(node)
            assert mask.startswith(node.id, starts[line - 1] + column - 1)
        elif isinstance(node, ast.Constant) and isinstance(node.value, bytes):
            line, column, *_ = Lowering(Text(source)).at(node)
            assert mask[starts[line - 1] + column - 1] == STRING


@relaxed
@given(MODULES, st.integers(0), st.integers(0, 5), st.text(alphabet="()[]{}'\"\\\n\t\r\f\0#:;,f=é \ud800x", max_size=4))
def test_damaged_text_gives_a_record_or_a_refusal_with_its_place(source: str, place: int, cut: int, put: str) -> None:
    place %= len(source) + 1
    damaged = source[:place] + put + source[place + cut :]
    refusal = None
    try:
        module = parse_module(damaged)
    except Unparsable as error:
        refusal = error
    else:
        assert decode_module(encode_module(module)) == module
    if refusal is not None:
        lines = Text(damaged).lines
        assert refusal.message
        assert 1 <= refusal.line <= len(lines)
        assert 1 <= refusal.column <= len(lines[refusal.line - 1]) + 1
