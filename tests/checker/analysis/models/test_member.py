from __future__ import annotations

import pytest

from worker_lint.analysis.models.member import (
    MemberLineError,
    ModelMember,
    Parameter,
    Signature,
    merge_variants,
    parse_member_lines,
)
from worker_lint.analysis.models.version import Change, Holding


def one(line: str) -> ModelMember:
    (member,) = parse_member_lines(line)
    return member


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("def run(self)", "method"),
        ("async def run(self)", "async method"),
        ("generator def run(self)", "generator"),
        ("async generator def run(self)", "async generator"),
        ("class def make(cls)", "classmethod"),
        ("async class def make(cls)", "classmethod"),
        ("static def make()", "staticmethod"),
        ("property name", "property"),
        ("attribute name", "attribute"),
        ("field name", "attribute"),
    ],
)
def test_kinds(line: str, kind: str) -> None:
    assert one(line).kind == kind


def test_words() -> None:
    member = one("abstract stub async def run(self, key=None) since 1.2 until 3.0")
    assert member.abstract
    assert member.stub
    assert member.asynchronous
    assert not member.instance
    assert member.holding == Holding(Change((1, 2)), Change((3,)))
    assert one("settable property timeout").settable
    assert one("field queue").instance
    assert one("empty def close(self)").empty
    assert one("final def stop(self)").final


def test_names_share_a_line() -> None:
    assert [member.name for member in parse_member_lines("attribute a, b, c until 2.0")] == ["a", "b", "c"]


def test_a_member_that_is_switched_off() -> None:
    assert one("attribute __hash__ = None").none


def test_comments_and_empty_lines_are_passed_over() -> None:
    assert [member.name for member in parse_member_lines("\n# note\n  def a(self)\n\n")] == ["a"]


def test_an_unknown_signature() -> None:
    assert one("def poll").signature is None


def test_parameters() -> None:
    signature = Signature("(self, a, /, b, c=(1, 2), *rest, d, e=None, **more)")
    assert signature.parameters == (
        Parameter("self", "positional", True),
        Parameter("a", "positional", True),
        Parameter("b", "either", True),
        Parameter("c", "either", False),
        Parameter("rest", "*", False),
        Parameter("d", "keyword", True),
        Parameter("e", "keyword", False),
        Parameter("more", "**", False),
    )
    assert Signature("()").parameters == ()


@pytest.mark.parametrize(
    "line",
    ["run(self)", "def", "abstract run", "sealed def run(self)", "def run(self) since never", "def run(self) from 3"],
)
def test_lines_that_cannot_be_read(line: str) -> None:
    with pytest.raises(MemberLineError, match=r"member line"):
        list(parse_member_lines(line))


def test_variants_that_differ_in_their_signature_only() -> None:
    merged = merge_variants([one("stub def run(self)"), one("def run(self, key)")])
    assert merged is not None
    assert merged.signature is None
    assert not merged.stub


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("def run(self)", "async def run(self)"),
        ("def run(self)", "abstract def run(self)"),
        ("attribute x", "attribute x = None"),
    ],
)
def test_variants_that_differ_in_what_matters(first: str, second: str) -> None:
    assert merge_variants([one(first), one(second)]) is None
