"""What assignments in a class body make of a name."""

from collections.abc import Callable

import pytest

from worker_lint.analysis import Class
from worker_lint.analysis.member import Member, members_of

Members = Callable[[str], dict[str, tuple[Member, ...]]]


@pytest.fixture
def members(class_named: Callable[[str, str], Class]) -> Members:
    """The members of a class with this body."""

    def found(body: str) -> dict[str, tuple[Member, ...]]:
        lines = "".join(f"    {line}\n" for line in body.splitlines())
        return members_of(class_named(f"from abc import abstractmethod\nclass C:\n{lines}", "C"))

    return found


def test_a_property_made_of_the_function_that_it_hides(members: Members) -> None:
    [member] = members("def x(self): ...\nx = property(x)")["x"]
    assert (member.kind, member.abstract) == ("property", False)


def test_the_mark_of_the_hidden_function_counts(members: Members) -> None:
    [member] = members("@abstractmethod\ndef x(self): ...\nx = property(x)")["x"]
    assert (member.kind, member.abstract) == ("property", True)


@pytest.mark.parametrize(
    "body", ["x = property(x)", "x = x", "a = property(b)\nb = property(a)", "x = property(property(x))"]
)
def test_names_that_lead_back_to_themselves_end(members: Members, body: str) -> None:
    assert all(not member.parts for found in members(body).values() for member in found)


@pytest.mark.parametrize(
    ("base", "own", "abstract"),
    [
        ("@property\n@abstractmethod\ndef x(self): ...", "@B.x.setter\ndef x(self, v): ...", True),
        ("@property\n@abstractmethod\ndef x(self): ...", "@B.x.getter\ndef x(self): ...", False),
        ("@property\ndef x(self): ...\n@x.setter\n@abstractmethod\ndef x(self, v): ...", "pass", True),
        (
            "@property\ndef x(self): ...\n@x.setter\n@abstractmethod\ndef x(self, v): ...",
            "@B.x.setter\ndef x(self, v): ...",
            False,
        ),
        (
            "@property\ndef x(self): ...\n@x.setter\n@abstractmethod\ndef x(self, v): ...",
            "@B.x.deleter\ndef x(self): ...",
            True,
        ),
        ("@property\ndef x(self): ...", "@B.x.setter\n@abstractmethod\ndef x(self, v): ...", True),
    ],
)
def test_a_part_of_an_inherited_property_is_replaced(
    class_named: Callable[[str, str], Class],
    base: str,
    own: str,
    abstract: bool,  # noqa: FBT001
) -> None:
    bodies = ["".join(f"    {line}\n" for line in body.splitlines()) for body in (base, own)]
    source = f"from abc import ABC, abstractmethod\nclass B(ABC):\n{bodies[0]}class C(B):\n{bodies[1]}"
    found = class_named(source, "C")
    assert set(found.project.hierarchy.abstract(found).left) == ({"x"} if abstract else set())
    assert {"x"} <= _python_says(source) if abstract else not _python_says(source)


def test_bases_in_branches_that_disagree_leave_it_open(class_named: Callable[[str, str], Class]) -> None:
    base = "    class B(ABC):\n        @property\n        {}\n        def x(self): ...\n"
    source = f"from abc import ABC, abstractmethod, final\nif u:\n{base.format('@abstractmethod')}else:\n"
    source += f"{base.format('@final')}class C(B):\n    @B.x.setter\n    def x(self, v): ...\n"
    [member] = members_of(class_named(source, "C"))["x"]
    assert member.abstract is None


def _python_says(source: str) -> frozenset[str]:
    names: dict[str, type] = {}
    exec(source, names)  # noqa: S102 - this test's own text: what Python does is the oracle
    return frozenset(names["C"].__abstractmethods__)  # type: ignore[attr-defined]
