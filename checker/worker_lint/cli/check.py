"""`worker-lint check`: read, analyse, report."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import click

from worker_lint.cli.options import checking_options, choices_of
from worker_lint.cli.outcome import Answer, answer_for, exit_code, given_of
from worker_lint.cli.workbench import Refused, Workbench, open_workbench, refusing, show_problems
from worker_lint.cli.writing import write_report
from worker_lint.report import FORMATS, summary_line, terminal_of
from worker_lint.report.terminal import ColourChoice

DEFAULT_FORMAT = "full"


@click.command("check")
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@checking_options
@click.option("--format", "-f", "form", type=click.Choice(list(FORMATS)), default=DEFAULT_FORMAT, show_default=True)
@click.option("--output-file", "-o", type=click.Path(path_type=Path, dir_okay=False), help="Write the report there.")
@click.option("--changed", is_flag=True, help="Report what is new since HEAD anywhere, and all in the files given.")
@click.option("--fix", is_flag=True, help="Repair first, as `worker-lint fix` does.")
@click.option("--diff", is_flag=True, help="With --fix: show the repairs and change nothing.")
@click.option("--unsafe", is_flag=True, help="With --fix: carry out unsafe repairs too.")
@click.option(
    "--baseline/--no-baseline", default=True, help="Leave out what the baseline accepts.  [default: baseline]"
)
@click.option("--strict-parse", is_flag=True, help="Fail on files that cannot be parsed.")
@click.option("--exit-zero", is_flag=True, help="Exit with 0 in spite of diagnostics.")
@click.option("--statistics", is_flag=True, help="Show on stderr where the time went.")
@click.option("--color", type=click.Choice(["auto", "always", "never"]), default="auto", show_default=True)
def command(paths: tuple[Path, ...], form: str, output_file: Path | None, **given: Any) -> None:
    """Check PATHS (default: the working directory)."""
    repaired = 0
    try:
        if given["fix"] or given["diff"]:
            from worker_lint.cli.fix import repair

            done = repair(paths, given)
            if given["diff"]:
                raise SystemExit(done.exit_code)
            repaired = 2 if done.failed else int(given["changed"] and bool(done.written))
        bench = open_workbench(paths or (Path(),), choices_of(given))
        with refusing():
            answer = answer_for(bench, given_of(paths, given), given)
        _write(bench, answer, form, output_file, given["color"])
    except Refused as refused:
        show_problems(refused.problems)
        raise SystemExit(2) from None
    show_problems((*bench.notes, *answer.report.problems))
    if form != "full":
        print(summary_line(answer.report, answer.baselined), file=sys.stderr)  # noqa: T201
    elif sys.stderr.isatty() and not (answer.report.diagnostics or bench.settings.preview or given["changed"]):
        print("what is only likely, and rules that are still tried out, come with --preview", file=sys.stderr)  # noqa: T201
    if given["statistics"]:
        _show_statistics(answer, given["color"])
    raise SystemExit(max(repaired, exit_code(bench, answer, given)))


def _write(bench: Workbench, answer: Answer, form: str, output_file: Path | None, colour: ColourChoice) -> None:
    write_report(
        bench,
        answer.report,
        answer.read_line,
        form=form,
        baselined=answer.baselined,
        colour=colour,
        output_file=output_file,
    )


def _show_statistics(answer: Answer, colour: ColourChoice) -> None:
    from worker_lint.report.statistics import render_statistics

    render_statistics(answer.statistics, terminal_of(sys.stderr, os.environ, colour), sys.stderr)
