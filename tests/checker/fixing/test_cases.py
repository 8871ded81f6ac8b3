"""The literate cases: each section of cases/*.md holds a file, the edits asked for, and the file after them."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

import worker_lint.rule
from worker_lint.fixing import apply_fixes
from worker_lint.rule import Fix, MemberStub
from worker_lint.source.parse import parse_module

_SECTION = re.compile(
    r"^## (?P<title>[^\n]+)\n(?P<prose>.*?)"
    r"^```before\n(?P<before>.*?)^```\n.*?"
    r"^```edits(?: path=(?P<path>\S+))?\n(?P<edits>.*?)^```\n.*?"
    r"^```after\n(?P<after>.*?)^```$",
    re.DOTALL | re.MULTILINE,
)


class Case(NamedTuple):
    before: str
    path: str
    edits: str
    after: str


def _cases() -> list[Any]:
    found = []
    for file in sorted((Path(__file__).parent / "cases").glob("*.md")):
        text = file.read_text(encoding="utf-8")
        sections = list(_SECTION.finditer(text))
        assert len(sections) == text.count("\n## "), f"{file.name}: a section is not complete"
        for section in sections:
            case = Case(section["before"], section["path"] or "orders/mail.py", section["edits"], section["after"])
            found.append(pytest.param(case, id=f"{file.stem}: {section['title']}"))
    return found


@pytest.fixture
def fix_of(places: Any, members: dict[str, MemberStub]) -> Callable[[Case, str], Fix]:
    """The fix of a case, its places looked up in this text."""

    def build(case: Case, source: str) -> Fix:
        names = {**vars(worker_lint.rule), **members, "at": places(source)}
        return Fix("as the case says", eval(f"({case.edits.strip().rstrip(',')},)", names))  # noqa: S307 - our own text

    return build


@pytest.mark.parametrize("case", _cases())
def test_edits_give_the_text_after(case: Case, fix_of: Callable[[Case, str], Fix]) -> None:
    applied = apply_fixes(case.before.encode(), [fix_of(case, case.before)], case.path)
    assert applied.refused == ()
    assert applied.new.decode() == case.after
    parse_module(case.after)


def _names_its_places(case: Any) -> bool:
    """Whether the places of a case can be found in the text after it."""
    return re.search(r"at\.text|\(\d", case.values[0].edits) is None


@pytest.mark.parametrize("case", [case for case in _cases() if _names_its_places(case)])
def test_asking_again_changes_nothing(case: Case, fix_of: Callable[[Case, str], Fix]) -> None:
    again = apply_fixes(case.after.encode(), [fix_of(case, case.after)], case.path)
    assert again.new.decode() == case.after
    assert [refusal.reason for refusal in again.refused] == ["already there"]
