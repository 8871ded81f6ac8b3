"""Release numbers, spans of them, and the range in which a fact of a model holds."""

from __future__ import annotations

import re
from typing import Literal, NamedTuple

Release = tuple[int, ...]
Truth = Literal["yes", "no", "maybe"]

_NUMBERS = re.compile(r"v?(?:\d+!)?(\d+(?:\.\d+)*)")


def parse_release(text: str) -> Release | None:
    """
    The release part of a version as numbers, without trailing zeros: `1.4.0rc1` gives `(1, 4)`.

    Pre-release, post-release and local parts are left out: a model speaks of releases. None
    when the text does not begin with a number.
    """
    match = _NUMBERS.match(text.strip())
    if match is None:
        return None
    numbers = [int(part) for part in match.group(1).split(".")]
    while len(numbers) > 1 and numbers[-1] == 0:
        numbers.pop()
    return tuple(numbers)


class ReleaseSpan(NamedTuple):
    """The releases that may be in use, both ends included. None is an open end."""

    lowest: Release | None = None
    highest: Release | None = None

    @classmethod
    def exactly(cls, release: Release) -> ReleaseSpan:
        """The span of a pinned version."""
        return cls(release, release)

    def meet(self, other: ReleaseSpan) -> ReleaseSpan:
        """What both spans allow. An end that both know is the stricter one."""
        lows = [end for end in (self.lowest, other.lowest) if end is not None]
        highs = [end for end in (self.highest, other.highest) if end is not None]
        return ReleaseSpan(max(lows, default=None), min(highs, default=None))


ANY_RELEASE = ReleaseSpan()


class Change(NamedTuple):
    """
    A change that some release made: not yet made in `before`, made in `after`.

    Between the two it is unknown. An exact change has `before` None: it is made from `after` on.
    """

    after: Release
    before: Release | None = None

    @classmethod
    def parse(cls, text: str) -> Change | None:
        """The change written as `3.12`, or `1.2..1.4` where only two releases were looked at."""
        first, dots, second = text.partition("..")
        early, late = parse_release(first), parse_release(second)
        if not dots:
            return cls(early) if early is not None and _NUMBERS.fullmatch(first) else None
        if early is None or late is None or early >= late:
            return None
        return cls(late, early)

    def made(self, span: ReleaseSpan) -> Truth:
        """Whether every release of a closed span has the change, or none has it."""
        if span.lowest is not None and span.lowest >= self.after:
            return "yes"
        if span.highest is None:
            return "maybe"
        if self.before is None:
            return "no" if span.highest < self.after else "maybe"
        return "no" if span.highest <= self.before else "maybe"


class Holding(NamedTuple):
    """The range of releases in which a fact holds."""

    since: Change | None = None
    until: Change | None = None

    def holds(self, span: ReleaseSpan) -> Truth:
        """Whether the fact holds in all releases of the span, in none, or perhaps in some."""
        came: Truth = "yes" if self.since is None else self.since.made(span)
        went: Truth = "no" if self.until is None else self.until.made(span)
        if came == "no" or went == "yes":
            return "no"
        return "yes" if came == "yes" and went == "no" else "maybe"


ALWAYS = Holding()


def covers(holdings: list[Holding], span: ReleaseSpan) -> bool:
    """Whether in every release of the span one of the ranges holds, each beginning where another ends."""
    reached = [holding for holding in holdings if holding.since is None or holding.since.made(span) == "yes"]
    for _ in holdings:
        if any(holding.until is None or holding.until.made(span) == "no" for holding in reached):
            return True
        ends = {holding.until for holding in reached}
        reached = [holding for holding in holdings if holding.since in ends]
    return False
