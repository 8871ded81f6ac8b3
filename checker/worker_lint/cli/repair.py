"""
Repairing in memory: fixes are applied and checked again until nothing is left to apply.

Every pass works on bytes that this process holds, so that the spans of the fixes belong to them
whatever happens on disk meanwhile. Only the end result is written, file by file, each over the
content that it was made from; `--diff` shows the same result and writes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from worker_lint.diagnostic import Diagnostic
from worker_lint.engine.run import Outcome
from worker_lint.engine.session import Session
from worker_lint.engine.snapshot import Entry, Snapshot
from worker_lint.fixing import Refusal, apply_fixes
from worker_lint.rule import Fix
from worker_lint.source.content import content_id_of

PASSES: Final = 10
"""Rounds of repairs at most: a repair can make room for another, but two must not undo each other forever."""

Accept = Callable[[Outcome], tuple[Diagnostic, ...]]
"""Gives the diagnostics of an outcome that count: those that the baseline does not hold."""


@dataclass(frozen=True, slots=True)
class Refused:
    """A repair that could not be carried out: where it was wanted, and why not."""

    diagnostic: Diagnostic
    message: str


@dataclass(slots=True)
class Repair:
    """
    The state after all repairs: `old` and `new` bytes by path, how many repairs were carried out
    in each file, what could not be, and the diagnostics that are left.
    """

    snapshot: Snapshot
    outcome: Outcome
    old: dict[str, bytes] = field(default_factory=dict)
    new: dict[str, bytes] = field(default_factory=dict)
    fixed: dict[str, int] = field(default_factory=dict)
    refused: tuple[Refused, ...] = ()
    left: tuple[Diagnostic, ...] = ()
    settled: bool = True

    @property
    def changed(self) -> list[str]:
        """The paths of the files whose content is another one now."""
        return sorted(path for path, data in self.new.items() if data != self.old[path])


def repair_files(session: Session, snapshot: Snapshot, accept: Accept, *, unsafe: bool) -> Repair:
    """The repairs that the rules offer in the wanted files; unsafe ones only if asked for."""
    state = Repair(snapshot, session.run(snapshot, remember=False))
    wanted = _wanted_fixes(state.outcome, accept, unsafe=unsafe)
    for _ in range(PASSES):
        if _hold(state, wanted):
            state.outcome = session.run(state.snapshot, remember=False)
            wanted = _wanted_fixes(state.outcome, accept, unsafe=unsafe)
        refused = _apply(state, wanted)
        if refused is not None:
            state.refused = refused
            break
        state.outcome = session.run(state.snapshot, remember=False)
        wanted = _wanted_fixes(state.outcome, accept, unsafe=unsafe)
    else:
        state.settled = not wanted
    state.left = accept(state.outcome)
    return state


def _wanted_fixes(outcome: Outcome, accept: Accept, *, unsafe: bool) -> dict[str, dict[Fix, Diagnostic]]:
    """The fixes to carry out by path, each with the first diagnostic that asks for it."""
    wanted: dict[str, dict[Fix, Diagnostic]] = {}
    for diagnostic in accept(outcome):
        candidate = outcome.candidates.get(diagnostic.fingerprint)
        fix = candidate.finding.fix if candidate else None
        if fix is not None and (unsafe or fix.level == "safe"):
            wanted.setdefault(diagnostic.path, {}).setdefault(fix, diagnostic)
    return wanted


def _hold(state: Repair, wanted: Mapping[str, object]) -> bool:
    """Reads the files that are about to change; says whether any was not held before."""
    entries = dict(state.snapshot.entries)
    before = len(state.old)
    for path in sorted(set(wanted) - set(state.old)):
        try:
            data = state.snapshot.read(path)
        except OSError:
            continue  # it vanished: the next run says so
        state.old[path] = state.new[path] = data
        entries[path] = Entry(path, entries[path].absolute, content_id_of(data), data)
    state.snapshot = Snapshot(entries, state.snapshot.wanted)
    return len(state.old) > before


def _apply(state: Repair, wanted: Mapping[str, Mapping[Fix, Diagnostic]]) -> tuple[Refused, ...] | None:
    """One pass over all files; None if it changed something, else what was refused."""
    entries = dict(state.snapshot.entries)
    refused: list[Refused] = []
    changed = False
    for path, fixes in wanted.items():
        if path not in state.new:
            continue
        applied = apply_fixes(state.new[path], tuple(fixes), path)
        refused.extend(_refused(item, fixes) for item in applied.refused)
        if applied.new == state.new[path]:
            continue
        changed = True
        state.new[path] = applied.new
        state.fixed[path] = state.fixed.get(path, 0) + len(applied.applied)
        entries[path] = Entry(path, entries[path].absolute, content_id_of(applied.new), applied.new)
    state.snapshot = Snapshot(entries, state.snapshot.wanted)
    return None if changed else tuple(refused)


def _refused(refusal: Refusal, fixes: Mapping[Fix, Diagnostic]) -> Refused:
    return Refused(fixes[refusal.fix], refusal.message)
