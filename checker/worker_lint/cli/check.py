"""`worker-lint check`: read, analyse, report."""

from __future__ import annotations

import os
import sys
from contextlib import nullcontext
from pathlib import Path
from typing import Any, TextIO

import click

from worker_lint.cli.options import checking_options, choices_of
from worker_lint.cli.outcome import Answer, answer_for, exit_code
from worker_lint.cli.version import VERSION
from worker_lint.cli.workbench import Refused, Workbench, open_workbench, refusing, show_problems
from worker_lint.diagnostic import Problem
from worker_lint.report import FORMATS, RenderContext, RuleMeta, load_renderer, summary_line, terminal_of
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
    places = paths or (Path(),)
    try:
        if given["fix"] or given["diff"]:
            from worker_lint.cli.fix import repair

            code = repair(places, given)
            if given["diff"]:
                raise SystemExit(code)
        bench = open_workbench(places, choices_of(given))
        with refusing():
            answer = answer_for(bench, places, given)
    except Refused as refused:
        show_problems(refused.problems)
        raise SystemExit(2) from None
    _write(bench, answer, form, output_file, given["color"])
    show_problems((*bench.notes, *answer.report.problems))
    if form != "full":
        print(summary_line(answer.report, answer.baselined), file=sys.stderr)  # noqa: T201
    if given["statistics"]:
        _show_statistics(answer, given["color"])
    raise SystemExit(exit_code(bench, answer, given))


def _write(bench: Workbench, answer: Answer, form: str, output_file: Path | None, colour: ColourChoice) -> None:
    render = load_renderer(form)
    try:
        target: Any = output_file.open("w", encoding="utf-8", newline="\n") if output_file else nullcontext(sys.stdout)
    except OSError as error:
        show_problems([Problem(f"cannot be written: {error.strerror}", str(output_file), "choose another file")])
        raise SystemExit(2) from None
    with target as out:
        render(answer.report, _context(bench, answer, out, colour), out)
        out.flush()


def _context(bench: Workbench, answer: Answer, out: TextIO, colour: ColourChoice) -> RenderContext:
    metas = {
        rule.code: RuleMeta(
            rule.code, rule.name, rule.summary, rule.severity, bench.plan().url_of(rule.name), rule.page
        )
        for rule in bench.packs.rules
    }
    terminal = terminal_of(out, os.environ, colour)
    prefix = repository_prefix(bench.root)
    return RenderContext(VERSION, "worker-lint", metas, answer.read_line, terminal, prefix, answer.baselined)


def repository_prefix(root: Path) -> str:
    """The project root as seen from the root of its repository, with a slash at the end; empty if it is that root."""
    for folder in (root, *root.parents):
        if (folder / ".git").exists():
            inside = root.relative_to(folder).as_posix()
            return "" if inside == "." else f"{inside}/"
    return ""


def _show_statistics(answer: Answer, colour: ColourChoice) -> None:
    from worker_lint.report.statistics import render_statistics

    render_statistics(answer.statistics, terminal_of(sys.stderr, os.environ, colour), sys.stderr)
