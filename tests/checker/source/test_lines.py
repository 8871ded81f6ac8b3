from __future__ import annotations

import ast
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker_lint.diagnostic import Span
from worker_lint.source.lines import LineIndex

TEXTS = st.text(st.sampled_from("ab \t\fü日😀\u2028\x0b\x85\n\r"), max_size=60)


@given(TEXTS)
def test_every_offset_comes_back(text: str) -> None:
    index = LineIndex(text)

    for offset in range(len(text) + 1):
        line, column = index.place(offset)
        assert index.offset(line, column) == offset


@given(TEXTS)
def test_lines_end_as_the_tokenizer_ends_them(text: str) -> None:
    index = LineIndex(text)
    lines = re.split(r"\r\n|\r|\n", text)

    assert index.count == len(lines)
    assert [index.line(number) for number in range(1, index.count + 1)] == lines
    assert index.line(0) == index.line(index.count + 1) == ""


@given(TEXTS)
def test_byte_offsets_and_columns_agree(text: str) -> None:
    index = LineIndex(text)

    for number in range(1, index.count + 1):
        line = index.line(number)
        for column in range(1, len(line) + 2):
            offset = len(line[: column - 1].encode())
            assert index.byte_offset(number, column) == offset
            assert index.column(number, offset) == column


@pytest.mark.parametrize(
    ("source", "wanted"),
    [
        ("x = name\n", Span(1, 5, 1, 9)),
        ("'ü日😀'; name\n", Span(1, 8, 1, 12)),
        ("'😀' + (\r\n 'ü' +\rname)", Span(3, 1, 3, 5)),
        ("\f'é', name", Span(1, 7, 1, 11)),
    ],
)
def test_spans_of_the_parser_are_converted(source: str, wanted: Span) -> None:
    node = next(item for item in ast.walk(ast.parse(source)) if isinstance(item, ast.Name) and item.id == "name")
    assert node.end_lineno is not None
    assert node.end_col_offset is not None

    index = LineIndex(source)
    span = index.span(node.lineno, node.col_offset, node.end_lineno, node.end_col_offset)

    assert span == wanted
    start, end = index.offset(*span[:2]), index.offset(*span[2:])
    assert source[start:end] == "name"


def test_a_byte_inside_a_character_is_that_character() -> None:
    assert LineIndex("日x").column(1, 1) == 1
