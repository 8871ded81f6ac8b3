"""The resolution order is the one of Python, also where Python refuses, and needs no deep stack."""

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker_lint.analysis.mro import LIMIT, linearize

Bases = Mapping[str, tuple[str, ...]]


def order(bases: Bases, root: str) -> tuple[str, bool]:
    found = linearize(root, lambda name: bases.get(name, ()))
    assert found is not None
    return "".join(found[0]), found[1]


@pytest.mark.parametrize(
    ("bases", "expected"),
    [
        ({"C": ("B",), "B": ("A",)}, ("CBA", True)),
        ({"D": ("B", "C"), "B": ("A",), "C": ("A",)}, ("DBCA", True)),
        ({"D": ("A", "B"), "B": ("A",)}, ("DAB", False)),
        ({"D": ("B", "D")}, ("DB", False)),
        ({"D": ("C",), "C": ("D",)}, ("DC", False)),
    ],
)
def test_order(bases: Bases, expected: tuple[str, bool]) -> None:
    assert order(bases, "D" if "D" in bases else "C") == expected


@st.composite
def hierarchies(draw: st.DrawFn) -> list[tuple[int, ...]]:
    """For each class the indexes of its bases, all of them smaller than its own."""
    count = draw(st.integers(1, 7))
    return [
        tuple(draw(st.lists(st.integers(0, index - 1), unique=True, max_size=3))) if index else ()
        for index in range(count)
    ]


@given(hierarchies())
def test_python_has_the_same_order(hierarchy: list[tuple[int, ...]]) -> None:
    made: dict[int, type] = {}
    for index, bases in enumerate(hierarchy):
        found = linearize(index, lambda item: hierarchy[item])
        assert found is not None
        if any(base not in made for base in bases):
            continue
        try:
            made[index] = type(f"C{index}", tuple(made[base] for base in bases), {})
        except TypeError:
            assert not found[1]
            continue
        names = tuple(f"C{item}" for item in found[0])
        assert (names, found[1]) == (tuple(cls.__name__ for cls in made[index].__mro__[:-1]), True)


def test_a_chain_within_the_limit_needs_no_recursion() -> None:
    found = linearize(LIMIT - 1, lambda item: (item - 1,) if item else ())
    assert found == (tuple(range(LIMIT - 1, -1, -1)), True)


def test_too_many_classes_are_not_ordered() -> None:
    assert linearize(5 * LIMIT, lambda item: (item - 1,) if item else ()) is None
