"""What a fix leaves alone, byte for byte, and what it takes over from its surroundings."""

from __future__ import annotations

import codecs
from typing import Any

import pytest

from worker_lint.fixing import apply_fixes
from worker_lint.rule import AddBase, Fix, ImportNeed, InsertMembers, MemberStub, Replace

LATIN = MemberStub("stop", "method", "self", "None", "Hält an.", "Worker")
CHINESE = MemberStub("stop", "method", "self", "None", "停止", "Worker")


@pytest.fixture
def stop_added(places: Any, members: dict[str, MemberStub]) -> Any:
    def apply(source: str) -> str:
        fix = Fix("t", (InsertMembers(places(source)("Mail"), (members["STOP"],)),))
        applied = apply_fixes(source.encode(), [fix], "mail.py")
        assert applied.applied == (fix,), applied.refused
        return applied.new.decode()

    return apply


@pytest.mark.parametrize("eol", ["\r\n", "\r", "\n"])
def test_new_lines_end_as_the_files_do(stop_added: Any, eol: str) -> None:
    source = f"import os{eol}{eol}class Mail(Worker):{eol}\tsize = 1{eol}"
    added = ["\tdef stop(self) -> None:", '\t\t"""Stops the loop."""', "\t\traise NotImplementedError", ""]
    assert stop_added(source) == source + eol.join(["", *added])


def test_mixed_line_ends_stay_and_new_lines_follow_their_neighbour(stop_added: Any) -> None:
    source = 'x = """a\rb\r\nc"""\nclass Mail(Worker):\r\n    size = 1\r\n\nclass Web: pass\n'
    before, _, after = source.partition("\r\n\nclass Web")
    result = stop_added(source)
    assert result.startswith(f"{before}\r\n\r\n    def stop(self) -> None:\r\n")
    assert result.endswith(f"\r\n\nclass Web{after}")


def test_a_missing_last_line_end_stays_missing(stop_added: Any) -> None:
    assert stop_added("class Mail(Worker): pass").endswith("        raise NotImplementedError")
    assert stop_added("class Mail(Worker):\n    x = 1\n  ").endswith("        raise NotImplementedError\n  ")


def test_form_feeds_stay_and_begin_the_indentation_anew(stop_added: Any) -> None:
    source = "\fimport os\f\n\f\nclass Mail(Worker):\n  \f  size = 1\n\f\n\fclass Web:\n    pass\n"
    result = stop_added(source)
    assert result == source.replace("size = 1\n", "size = 1\n\n" + STOP_TEXT)


STOP_TEXT = '''\
  def stop(self) -> None:
    """Stops the loop."""
    raise NotImplementedError
'''


def test_the_byte_order_mark_stays(places: Any) -> None:
    text = "class Mail(Worker): pass\n"
    fix = Fix("t", (AddBase(places(text)("Mail"), "ABC", ImportNeed("abc", "ABC")),))
    new = apply_fixes(codecs.BOM_UTF8 + text.encode(), [fix], "mail.py").new
    assert new == codecs.BOM_UTF8 + b"from abc import ABC\n\n\nclass Mail(Worker, ABC): pass\n"


def test_the_declared_encoding_is_written(places: Any) -> None:
    text = "# -*- coding: latin-1 -*-\nname = 'Müller'\nclass Mail(Worker): pass\n"
    fix = Fix("t", (InsertMembers(places(text)("Mail"), (LATIN,)),))
    new = apply_fixes(text.encode("latin-1"), [fix], "mail.py").new
    assert new.startswith(text.encode("latin-1")[:-6])
    assert "Hält an.".encode("latin-1") in new


def test_what_the_encoding_lacks_is_refused_and_the_rest_is_done(places: Any, members: dict[str, MemberStub]) -> None:
    text = "# coding: latin-1\nclass Mail(Worker): pass\nclass Web(Worker): pass\n"
    at = places(text)
    bad = Fix("t", (InsertMembers(at("Mail"), (CHINESE,)),))
    good = Fix("t", (InsertMembers(at("Web"), (members["STOP"],)),))
    applied = apply_fixes(text.encode("latin-1"), [bad, good], "mail.py")
    assert applied.applied == (good,)
    assert [(refusal.fix, refusal.reason) for refusal in applied.refused] == [(bad, "not encodable")]
    assert "停" in applied.refused[0].message
    assert b"class Mail(Worker): pass" in applied.new


def test_columns_count_code_points(places: Any) -> None:
    text = 'x = "größe 🎉"; raise NotImplemented\n'
    fix = Fix("t", (Replace(places(text).text("NotImplemented"), "NotImplementedError"),))
    assert apply_fixes(text.encode(), [fix], "mail.py").new.decode() == text.replace("ted\n", "tedError\n")


@pytest.mark.parametrize(
    ("source", "part"),
    [
        (b"# coding: nonsense\nclass Mail: pass\n", "nonsense"),
        (b"class Mail: '\xff'\n", "utf-8"),
        (b"class Mail(:\n", "line 1"),
        (b"print 'Python 2'\n", "line 1"),
        (b"class Mail:\0\n    pass\n", ""),
        (b"class Mail: pass\nx = " + b"-" * 100_000 + b"1\n", "nested"),
        (b"class Mail: pass\nx = " + b"+".join([b"a"] * 50_000) + b"\n", "nested"),
        (b"class Mail: pass\nx = " + b"(" * 5_000 + b")" * 5_000 + b"\n", ""),
        (b"class Mail: pass\nmatch x:\n    case " + b"[" * 40 + b"]" * 40 + b": pass\n", "nested"),
        (b"class Mail[T]: pass\nx = " + b"-" * 100_000 + b"1\n", "nested"),
        (b"class Mail: '''doc\n", "never closed"),
        (b"\\\nclass Mail: pass\n", "exactly"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_with_a_reason(source: bytes, part: str) -> None:
    fix = Fix("t", (AddBase((1, 1, 1, 12), "ABC"),))
    applied = apply_fixes(source, [fix], "mail.py")
    assert (applied.new, applied.applied) == (source, ())
    assert [refusal.reason for refusal in applied.refused] == ["unreadable"]
    assert part in applied.refused[0].message
    assert "\n" not in applied.refused[0].message
