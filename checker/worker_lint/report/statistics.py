"""
What `--statistics` tells on stderr: where the time went, what the cache gave, what stayed unknown.

Never part of a report: a report is the same on every machine.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final, TextIO

import msgspec

from worker_lint.report.cells import Line
from worker_lint.report.painting import paint
from worker_lint.report.summary import counted
from worker_lint.report.terminal import Terminal

MOST_RULES: Final = 15  # the dearest ones; the rest is one line
BAR: Final = 20


class RuleCost(msgspec.Struct, frozen=True):
    """The seconds that a rule took over the whole run, and how many diagnostics it gave."""

    code: str
    name: str
    seconds: float
    diagnostics: int


class Statistics(msgspec.Struct, frozen=True):
    """
    The measures of one run.

    `stages` are seconds in the order of the run, `unknown` counts the places without a verdict
    by reason, `peak_memory` is in bytes over all processes, 0 when it was not measured. `opinions`
    counts the findings that astroid was asked about by its verdict. `largest` are the functions with the most
    steps to follow: steps, place and name.
    """

    stages: Mapping[str, float] = msgspec.field(default_factory=dict)
    rules: Sequence[RuleCost] = ()
    cache_hits: int = 0
    cache_misses: int = 0
    unknown: Mapping[str, int] = msgspec.field(default_factory=dict)
    processes: int = 1
    peak_memory: int = 0
    opinions: Mapping[str, int] = msgspec.field(default_factory=dict)
    largest: Sequence[tuple[int, str, str]] = ()


def render_statistics(statistics: Statistics, terminal: Terminal, err: TextIO) -> None:
    """Write the measures as tables."""
    paint(_lines(statistics, terminal), terminal, err)


def _lines(statistics: Statistics, terminal: Terminal) -> Iterator[Line]:
    total = sum(statistics.stages.values())
    yield (("stages", "headline"), (f" {total:.3f} s in {counted(statistics.processes, 'process', 'es')}", "quiet"))
    for name, seconds in statistics.stages.items():
        yield _time_line(name, seconds, total, terminal)
    if statistics.rules:
        yield ()
        yield from _rule_lines(statistics.rules, terminal)
    if statistics.largest:
        yield ()
        yield (("functions", "headline"), (" with the most steps to follow", "quiet"))
        for steps, place, name in statistics.largest:
            yield ((f"  {steps:>9,}  {place} ", ""), (name, "quiet"))
    yield ()
    yield from _count_lines(statistics)


def _rule_lines(rules: Sequence[RuleCost], terminal: Terminal) -> Iterator[Line]:
    total = sum(rule.seconds for rule in rules)
    dearest = sorted(rules, key=lambda rule: (-rule.seconds, rule.code))
    yield (("rules", "headline"), (f" {total:.3f} s", "quiet"))
    for rule in dearest[:MOST_RULES]:
        found = (f"  {counted(rule.diagnostics, 'diagnostic')}", "quiet") if rule.diagnostics else ("", "")
        yield (*_time_line(f"{rule.code} {rule.name}", rule.seconds, total, terminal), found)
    rest = dearest[MOST_RULES:]
    if rest:
        seconds = sum(rule.seconds for rule in rest)
        diagnostics = counted(sum(rule.diagnostics for rule in rest), "diagnostic")
        yield (*_time_line(counted(len(rest), "other rule"), seconds, total, terminal), (f"  {diagnostics}", "quiet"))


def _time_line(name: str, seconds: float, total: float, terminal: Terminal) -> Line:
    share = seconds / total if total else 0.0
    bar = ("━" if terminal.drawing else "#") * round(share * BAR)
    return ((f"  {name:<42}", ""), (f"{seconds:>9.3f} s {share:>5.0%} ", ""), (bar, "related"))


def _count_lines(statistics: Statistics) -> Iterator[Line]:
    asked = statistics.cache_hits + statistics.cache_misses
    share = f" ({statistics.cache_hits / asked:.0%})" if asked else ""
    yield (("cache", "headline"), (f"    {statistics.cache_hits:,} of {counted(asked, 'answer')}{share}", ""))
    if statistics.peak_memory:
        yield (("memory", "headline"), (f"   {statistics.peak_memory / 1e6:,.0f} MB at most", ""))
    if statistics.opinions:
        told = ", ".join(f"{count:,} {verdict}" for verdict, count in sorted(statistics.opinions.items()))
        yield (("confirm", "headline"), (f"  {told}", ""))
    yield (("unknown", "headline"), (f"  {counted(sum(statistics.unknown.values()), 'place')} without a verdict", ""))
    for reason, count in sorted(statistics.unknown.items(), key=lambda item: (-item[1], item[0])):
        yield ((f"  {count:>9,}  {reason}", ""),)
