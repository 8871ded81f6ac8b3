from __future__ import annotations

import ast
import subprocess
import sys
import sysconfig
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

from worker_lint.source import ir
from worker_lint.source.lower import Lowering
from worker_lint.source.parse import Unparsable, parse_body, parse_module
from worker_lint.source.records import decode_module, encode_module
from worker_lint.source.text import Text

LIBRARY = Path(sysconfig.get_path("stdlib"))


def refusal_of(source: str) -> tuple[str, int, int]:
    with pytest.raises(Unparsable) as caught:
        parse_module(source)
    return (caught.value.message, caught.value.line, caught.value.column)


def functions_of(body: tuple[ir.Stmt, ...]) -> Iterator[ir.FunctionDef]:
    for statement in body:
        if isinstance(statement, ir.FunctionDef):
            yield statement
            yield from functions_of(statement.body or ())
        elif isinstance(statement, ir.ClassDef):
            yield from functions_of(statement.body)


@pytest.mark.parametrize("name", ["textwrap.py", "queue.py", "asyncio/queues.py", "functools.py"])
def test_bodies_from_their_own_lines_are_those_of_the_whole_file(name: str) -> None:
    with tokenize.open(LIBRARY / name) as file:
        source = file.read()
    text = Text(source)
    whole = list(functions_of(Lowering(text, bodies=True).stmts(ast.parse(source).body)))

    assert whole
    for function in whole:
        assert parse_body(text, function) == function.body


@pytest.mark.parametrize(
    ("source", "syntax", "place"),
    [
        ("import a\n\ndef f():\n    print 'x'\n", "print statement", (4, 5)),
        ("print x", "print statement", (1, 1)),
        ("exec code in names", "exec statement", (1, 1)),
        ("x = 0777", "octal number without 0o", (1, 5)),
        ("x = 10L", "long integer", (1, 6)),
        ("x = `y`", "backquotes", (1, 5)),
        ("if x <> y: z", "<> operator", (1, 6)),
        ("raise A, 'b'", "raise with a comma", (1, 8)),
        ("x = ur'y'", "ur string", (1, 7)),
        ("def f(a, (b, c)): pass", "tuple as a parameter", (1, 10)),
        ("if x:\n\ty\n        z\n", "tabs mixed with spaces", (3, 1)),
        # In Python 3.14 this clause names two classes: the next line is what no Python 3 reads.
        ("try: pass\nexcept A, e:\n    print e\n", "print statement", (3, 5)),
    ],
)
def test_python_2_is_called_by_its_name(source: str, syntax: str, place: tuple[int, int]) -> None:
    assert refusal_of(source) == (f"Python 2 syntax: {syntax}", *place)


@pytest.mark.parametrize(
    ("source", "place"),
    [
        ("x = 1\ny = = 2", (2, 5)),
        ("x = 'é' + = 1", (1, 11)),
        ("x = [1,\n", (1, 5)),
        ("x = '''a\nb", (1, 5)),
        ("x\0y", (1, 2)),
        ("x = 1\r\ny = '\ud800'", (2, 6)),
        ("if a:\n", (1, 6)),
        ("class A[T]:\n    x = = 1", (2, 9)),
        ("type X = int\nx = ", (2, 5)),
    ],
)
def test_the_place_of_what_is_wrong(source: str, place: tuple[int, int]) -> None:
    assert refusal_of(source)[1:] == place


@pytest.mark.parametrize(
    ("source", "parser"),
    [
        ("x = 1", "ast"),
        ("class A[T]: pass", "ast"),
        ("try: a\nexcept A, B: b", "ast"),
        ("x = t'{a}'", "libcst" if sys.version_info < (3, 14) else "ast"),
    ],
)
def test_the_cheapest_parser_that_reads_the_text_is_taken(source: str, parser: str) -> None:
    assert parse_module(source).parser == parser


def test_records_do_not_depend_on_line_ends() -> None:
    source = "def f():\n    '''a\n    b'''\n    if x:\n        pass  # why\nclass A[T]:\n    y = '''\n'''\n"
    module = parse_module(source)

    assert parse_module(source.replace("\n", "\r\n")) == module
    assert parse_module(source.replace("\n", "\r")) == module
    (function, _) = module.body
    assert isinstance(function, ir.FunctionDef)
    assert parse_body(Text(source.replace("\n", "\r")), function) == parse_body(Text(source), function)


