"""From paths to a report: the run, what is new, the baseline, the exit code."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any

import msgspec

from worker_lint.cli.workbench import Refused, Workbench
from worker_lint.diagnostic import Diagnostic, Report, with_fingerprints
from worker_lint.engine.baseline import GONE_CODE, Baseline, apply_baseline, gone_entries, load_baseline
from worker_lint.engine.run import BUDGET_CODE, Outcome
from worker_lint.engine.session import Session
from worker_lint.engine.snapshot import Snapshot, of_files
from worker_lint.report.statistics import RuleCost, Statistics
from worker_lint.source.decode import Decoded, decode
from worker_lint.source.discover import Discovery
from worker_lint.source.history import Asked, ask_for_changes

_RANK = {"error": 0, "warning": 1, "note": 2}


class Answer(msgspec.Struct, frozen=True):
    """What a run says, ready to be rendered."""

    report: Report
    baselined: int
    read_line: Callable[[str, int], str | None]
    statistics: Statistics
    outcome: Outcome


def answer_for(bench: Workbench, paths: Sequence[Path], given: Mapping[str, Any]) -> Answer:
    """
    Runs the rules.

    Raises:
        Refused: there is nothing to check.
    """
    with bench.session() as session, progress_of(session), _asking(bench, given) as asked:
        options = bench.discovering()
        known = session.look_again(paths, bench.root, options)
        found = known[0] if known is not None else bench.discover(paths)
        snapshot = known[1] if known is not None else snapshot_of(found, given)
        outcome = _run(bench, session, snapshot, found, given, asked)
        session.note(bench.root, options)
    diagnostics, baselined = _without_baseline(bench, outcome, snapshot, enabled=bool(given.get("baseline", True)))
    if given.get("statistics") and outcome.given_up:
        notes = (item for item in with_fingerprints(outcome.given_up) if item.path in snapshot.wanted)
        diagnostics = tuple(sorted((*diagnostics, *notes), key=lambda item: item.sort_key))
    problems = (*found.problems, *outcome.problems)
    report = Report(diagnostics, problems, len(snapshot.wanted), outcome.unknown)
    return Answer(report, baselined, line_reader(snapshot), _statistics(session, outcome, bench), outcome)


def given_of(paths: Sequence[Path], given: Mapping[str, Any]) -> Sequence[Path]:
    """
    The paths that are asked about. Without any it is the working directory; but under --changed it
    is nothing, since pre-commit passes no path for a commit that only deletes files.
    """
    return paths or (() if given.get("changed") else (Path(),))


def snapshot_of(found: Discovery, given: Mapping[str, Any]) -> Snapshot:
    """
    The files as they lie there.

    Raises:
        Refused: there is nothing to check.
    """
    if not any(file.given for file in found.files) and not given.get("changed"):
        raise Refused([problem for problem in found.problems if problem.fatal] or list(found.problems))
    return of_files(found.files)


@contextmanager
def _asking(bench: Workbench, given: Mapping[str, Any]) -> Iterator[Asked | None]:
    """Under --changed git is asked at once, and answers while the files are looked at."""
    asked = ask_for_changes(str(bench.root)) if given.get("changed") else None
    try:
        yield asked
    finally:
        if asked is not None:
            asked.close()


def _run(
    bench: Workbench,
    session: Session,
    snapshot: Snapshot,
    found: Discovery,
    given: Mapping[str, Any],
    asked: Asked | None,
) -> Outcome:
    if given.get("changed"):
        from worker_lint.engine.changed import run_changed

        return run_changed(session, snapshot, found, str(bench.root), bench.exclude, asked)
    return session.run(snapshot)


def _without_baseline(
    bench: Workbench, outcome: Outcome, snapshot: Snapshot, *, enabled: bool
) -> tuple[tuple[Diagnostic, ...], int]:
    file = bench.settings.baseline
    if not enabled or not (bench.root / file).exists():
        return outcome.diagnostics, 0
    baseline = load_baseline(bench.root / file)
    applied = apply_baseline(outcome.diagnostics, baseline)
    gone = gone_entries(outcome.diagnostics, baseline, file, frozenset(snapshot.wanted))
    notes = with_fingerprints(gone) if gone and GONE_CODE in bench.plan().enabled else ()
    return tuple(sorted((*applied.diagnostics, *notes), key=lambda item: item.sort_key)), applied.baselined


def accepted_of(bench: Workbench, *, enabled: bool) -> Callable[[Outcome], tuple[Diagnostic, ...]]:
    """
    Gives the diagnostics of an outcome that the baseline does not hold.

    Raises:
        BaselineError: the baseline cannot be read.
    """
    baseline = load_baseline(bench.root / bench.settings.baseline) if enabled else Baseline()
    return lambda outcome: apply_baseline(outcome.diagnostics, baseline).diagnostics


def line_reader(snapshot: Snapshot) -> Callable[[str, int], str | None]:
    """Gives source lines for excerpts; None for what cannot be read."""

    @lru_cache(maxsize=64)
    def lines(path: str) -> tuple[str, ...]:
        try:
            decoded = decode(snapshot.read(path))
        except (OSError, KeyError):
            return ()
        return tuple(decoded.text.splitlines()) if isinstance(decoded, Decoded) else ()

    def read(path: str, line: int) -> str | None:
        found = lines(path)
        return found[line - 1] if 0 < line <= len(found) else None

    return read


def progress_of(session: Session) -> Any:
    """A progress bar on stderr for long cold runs, on a terminal only."""
    from worker_lint.cli.progress import progress

    return progress(session)


def _statistics(session: Session, outcome: Outcome, bench: Workbench) -> Statistics:
    names = {rule.code: rule.name for rule in bench.packs.rules}
    counts: dict[str, int] = {}
    for diagnostic in outcome.diagnostics:
        counts[diagnostic.code] = counts.get(diagnostic.code, 0) + 1
    costs = [RuleCost(code, names[code], seconds, counts.get(code, 0)) for code, seconds in outcome.rules.items()]
    return Statistics(
        session.seconds,
        sorted(costs, key=lambda cost: -cost.seconds),
        cache_hits=session.cached_reads,
        cache_misses=session.fresh_reads,
        unknown=Counter(item.message.partition(": ")[2] for item in outcome.given_up),
        processes=session.processes,
        opinions=outcome.opinions,
        largest=[(size.steps, f"{size.path}:{size.line}", size.name) for size in outcome.largest],
    )


def exit_code(bench: Workbench, answer: Answer, given: Mapping[str, Any]) -> int:
    """0, 1 or 2, as the documentation says; 2 wins."""
    if any(problem.fatal for problem in (*bench.notes, *answer.report.problems)):
        return 2
    if given.get("exit_zero"):
        return 0
    return int(fails(bench, answer.report.diagnostics, given))


def fails(bench: Workbench, diagnostics: Iterable[Diagnostic], given: Mapping[str, Any]) -> bool:
    """Whether one of the diagnostics is severe enough to fail; what `--statistics` adds never is."""
    worst = _RANK[bench.settings.fail_on]
    for diagnostic in diagnostics:
        if diagnostic.code == "WKL001":
            if given.get("strict_parse"):
                return True
        elif diagnostic.code != BUDGET_CODE and _RANK[diagnostic.severity] <= worst:
            return True
    return False
