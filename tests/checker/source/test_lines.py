from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

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
