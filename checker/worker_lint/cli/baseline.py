"""`worker-lint baseline`: accept what is there, so that only what is new fails."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from worker_lint.cli.options import checking_options, choices_of
from worker_lint.cli.outcome import progress_of, snapshot_of
from worker_lint.cli.speaking import exiting, tell
from worker_lint.cli.workbench import Workbench, open_workbench, refusing, show_problems
from worker_lint.diagnostic import clean_text
from worker_lint.engine.baseline import Entry, entry_of, load_baseline, write_entries
from worker_lint.report.summary import counted


@click.command("baseline")
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@checking_options
@click.option("--check", is_flag=True, help="Write nothing; exit with 1 if the baseline is not up to date.")
@click.option("--prune", is_flag=True, help="Only take out what is no longer found; accept nothing new.")
def command(paths: tuple[Path, ...], check: bool, prune: bool, **given: Any) -> None:  # noqa: FBT001  # by click
    """
    Write the baseline for PATHS (default: the working directory).

    Entries of other files stay, unless the file is gone. Commit the file; `worker-lint check`
    leaves out what it holds.
    """
    with exiting(), refusing():
        update = _update(open_workbench(paths or (Path(),), choices_of(given)), paths or (Path(),), prune=prune)
        show_problems(update.bench.notes)
        if not check:
            write_entries(update.file, update.after)
    failed = any(note.fatal for note in update.bench.notes)
    if check:
        _show(update)
    stale = bool(update.new or update.gone)
    verb = "would hold" if check else "holds"
    tell(
        f"{update.file.name} {verb} {counted(len(update.after), 'diagnostic')}: "
        f"{len(update.new):,} new, {len(update.gone):,} gone"
    )
    raise SystemExit(2 if failed else int(check and stale))


@dataclass(frozen=True, slots=True)
class Update:
    """What the baseline is to hold, and how that differs from what it holds."""

    bench: Workbench
    file: Path
    after: tuple[Entry, ...]
    new: tuple[Entry, ...]
    gone: tuple[Entry, ...]


def _update(bench: Workbench, paths: Sequence[Path], *, prune: bool) -> Update:
    found = bench.discover(paths)
    snapshot = snapshot_of(found, {})
    file = bench.root / bench.settings.baseline
    before = load_baseline(file).entries
    with bench.session() as session, progress_of(session):
        outcome = session.run(snapshot)
    bench.notes.extend((*found.problems, *outcome.problems))
    checked = frozenset(snapshot.wanted)
    present = [entry_of(item) for item in outcome.diagnostics]
    new = without(present, before)
    if prune:
        present = without(present, new)
    kept = [entry for entry in before if entry.path not in checked and entry.path in snapshot.entries]
    after = sorted((*present, *kept))
    return Update(bench, file, tuple(after), () if prune else tuple(new), tuple(without(before, after)))


def without(entries: Iterable[Entry], others: Iterable[Entry]) -> list[Entry]:
    """The entries that the others do not match; each of the others matches one of its fingerprint."""
    left = Counter(entry.fingerprint for entry in others)
    kept = []
    for entry in entries:
        if left[entry.fingerprint] > 0:
            left[entry.fingerprint] -= 1
        else:
            kept.append(entry)
    return kept


def _show(update: Update) -> None:
    """The difference on standard output, as a patch shows it."""
    signed = [("+", entry) for entry in update.new] + [("-", entry) for entry in update.gone]
    for sign, entry in sorted(signed, key=lambda pair: (pair[1], pair[0])):
        sys.stdout.write(clean_text(f"{sign} {entry.path}: {entry.code} {entry.symbol}: {entry.message}") + "\n")
