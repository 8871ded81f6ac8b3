"""The line of a key or value is found in every way that TOML allows to write it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker_lint.config.places import find_line

TEXT = """\
# select = ["x"]
top = 1
[tool.worker-lint]
select = [
    "ABS101",  # abstract
    'ABS10',
]
per-role.test.ignore = ["A"]
tiers = { expected = ["a.B"], fatal = ["c.D"] }

[tool.worker-lint.rules."odd name"]
depth = 3

[tool . worker-lint . "per-file-ignores"]
"a.b/*.py" = ["STP"]
[[tool.other]]
select = ["ABS10"]
"""


@pytest.mark.parametrize(
    ("keys", "value", "line"),
    [
        (("select",), None, 4),
        (("select",), "ABS101", 5),
        (("select",), "ABS10", 6),
        (("select",), "missing", 4),
        (("per-role", "test", "ignore"), "A", 8),
        (("tiers", "fatal"), "c.D", 9),
        (("rules", "odd name"), None, 11),
        (("rules", "odd name", "depth"), None, 12),
        (("per-file-ignores", "a.b/*.py"), "STP", 15),
        (("unknown",), None, 3),
    ],
)
def test_place_in_a_pyproject(keys: tuple[str, ...], value: str | None, line: int) -> None:
    assert find_line(TEXT, ("tool", "worker-lint", *keys), value) == line


def test_nothing_is_found_in_nothing() -> None:
    assert find_line("", ("a",)) == 0
    assert find_line("b = 1", ("a",), "1") == 0


@given(st.text(), st.lists(st.text(max_size=5), min_size=1, max_size=3), st.none() | st.text(max_size=5))
def test_any_text_gives_a_line_of_it(text: str, keys: list[str], value: str | None) -> None:
    assert 0 <= find_line(text, tuple(keys), value) <= len(text.splitlines())
