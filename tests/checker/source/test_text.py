"""Words by line: found on the text as a whole, told in the tokenizer's lines."""

import re

from hypothesis import given
from hypothesis import strategies as st

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
