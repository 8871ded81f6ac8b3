"""What becomes of a member that is used."""

from collections.abc import Callable, Mapping

import pytest

from worker_lint.analysis import Project
from worker_lint.analysis.member_use import member_uses


@pytest.mark.parametrize(
    ("line", "called", "fate"),
    [
        ("w.m()", True, "dropped"),
        ("w.m", False, "dropped"),
        ("await w.m()", True, "awaited"),
        ("x = w.m()", True, "other"),
        ("print(w.m())", True, "other"),
        ("return w.m()", True, "other"),
        ("if w.m(): pass", True, "operated"),
        ("x = w.m() + 1", True, "operated"),
        ("x = w.m.n", False, "operated"),
        ("x = w.m()[0]", True, "operated"),
        ("for x in w.m(): pass", True, "iterated"),
        ("async for x in w.m(): pass", True, "async iterated"),
        ("x = [y for y in w.m()]", True, "iterated"),
        ("with w.m(): pass", True, "entered"),
        ("x = w.m() if w else None", True, "other"),
        ("x = 1 if w.m() else None", True, "operated"),
        ("x = w or w.m()", True, "other"),
    ],
)
def test_fate(link: Callable[[Mapping[str, str]], Project], line: str, *, called: bool, fate: str) -> None:
    project = link({"worker.py": f"async def f(w):\n    {line}\n"})
    function = next(iter(project.functions_in("worker.py")))
    (use,) = member_uses(function, "m")
    assert (use.call is not None, use.fate) == (called, fate)


def test_uses_in_arguments_of_a_use(link: Callable[[Mapping[str, str]], Project]) -> None:
    project = link({"worker.py": "def f(w):\n    w.m(w.m(1))\n"})
    function = next(iter(project.functions_in("worker.py")))
    assert [use.fate for use in member_uses(function, "m")] == ["dropped", "other"]
