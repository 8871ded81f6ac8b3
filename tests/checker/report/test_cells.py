from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from worker_lint.report.cells import cell_width, with_code, wrap


def test_words_that_are_too_long_stay_whole() -> None:
    assert list(wrap("see very/long/path/to/a/file.py for more", 12)) == [
        "see",
        "very/long/path/to/a/file.py",
        "for more",
    ]


@given(st.text(st.sampled_from("ab 名\n"), max_size=80), st.integers(1, 30))
def test_wrapping_keeps_every_word_in_order(text: str, width: int) -> None:
    lines = list(wrap(text, width))
    assert " ".join(lines).split() == text.split()
    assert all(cell_width(line) <= width or " " not in line for line in lines)


def test_code_goes_on_in_the_next_line() -> None:
    lines = list(with_code(["call `a", "b` now"], "help"))
    assert lines == [(("call ", "help"), ("`a", "code")), (("b`", "code"), (" now", "help"))]


@given(st.lists(st.text(st.sampled_from("ab `"), max_size=10), max_size=4))
def test_styling_changes_no_text(texts: list[str]) -> None:
    assert ["".join(text for text, _ in line) for line in with_code(texts)] == texts
