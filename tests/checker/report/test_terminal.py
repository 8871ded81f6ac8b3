"""What a stream can show is found out from the stream and the environment, nothing else."""

from __future__ import annotations

import io
import os
from pathlib import Path

import pytest

from worker_lint.report import Terminal, terminal_of


class Stream(io.TextIOWrapper):
    def __init__(self, *, interactive: bool, encoding: str = "utf-8") -> None:
        super().__init__(io.BytesIO(), encoding=encoding)
        self._interactive = interactive

    def isatty(self) -> bool:
        return self._interactive

    def fileno(self) -> int:
        raise OSError


def test_files_and_pipes_look_alike_everywhere() -> None:
    here = terminal_of(Stream(interactive=False), {"COLUMNS": "55", "TERM": "xterm"})
    assert here == Terminal(colour=False, width=100, encoding="utf-8", drawing=True)


@pytest.mark.parametrize(
    ("environment", "colour"),
    [
        ({}, True),
        ({"NO_COLOR": "1"}, False),
        ({"NO_COLOR": ""}, True),
        ({"NO_COLOR": "1", "FORCE_COLOR": "1"}, False),
        ({"TERM": "dumb"}, False),
    ],
)
def test_colour_on_a_terminal(environment: dict[str, str], *, colour: bool) -> None:
    assert terminal_of(Stream(interactive=True), environment).colour is colour


def test_colour_can_be_forced_or_refused() -> None:
    assert terminal_of(Stream(interactive=False), {"FORCE_COLOR": "1"}).colour
    assert terminal_of(Stream(interactive=False), {"NO_COLOR": "1"}, "always").colour
    assert not terminal_of(Stream(interactive=True), {"FORCE_COLOR": "1"}, "never").colour


@pytest.mark.parametrize(("columns", "width"), [("20", 40), ("72", 72), ("500", 120), ("x", 100), ("0", 100)])
def test_width_stays_readable(columns: str, width: int) -> None:
    assert terminal_of(Stream(interactive=True), {"COLUMNS": columns}).width == width


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "latin-1", "cp437"])
def test_old_encodings_get_ascii_drawing(encoding: str) -> None:
    terminal = terminal_of(Stream(interactive=True, encoding=encoding), {})
    assert not terminal.drawing
    terminal.displayable("naïve … 名 ─ \udcff").encode(encoding)


@pytest.mark.parametrize(
    ("environment", "drawing"),
    [
        ({"LC_ALL": "C", "LANG": "de_DE.UTF-8"}, False),
        ({"LANG": "POSIX"}, False),
        ({"LANG": "C.UTF-8"}, True),
        ({"LC_ALL": "C", "PYTHONUTF8": "1"}, True),
        ({}, True),
    ],
)
def test_c_locale_gets_ascii_drawing(environment: dict[str, str], *, drawing: bool) -> None:
    assert terminal_of(Stream(interactive=True), environment).drawing is drawing


def test_closed_and_hand_made_streams() -> None:
    closed = Stream(interactive=True)
    del closed._interactive
    assert not terminal_of(io.StringIO(), {}).colour
    with Path(os.devnull).open("w", encoding="utf-8") as stream:
        pass
    assert not terminal_of(stream, {}).colour
