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
