"""
One defect, one diagnostic.

A rule names whom it yields to. Where two rules speak of the same culprit (the same span, the
same class and member, the same resource and release), the one that yields becomes a note of the
winner. Rules that are off find nothing, so they never win.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace

from worker_lint.diagnostic import Diagnostic, Related
from worker_lint.engine.dispatch import Candidate


def resolve_precedence(candidates: Iterable[Candidate]) -> list[Candidate]:
    """The candidates that win, each with the losers' places as notes."""
    by_culprit: dict[tuple[str, ...], list[Candidate]] = defaultdict(list)
    for candidate in candidates:
        by_culprit[candidate.culprit].append(candidate)
    return [winner for group in by_culprit.values() for winner in _winners(group)]


def _winners(group: list[Candidate]) -> list[Candidate]:
    if len(group) == 1:
        return group
    present = {candidate.rule.code for candidate in group}
    losers = [candidate for candidate in group if present.intersection(_yields_to(candidate))]
    winners = [candidate for candidate in group if candidate not in losers]
    if not losers or not winners:
        return group
    first = min(winners, key=lambda candidate: candidate.diagnostic.sort_key)
    noted = replace(first, diagnostic=_with_notes(first.diagnostic, losers))
    return [noted if candidate is first else candidate for candidate in winners]


def _yields_to(candidate: Candidate) -> tuple[str, ...]:
    own = candidate.finding.yields_to
    return candidate.rule.yields_to if own is None else own


def _with_notes(winner: Diagnostic, losers: list[Candidate]) -> Diagnostic:
    known = {(note.path, note.span) for note in winner.related} | {(winner.path, winner.span)}
    notes = list(winner.related)
    for loser in sorted(losers, key=lambda candidate: candidate.diagnostic.sort_key):
        place = (loser.diagnostic.path, loser.diagnostic.span)
        if place not in known:
            known.add(place)
            notes.append(Related(*place, loser.diagnostic.message))
    return replace(winner, related=tuple(notes))
