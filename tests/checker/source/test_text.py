"""Words by line: found on the text as a whole, told in the tokenizer's lines."""

import ast
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker_lint.source import ir
from worker_lint.source.text import Text

SOURCES = st.text(alphabet="ab_1é .\n\r\f", max_size=60)


@given(SOURCES, st.sampled_from(["a", "ab", "b_1", "é"]), st.integers(1, 9))
def test_an_identifier_is_found_on_the_lines_where_it_stands_alone(source: str, name: str, first: int) -> None:
    lines = re.split(r"\r\n|\r|\n", source)
    expected = [number for number, line in enumerate(lines, first) if re.search(rf"\b{name}\b", line)]
    assert Text(source, first).lines_naming(name) == expected


@given(SOURCES, st.sampled_from(["a", "b_"]))
def test_a_word_counts_inside_a_longer_one(source: str, word: str) -> None:
    lines = re.split(r"\r\n|\r|\n", source)
    text = Text(source)
    found = [text.has_word(word, number, number) for number in range(1, len(lines) + 1)]
    assert found == [word in line for line in lines]


@given(st.text(st.sampled_from("ab \t\fü日😀\u2028\x0b\x85\n\r"), max_size=60))
def test_byte_offsets_become_columns(source: str) -> None:
    text = Text(source)
    for number, line in enumerate(text.lines, 1):
        for column in range(1, len(line) + 2):
            assert text.column(number, len(line[: column - 1].encode())) == column


@pytest.mark.parametrize(
    ("source", "wanted"),
    [
        ("x = name\n", (1, 5, 1, 9)),
        ("'ü日😀'; name\n", (1, 8, 1, 12)),
        ("'😀' + (\r\n 'ü' +\rname)", (3, 1, 3, 5)),
        ("\f'é', name", (1, 7, 1, 11)),
    ],
)
def test_spans_of_the_parser_are_converted(source: str, wanted: ir.At) -> None:
    node = next(item for item in ast.walk(ast.parse(source)) if isinstance(item, ast.Name) and item.id == "name")
    assert node.end_lineno is not None
    assert node.end_col_offset is not None
    text = Text(source)
    start, end = text.column(node.lineno, node.col_offset), text.column(node.end_lineno, node.end_col_offset)
    assert (node.lineno, start, node.end_lineno, end) == wanted
    assert text.segment(wanted) == "name"
