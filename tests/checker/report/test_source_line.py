"""Underlines stay under the characters that they mean."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker_lint.report.cells import cell_width
from worker_lint.report.source_line import Columns, Underline, show_line
from worker_lint.report.terminal import Terminal

DRAWN = Terminal()
CP1252 = Terminal(encoding="cp1252", drawing=False)


def test_tabs_become_spaces() -> None:
    shown = show_line("\tif x:\ty", [Columns(2, 4), Columns(8, 9)], 80, DRAWN)
    assert shown.text == "    if x:   y"
    assert shown.underlines == (Underline(4, 2), Underline(12, 1))


def test_wide_and_combining_characters() -> None:
    shown = show_line("名前 = e\u0301x", [Columns(1, 3), Columns(6, 8), Columns(8, 9)], 80, DRAWN)
    assert shown.underlines == (Underline(0, 4), Underline(7, 1), Underline(8, 1))


def test_what_the_terminal_cannot_encode_is_replaced_one_for_one() -> None:
    shown = show_line("名前 = 'é'", [Columns(6, 9)], 80, CP1252)
    assert shown.text == "?? = 'é'"
    assert shown.underlines == (Underline(5, 3),)


@pytest.mark.parametrize(("terminal", "ellipsis"), [(DRAWN, "…"), (CP1252, "...")])
def test_megabytes_on_one_line_are_cut_around_the_span(terminal: Terminal, ellipsis: str) -> None:
    source = "a" * 3_000_000 + "HERE" + "b" * 3_000_000
    shown = show_line(source, [Columns(3_000_001, 3_000_005)], 60, terminal)
    (underline,) = shown.underlines
    assert shown.text[underline.offset :][: underline.width] == "HERE"
    assert shown.text.startswith(f"{ellipsis}aaa")
    assert shown.text.endswith(f"bbb{ellipsis}")
    assert len(shown.text) <= 60


def test_wide_characters_fill_the_room_earlier() -> None:
    shown = show_line("x = '" + "名" * 60 + "'", [Columns(1, 2)], 40, DRAWN)
    assert shown.text == "x = '" + "名" * 17 + "…"


def test_end_of_a_long_line_has_no_ellipsis_after_it() -> None:
    shown = show_line("a" * 500 + "END", [Columns(501, 504)], 40, DRAWN)
    assert shown.text.endswith("aEND")


@given(
    st.text(st.characters(exclude_characters="\r\n"), max_size=200),
    st.integers(1, 220),
    st.integers(0, 50),
    st.integers(24, 100),
)
def test_never_wider_than_the_room(source: str, start: int, length: int, room: int) -> None:
    shown = show_line(source, [Columns(start, start + length)], room, DRAWN)
    (underline,) = shown.underlines
    assert cell_width(shown.text) <= room
    assert underline.width >= 1
    assert underline.offset <= cell_width(shown.text)
