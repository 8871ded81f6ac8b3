"""What counts as the same record: everything but places."""

import pytest

from worker_lint.engine.alike import are_alike, has_inner_classes, other_names
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


@pytest.mark.parametrize(
    ("added", "names"),
    [
        ("SIZE = 3\n", {"SIZE"}),
        ("SIZE: int = 3\nNAMES = ('a', SIZES)\n", {"SIZE", "NAMES"}),
        ("def send(mail):\n    return mail()\n", {"send"}),
        ("SIZE = 3\nSIZE = 4\n", set()),
        ("SIZE = Mail()\n", set()),
        ("SIZE, OTHER = 3, 4\n", set()),
        ("Mail.limit = 4\n", set()),
        ("@register\ndef send(mail):\n    return mail\n", set()),
        ("def send(mail):\n    class Inner: ...\n", set()),
        ("class Other: ...\n", set()),
        ("import os\n", set()),
        ("__all__ = ['Mail']\n", set()),
        ("def __getattr__(name):\n    return name\n", set()),
        ("print = 3\n", set()),
        ("Base = 3\n", set()),
        ("limit = 3\n", set()),
        ("if True:\n    SIZE = 3\n", set()),
    ],
    ids=str,
)
def test_names_that_came_or_went(added: str, names: set[str]) -> None:
    plain = parse_module(TEXT)
    for text in (f"{TEXT}\n\n{added}", TEXT.replace("import json\n", f"import json\n{added}")):
        assert other_names(plain, parse_module(text)) == other_names(parse_module(text), plain) == names


def test_a_record_that_differs_in_more_has_no_other_names() -> None:
    assert not other_names(parse_module(TEXT), parse_module(TEXT.replace("limit = 3", "limit = 4") + "SIZE = 3\n"))
    assert not other_names(parse_module(TEXT), parse_module(TEXT))
    stars = f"from stars import *\n{TEXT}"
    assert not other_names(parse_module(stars), parse_module(f"{stars}SIZE = 3\n"))