@pytest.mark.parametrize(
    "source",
    ["\fdef f():\n    return 1\n", "class A:\n\tdef f(self):\n\t\treturn 1\n", "if a:\n \f def f(): return 1\n"],
)
def test_a_body_behind_a_form_feed_or_tabs(source: str) -> None:
    text = Text(source)
    (first,) = parse_module(source).body
    inner = first.body[0] if isinstance(first, (ir.ClassDef, ir.If)) else first

    assert isinstance(inner, ir.FunctionDef)
    (returned,) = parse_body(text, inner)
    assert isinstance(returned, ir.Return)
    assert text.segment(returned.at) == "return 1"


def test_a_damaged_record_asks_for_lines_that_are_no_function() -> None:
    (function,) = parse_module("def f():\n    pass\n").body

    assert isinstance(function, ir.FunctionDef)
    with pytest.raises(Unparsable, match="no function"):
        parse_body(Text("x = 1\ny = 2\n"), function)
    with pytest.raises(Unparsable, match="no function"):
        parse_body(Text("\n\n"), function)


@pytest.mark.parametrize(
    "source",
    [
        "(" * 100_000 + ")" * 100_000,
        "[" * 100_000,
        "x = " + "{1: " * 100_000,
        "x = " + "f'{" * 10_000 + "1" + "}'" * 10_000,
        "x = a" + " + a" * 100_000,
        "x = a" + "**a" * 20_000,
        "x = a" + ".b()" * 20_000,
        "x = " + "not " * 100_000 + "a",
        "x = " + "lambda: " * 20_000 + "a",
        "x = " + "a if b else " * 20_000 + "c",
        "".join(" " * depth + "if a:\n" for depth in range(500)),
        "match a:\n case " + "[" * 10_000 + "]" * 10_000 + ": pass",
        "type X = int\nx = " + "(" * 100_000,
        "x = f'{a['b']}'" + " + a" * 100_000,
    ],
    ids=[
        "()",
        "[",
        "{",
        "f-string",
        "+",
        "**",
        "call",
        "not",
        "lambda",
        "if else",
        "indent",
        "pattern",
        "alias",
        "quotes",
    ],
)
def test_nesting_without_end_is_refused_and_ends_nothing(source: str) -> None:
    message, line, _ = refusal_of(source)

    assert message
    assert line >= 1


def test_a_process_of_its_own_survives_the_deepest_nesting() -> None:
    """A stack overflow would end the interpreter: seen from outside."""
    program = (
        "from worker_lint.source.parse import parse_module, Unparsable\n"
        "pieces = '(', 'f\"{x[\"y\"]}{', 'not ', '-', 'a.b(', 'x = [', 'type X = (', 'class A[T:(', 'if a: b\\nelif '\n"
        "for piece in pieces:\n"
        "    try:\n"
        "        parse_module(piece * 50_000)\n"
        "    except Unparsable:\n"
        "        pass\n"
    )

    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)

    assert (answer.returncode, answer.stderr) == (0, "")


@pytest.mark.parametrize(
    "source",
    [
        "x = a" + " + a" * 900,
        "x = a" + " and a" * 50_000,
        "x = a" + " < a" * 50_000,
        "x = " + "'a' " * 50_000,
        "x = " + "(" * 190 + "a" + ")" * 190,
        "x = " + "[" * 190 + "]" * 190,
        "x = a" + ".b" * 900,
        "x = " + "'é', " * 100_000,
        "pass;" * 50_000 + "# é",
        "".join(" " * depth + "if a:\n" for depth in range(99)) + " " * 99 + "x = " + "[" * 150 + "]" * 150,
    ],
    ids=["sum", "and", "compare", "strings", "parentheses", "lists", "dots", "wide line", "one line", "deepest"],
)
def test_generated_code_gives_a_record_that_can_be_stored(source: str) -> None:
    module = parse_module(source)

    assert module.body
    assert decode_module(encode_module(module)) == module


def test_below_a_hundred_levels_only_the_names_are_kept() -> None:
    (statement,) = parse_module("x = " + "[" * 150 + "a, b(c)" + "]" * 150).body

    assert isinstance(statement, ir.Assign)
    inner, depth = statement.value, 0
    while isinstance(inner, ir.Collection):
        inner, depth = inner.items[0], depth + 1
    assert depth == 100
    assert isinstance(inner, ir.Opaque)
    assert (inner.kind, inner.names) == ("List", ("a", "b", "c"))
