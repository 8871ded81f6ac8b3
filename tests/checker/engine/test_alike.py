"""What counts as the same record: everything but places."""

import pytest

from worker_lint.engine.alike import are_alike, has_inner_classes
from worker_lint.source.parse import parse_module

TEXT = '''"""A module."""
import json
from base import Base


class Mail(Base):
    limit = 3

    def stop(self, *, now=False):
        return json.dumps(now)
'''


@pytest.mark.parametrize(
    "other",
    [f"# moved\n{TEXT}", TEXT.replace("dumps(now)", "loads(self)"), TEXT.replace("limit = 3", "limit  =  3"), TEXT],
)
def test_moved_code_and_other_bodies_are_alike(other: str) -> None:
    assert are_alike(parse_module(TEXT), parse_module(other))


@pytest.mark.parametrize(
    "other",
    [
        TEXT.replace("limit = 3", "limit = 4"),
        TEXT.replace("stop", "halt"),
        TEXT.replace("now=False", "now=True"),
        TEXT.replace("(Base)", "(Base, ABC)"),
        TEXT.replace("import json\n", ""),
        TEXT.replace("    limit = 3\n", "    limit = True\n"),
        f"{TEXT}\n\nMail()\n",
        TEXT.replace('"""A module."""', ""),
    ],
)
def test_other_declarations_are_not(other: str) -> None:
    assert not are_alike(parse_module(TEXT), parse_module(other))


def test_classes_in_functions_are_found_at_any_depth() -> None:
    assert not has_inner_classes(parse_module(TEXT))
    inner = "class A:\n    if True:\n        def f(self):\n            class B: ...\n            return B\n"
    assert has_inner_classes(parse_module(inner))
