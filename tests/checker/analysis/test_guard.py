"""What protects a statement."""

from collections.abc import Callable, Mapping

import pytest

from worker_lint.analysis import Function, Project
from worker_lint.analysis.guard import catches, in_finally, in_handler
from worker_lint.analysis.nesting import Placed, placed_statements
from worker_lint.source import ir

Link = Callable[[Mapping[str, str]], Project]


def _target(link: Link, body: str) -> tuple[Function, Placed]:
    """The function around, and the statement that calls `target`."""
    lines = "\n".join(f"    {line}" for line in body.splitlines())
    project = link({"a.py": f"from contextlib import suppress\ndef run(x):\n{lines}\n"})
    function = next(iter(project.functions_in("a.py")))
    for placed in placed_statements(function.body):
        statement = placed.statement
        if isinstance(statement, ir.Expression) and isinstance(statement.value, ir.Call):
            if ir.dotted_name(statement.value.func) == "target":
                return function, placed
    raise AssertionError("no call of target")


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("target()", False),
        ("try:\n    target()\nexcept OSError:\n    pass", True),
        ("try:\n    target()\nexcept (KeyError, OSError):\n    pass", True),
        ("try:\n    target()\nexcept Exception:\n    pass", True),
        ("try:\n    target()\nexcept:\n    pass", True),
        ("try:\n    target()\nexcept KeyError:\n    pass", False),
        ("try:\n    pass\nexcept OSError:\n    target()", False),
        ("try:\n    pass\nexcept OSError:\n    pass\nelse:\n    target()", False),
        ("try:\n    target()\nfinally:\n    pass", False),
        ("with suppress(OSError):\n    target()", True),
        ("with suppress(KeyError):\n    target()", False),
        ("with x(OSError):\n    target()", False),
        ("try:\n    if x:\n        target()\nexcept OSError:\n    pass", True),
    ],
)
def test_catches(body: str, expected: bool, link: Link) -> None:  # noqa: FBT001 - a parameter
    function, placed = _target(link, body)
    assert catches(function, placed, ("OSError",)) is expected


def test_the_clause_around(link: Link) -> None:
    _, placed = _target(link, "try:\n    pass\nexcept OSError:\n    if x:\n        target()")
    handler = in_handler(placed)
    assert handler is not None
    assert ir.dotted_name(handler.exception) == "OSError"
    assert in_finally(placed) is None


def test_the_finally_around(link: Link) -> None:
    _, placed = _target(link, "try:\n    pass\nfinally:\n    target()")
    assert in_finally(placed) is not None
    assert in_handler(placed) is None
