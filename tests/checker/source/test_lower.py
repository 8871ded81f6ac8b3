from __future__ import annotations

import pytest

from worker_lint.source import ir
from worker_lint.source.parse import parse_module
from worker_lint.source.text import Text


def value_of(source: str) -> ir.Expr:
    (statement,) = parse_module(source).body
    assert isinstance(statement, ir.Expression)
    return statement.value


def test_the_text_of_a_formatted_string_stands_where_the_string_does() -> None:
    value = value_of("f'a{b}{{' 'c' f'{d!r:>{e.f}}'")

    assert value == ir.Formatted(
        (1, 1, 1, 30),
        (
            ir.Constant((1, 1, 1, 30), "str", "a"),
            ir.Name((1, 5, 1, 6), "b"),
            ir.Constant((1, 1, 1, 30), "str", "{c"),
            ir.Name((1, 18, 1, 19), "d"),
            ir.Attribute((1, 24, 1, 27), ir.Name((1, 24, 1, 25), "e"), "f"),
        ),
    )


@pytest.mark.parametrize(
    ("source", "at"),
    [
        ("f'{a, b}'", (1, 4, 1, 8)),
        ("f'{ a, }'", (1, 5, 1, 7)),
        ("f'{(a, b)}'", (1, 4, 1, 10)),
        ("f'{ a, b !r}'", (1, 5, 1, 9)),
        ("f'{ {1}, 2}'", (1, 5, 1, 11)),
    ],
)
def test_a_tuple_in_a_formatted_string_stands_in_the_same_place_on_every_python(source: str, at: ir.At) -> None:
    value = value_of(source)

    assert isinstance(value, ir.Formatted)
    assert value.parts[0].at == at


def test_columns_count_code_points() -> None:
    (statement,) = parse_module("é = '名前', a, 'ü\U0001d518', b").body

    assert isinstance(statement, ir.Assign)
    assert isinstance(statement.value, ir.Collection)
    assert [item.at[1:4:2] for item in statement.value.items] == [(5, 9), (11, 12), (14, 18), (20, 21)]


@pytest.mark.parametrize("line", ["", "abc", "é", "aé\U0001d518b名", "\ud800x", "é" * 50])
def test_each_byte_offset_finds_its_character(line: str) -> None:
    text = Text(f"é\n{line}")

    for index in range(len(line) + 1):
        assert text.column(2, len(line[:index].encode("utf-8", "surrogatepass"))) == index + 1


def test_comments_of_handlers_and_simple_statements() -> None:
    (statement,) = parse_module("try: a\nexcept 'it#s':  # don't care\n    pass  # yet\n").body

    assert isinstance(statement, ir.Try)
    assert statement.handlers[0].comment == "don't care"
    inner = statement.handlers[0].body[0]
    assert isinstance(inner, ir.Simple)
    assert inner.comment == "yet"
