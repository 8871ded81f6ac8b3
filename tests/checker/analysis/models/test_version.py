from __future__ import annotations

import itertools

import pytest

from worker_lint.analysis.models.version import (
    ALWAYS,
    ANY_RELEASE,
    Change,
    Holding,
    ReleaseSpan,
    covers,
    parse_release,
)


@pytest.mark.parametrize(
    ("text", "release"),
    [
        ("1.4.4", (1, 4, 4)),
        ("2.0.0", (2,)),
        ("v3.11", (3, 11)),
        ("1!2.5", (2, 5)),
        ("1.4.0rc1", (1, 4)),
        ("2026.1.post2", (2026, 1)),
        ("0", (0,)),
        ("latest", None),
        ("", None),
    ],
)
def test_release_numbers(text: str, release: tuple[int, ...] | None) -> None:
    assert parse_release(text) == release


def test_a_change_between_two_releases_that_were_looked_at() -> None:
    change = Change.parse("1.2..1.4")
    assert change is not None
    assert [change.made(ReleaseSpan.exactly((1, minor))) for minor in (1, 2, 3, 4, 5)] == [
        "no",
        "no",
        "maybe",
        "yes",
        "yes",
    ]


@pytest.mark.parametrize("text", ["", "newest", "1.4..1.2", "1.4..1.4", "1.2..", "..1.4", "1.4rc1"])
def test_what_is_no_change(text: str) -> None:
    assert Change.parse(text) is None


def test_the_truth_over_a_span_is_the_truth_of_each_release_in_it() -> None:
    releases = [(number,) for number in range(1, 7)]
    changes = [None, *(Change(release) for release in releases), *(Change((n + 2,), (n,)) for n in range(1, 5))]
    for since, until in itertools.product(changes, changes):
        holding = Holding(since, until)
        for low, high in itertools.combinations_with_replacement(range(len(releases)), 2):
            each = {holding.holds(ReleaseSpan.exactly(release)) for release in releases[low : high + 1]}
            whole = holding.holds(ReleaseSpan(releases[low], releases[high]))
            if whole == "yes":
                assert each == {"yes"}
            if whole == "no":
                assert each == {"no"}


def test_an_open_span_leaves_a_later_change_open() -> None:
    assert Holding(since=Change((2,))).holds(ReleaseSpan((1,), None)) == "maybe"
    assert Holding(since=Change((2,))).holds(ReleaseSpan((2,), None)) == "yes"
    assert Holding(until=Change((2,))).holds(ReleaseSpan((2,), None)) == "no"
    assert Holding(since=Change((2,))).holds(ANY_RELEASE) == "maybe"
    assert ALWAYS.holds(ANY_RELEASE) == "yes"


def test_ranges_that_follow_one_another_cover_the_span() -> None:
    first, second = Holding(until=Change((3,))), Holding(since=Change((3,)))
    assert covers([first, second], ReleaseSpan((1,), (5,)))
    assert covers([second, first], ANY_RELEASE)
    assert covers([first], ReleaseSpan((1,), (2,)))


def test_a_gap_is_not_covered() -> None:
    early, late = Holding(until=Change((2,))), Holding(since=Change((4,)))
    assert not covers([early, late], ReleaseSpan((1,), (5,)))
    assert not covers([early], ReleaseSpan((1,), (5,)))
    assert not covers([], ANY_RELEASE)


def test_meeting_spans() -> None:
    assert ReleaseSpan((1,), None).meet(ReleaseSpan(None, (3,))) == ReleaseSpan((1,), (3,))
    assert ReleaseSpan((1,), (5,)).meet(ReleaseSpan((2,), (3,))) == ReleaseSpan((2,), (3,))
