"""Formats are found by name and load no more than they need."""

from __future__ import annotations

import subprocess
import sys

import pytest

from worker_lint.report import FORMATS, load_renderer

PROGRAM = """
import io, sys
from worker_lint.diagnostic import Diagnostic, Report, Span
from worker_lint.report import RenderContext, load_renderer
found = Diagnostic("A1", "a", "error", "certain", "a.py", Span(1, 1, 1, 2), "m", "c", "h", "a")
load_renderer(sys.argv[1])(Report((found,)), RenderContext("1"), io.StringIO())
print("rich" in sys.modules)
"""


@pytest.mark.parametrize("name", sorted(FORMATS))
def test_every_format_loads_and_none_needs_rich_without_colour(name: str) -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM, name], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


def test_unknown_format() -> None:
    with pytest.raises(KeyError):
        load_renderer("xml")
