"""`worker-lint fix`: repair what has a repair, show or write it, say what is left."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from worker_lint.cli.options import checking_options, choices_of
from worker_lint.cli.outcome import accepted_of, fails, given_of, line_reader, progress_of, snapshot_of
from worker_lint.cli.repair import Repair, repair_files
from worker_lint.cli.workbench import Refused, Workbench, open_workbench, refusing, show_problems
from worker_lint.cli.writing import write_report
from worker_lint.diagnostic import Problem, Report
from worker_lint.fixing import ChangedError, WriteError, unified_diff, write_atomically
from worker_lint.report.summary import counted
from worker_lint.source.content import content_id_of


@click.command("fix")
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@checking_options
@click.option("--unsafe", is_flag=True, help="Carry out unsafe repairs too.")
@click.option("--diff", is_flag=True, help="Show the repairs and change nothing.")
@click.option("--changed", is_flag=True, help="As a hook: fail when a file was repaired, so that it is looked at.")
@click.option("--baseline/--no-baseline", default=True, help="Leave alone what the baseline accepts.")
@click.option("--color", type=click.Choice(["auto", "always", "never"]), default="auto", show_default=True)
def command(paths: tuple[Path, ...], **given: Any) -> None:
    """
    Repair PATHS (default: the working directory; with --changed the changed files).

    What has no repair stays and is listed. Exit codes: 0 nothing is left; 1 diagnostics are left,
    --diff would change a file, or --changed did; 2 something could not be done.
    """
    try:
        done = repair(paths, given)
        if not given["diff"]:
            report = Report(done.state.left)
            write_report(done.bench, report, line_reader(done.state.snapshot), form="concise", colour=given["color"])
    except Refused as refused:
        show_problems(refused.problems)
        raise SystemExit(2) from None
    raise SystemExit(done.exit_code)


@dataclass(frozen=True, slots=True)
class Done:
    """What a repair came to: its end state, the files that were (or would be) written, the exit code."""

    bench: Workbench
    state: Repair
    written: tuple[str, ...]
    failed: bool
    exit_code: int


def repair(paths: Sequence[Path], given: Mapping[str, Any]) -> Done:
    """
    Repairs the files of the paths, or shows the repairs; the summary goes to stderr.

    Raises:
        Refused: there is nothing to repair, or the configuration cannot be used.
    """
    bench = open_workbench(paths or (Path(),), choices_of(given))
    with refusing():
        found = bench.discover(given_of(paths, given))
        snapshot = snapshot_of(found, given)
        if given["changed"] and not snapshot.wanted:
            from worker_lint.engine.changed import changed_paths, replace_wanted

            snapshot = replace_wanted(snapshot, changed_paths(snapshot, found, str(bench.root)))
        with bench.session() as session, progress_of(session):
            accept = accepted_of(bench, enabled=given["baseline"])
            state = repair_files(session, snapshot, accept, unsafe=given["unsafe"])
    problems = [*found.problems, *state.outcome.problems, *_refusals(state)]
    written = _show(state) if given["diff"] else _write(bench, state, problems)
    show_problems((*bench.notes, *problems))
    print(_summary(state, written, shown=given["diff"]), file=sys.stderr)  # noqa: T201
    failed = any(problem.fatal for problem in (*bench.notes, *problems))
    return Done(bench, state, tuple(written), failed, 2 if failed else _exit_code(bench, state, written, given))


def _show(state: Repair) -> list[str]:
    for path in state.changed:
        sys.stdout.write(unified_diff(path, state.old[path], state.new[path]))
    sys.stdout.flush()
    return state.changed


def _write(bench: Workbench, state: Repair, problems: list[Problem]) -> list[str]:
    """Writes the changed files; those that could not be written become problems."""
    written = []
    for path in state.changed:
        place = Path(state.snapshot.entries[path].absolute)
        try:
            write_atomically(place, state.new[path], content_id_of(state.old[path]), root=bench.root)
        except (ChangedError, WriteError) as error:
            problems.append(Problem(error.message, path, error.remedy))
        else:
            written.append(path)
    return written


def _refusals(state: Repair) -> Iterable[Problem]:
    for item in state.refused:
        place = f"{item.diagnostic.path}:{item.diagnostic.span.line}"
        yield Problem(f"{item.diagnostic.code} is not repaired: {item.message}", place, fatal=False)
    if not state.settled:
        yield Problem("the repairs did not come to an end", help="run `worker-lint fix` again", fatal=False)


def _summary(state: Repair, written: Iterable[str], *, shown: bool) -> str:
    files = list(written)
    number = sum(state.fixed.get(path, 0) for path in files)
    left = len(state.left) + sum(state.fixed.values()) - number
    return f"{'would fix' if shown else 'fixed'} {number:,} in {counted(len(files), 'file')}, left {left:,}"


def _exit_code(bench: Workbench, state: Repair, written: Sequence[str], given: Mapping[str, Any]) -> int:
    if given.get("exit_zero"):
        return 0
    return int((bool(written) and (given["diff"] or given["changed"])) or fails(bench, state.left, given))
