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


@given(SOURCES, st.integers(1, 9), st.integers(1, 9), st.integers(1, 4))
def test_parts_of_a_text_are_those_of_its_lines(source: str, first: int, last: int, number: int) -> None:
    lines = re.split(r"\r\n|\r|\n", source)
    text = Text(source, number)
    assert text.lines == lines
    part = lines[max(first - number, 0) : max(last - number + 1, 0)]
    assert text.between(first, last) == "\n".join(part)
    assert part in (text.lines_between(first, last), [])
    assert [text.line(number + index) for index in range(len(lines))] == lines


@given(SOURCES, st.integers(1, 6), st.integers(1, 6), st.integers(1, 5), st.integers(1, 9))
def test_a_span_is_cut_out_of_its_lines(source: str, first: int, last: int, start: int, end: int) -> None:
    lines = [*re.split(r"\r\n|\r|\n", source), *[""] * 6]
    expected = "\n".join(lines[first - 1 : last])
    if first == last:
        expected = lines[first - 1][start - 1 : end - 1]
    elif first < last:
        expected = "\n".join([lines[first - 1][start - 1 :], *lines[first : last - 1], lines[last - 1][: end - 1]])
    if first <= last <= source.count("\n") + 1 - source.count("\r"):
        assert Text(source).segment((first, start, last, end)) == expected


@given(SOURCES, st.lists(st.tuples(st.sampled_from(["a", "b_", "é."]), st.integers(1, 6), st.integers(1, 6))))
def test_a_word_is_found_however_often_it_is_asked_for(source: str, asked: list[tuple[str, int, int]]) -> None:
    lines = re.split(r"\r\n|\r|\n", source)
    text = Text(source)
    for word, first, last in asked * 4:
        assert text.has_word(word, first, last) == any(word in line for line in lines[first - 1 : last])
