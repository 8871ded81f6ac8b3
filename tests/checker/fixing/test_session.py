"""Several fixes in one file: order, conflicts, all or nothing, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from worker_lint.fixing import apply_fixes
from worker_lint.rule import (
    NEEDED,
    AddBase,
    AddDecorator,
    Fix,
    ImportNeed,
    InsertMembers,
    MemberStub,
    MoveDecorator,
    RemoveStatement,
    Replace,
)

SOURCE = """\
class Mail(Worker):
    size = 1


class Web(Worker, metaclass=Meta):
    @traced
    def run(self): raise NotImplemented
"""

ABC = ImportNeed("abc", "ABC")


@pytest.fixture
def at(places: Any) -> Any:
    return places(SOURCE)


def test_fixes_that_do_not_meet_are_applied_together(at: Any, members: dict[str, MemberStub]) -> None:
    fixes = [
        Fix("one", (InsertMembers(at("Mail"), (members["HANDLE"],)),)),
        Fix("two", (AddBase(at("Mail"), "ABC", ABC),)),
        Fix("three", (InsertMembers(at("Web"), (members["MAKE"],)), AddBase(at("Web"), "ABC", ABC))),
        Fix("four", (Replace(at.text("NotImplemented"), "NotImplementedError"),)),
    ]
    applied = apply_fixes(SOURCE.encode(), fixes, "orders/mail.py")
    assert applied.applied == tuple(fixes)
    new = applied.new.decode()
    assert new.startswith("from abc import ABC\n\n\nclass Mail(Worker, ABC):\n")
    assert "class Web(Worker, ABC, metaclass=Meta):" in new
    assert "raise NotImplementedError\n" in new


def test_the_first_of_two_that_meet_wins_and_the_other_waits(at: Any, members: dict[str, MemberStub]) -> None:
    first = Fix("one", (InsertMembers(at("Mail"), (members["RUN"],)),))
    second = Fix("two", (InsertMembers(at("Mail"), (members["STOP"],)), AddBase(at("Mail"), "ABC", ABC)))
    applied = apply_fixes(SOURCE.encode(), [first, second], "mail.py")
    assert applied.applied == (first,)
    assert [(refusal.fix, refusal.reason) for refusal in applied.refused] == [(second, "conflict")]
    new = applied.new.decode()
    assert "ABC" not in new, "all edits of a fix or none"
    assert "def stop" not in new


def test_a_second_pass_takes_what_waited(places: Any, at: Any, members: dict[str, MemberStub]) -> None:
    first = Fix("one", (InsertMembers(at("Mail"), (members["RUN"],)),))
    second = Fix("two", (InsertMembers(at("Mail"), (members["STOP"],)),))
    once = apply_fixes(SOURCE.encode(), [first, second], "mail.py").new.decode()
    again = Fix("two", (InsertMembers(places(once)("Mail"), (members["STOP"],)),))
    twice = apply_fixes(once.encode(), [again], "mail.py").new.decode()
    assert twice.index("def run") < twice.index("def stop") < twice.index("class Web")


def test_imports_of_several_fixes_become_one(places: Any, members: dict[str, MemberStub]) -> None:
    source = "class Mail(Worker): pass\nclass Web(Worker): pass\n"
    at = places(source)
    fixes = [Fix("t", (InsertMembers(at(name), (members["HANDLE"], members["MAKE"])),)) for name in ("Mail", "Web")]
    new = apply_fixes(source.encode(), fixes, "mail.py").new.decode()
    assert new.startswith("from typing import Any, Self\n\nfrom orders.base import Message\n\n\nclass Mail")
    assert new.count("import") == 2


@pytest.mark.parametrize(
    ("edit", "reason", "part"),
    [
        (InsertMembers((2, 5, 2, 9), ()), "not found", "line 2, column 5"),
        (AddBase((1, 1, 9, 9), "ABC"), "not found", "to line 9"),
        (AddBase((99, 1, 99, 9), "ABC"), "not found", "line 99"),
        (AddDecorator((1, 1, 2, 13), "final"), "not found", "no function"),
        (InsertMembers((6, 5, 7, 40), ()), "not found", "no class"),
        (RemoveStatement((2, 6, 2, 13)), "not found", "line 2"),
        (RemoveStatement((3, 80, 3, 90)), "not found", "column 80"),
        (MoveDecorator((6, 5, 7, 40), (1, 1, 1, 2)), "not found", "decorator"),
        (Replace((2, 6, 2, 9), "x"), "not found", "inside a name"),
        (Replace((2, 9, 2, 5), "x"), "not found", "ends before"),
        (AddBase((5, 1, 7, 40), "Other", keyword="metaclass"), "unsuitable", "metaclass=Meta"),
        (AddBase((1, 1, 2, 13), "not a base"), "would not parse", "no Python"),
        (
            InsertMembers((1, 1, 2, 13), (MemberStub("x", "method", "self, 1", "", "", ""),)),
            "would not parse",
            "self, 1",
        ),
        (InsertMembers((1, 1, 2, 13), (MemberStub("def", "method", "self", "", "", ""),)), "would not parse", "def"),
        (Replace((2, 5, 2, 13), "size = ("), "would not parse", "line"),
    ],
)
def test_what_cannot_be_done_is_refused_alone(at: Any, edit: Any, reason: str, part: str) -> None:
    good = Fix("good", (Replace(at.text("NotImplemented"), "NotImplementedError"),))
    bad = Fix("bad", (edit,))
    applied = apply_fixes(SOURCE.encode(), [bad, good], "mail.py")
    assert applied.applied == (good,)
    assert [(refusal.fix, refusal.reason) for refusal in applied.refused] == [(bad, reason)]
    assert part in applied.refused[0].message
    assert applied.new.decode() == SOURCE.replace("NotImplemented", "NotImplementedError")


def test_a_hostile_summary_stays_inside_its_docstring(at: Any, members: dict[str, MemberStub]) -> None:
    evil = replace(members["STOP"], summary='Ends """\nimport os; os.abort()\n"""\\')
    attribute = replace(members["QUEUE"], summary="x\rimport os; os.abort()")
    applied = apply_fixes(SOURCE.encode(), [Fix("t", (InsertMembers(at("Mail"), (evil, attribute)),))], "mail.py")
    new = applied.new.decode()
    assert '"""Ends " import os; os.abort() "\\\\"""' in new
    assert "    # x import os; os.abort()\n    queue" in new


def test_a_stale_span_changes_no_other_name(at: Any) -> None:
    fix = Fix("t", (Replace(at.text("NotImplemented"), "NotImplementedError"),))
    once = apply_fixes(SOURCE.encode(), [fix], "mail.py")
    twice = apply_fixes(once.new, [fix], "mail.py")
    assert twice.new == once.new
    assert [refusal.reason for refusal in twice.refused] == ["already there"]


def test_no_fix_no_change() -> None:
    assert apply_fixes(b"x = (", [], "mail.py").new == b"x = ("


CATCH = "import redis.exceptions\n\ntry: get()\nexcept OSError: pass\n"


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (CATCH, "import redis.exceptions\n\ntry: get()\nexcept redis.exceptions.ConnectionError: pass\n"),
        (
            CATCH.replace("import redis.exceptions\n\n", "import redis \n"),
            "import redis \nfrom redis.exceptions import ConnectionError as Lost\n\ntry: get()\nexcept Lost: pass\n",
        ),
    ],
)
def test_a_replaced_name_brings_its_import(source: str, expected: str) -> None:
    line = next(number for number, text in enumerate(source.splitlines(), 1) if "OSError" in text)
    need = ImportNeed("redis.exceptions", "ConnectionError", "Lost")
    fix = Fix("name it", (Replace((line, 8, line, 15), NEEDED, need),))
    once = apply_fixes(source.encode(), [fix], "mail.py")
    assert once.new.decode() == expected
