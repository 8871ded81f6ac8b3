"""`worker-lint workers`: how the tool sees each worker, so that a reader can check it."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from worker_lint.analysis.workers.portrait import Portrait
from worker_lint.cli.outcome import snapshot_of
from worker_lint.cli.speaking import ColourChoice, exiting, refuse, say
from worker_lint.cli.workbench import Choices, Workbench, open_workbench, show_problems
from worker_lint.engine.portraits import portraits


@click.command("workers")
@click.argument("path", default=".", type=click.Path(path_type=Path))
@click.argument("name", default="")
@click.option("--format", "-f", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.option("--color", type=click.Choice(["auto", "always", "never"]), default="auto", show_default=True)
def command(path: Path, name: str, form: str, color: ColourChoice) -> None:
    """
    Show how the workers in PATH work and stop, or only those whose class has NAME in it.

    For each: methods that loop, handle and start; code that runs on other threads, in tasks, by
    signals; resources with the places where they are acquired and released; which error of a loop or
    handler is caught where, and what happens then; the stop as a timeline, with what happens when a
    step raises. A method is named with its line.
    """
    with exiting():
        bench = open_workbench((path,), Choices())
        found = _found(bench, path, name)
        if name and not found:
            refuse(f"no worker in {path} has {name!r} in its name", "leave the name out to see all of them")
    show_problems(bench.notes)
    if form == "json":
        from worker_lint.report.serial import dump_json
        from worker_lint.report.workers import worker_records

        sys.stdout.write(dump_json(worker_records(found)) + "\n")
    else:
        from worker_lint.report.workers import worker_lines

        say(worker_lines(found), color)


def _found(bench: Workbench, path: Path, name: str) -> list[Portrait]:
    snapshot = snapshot_of(bench.discover((path,)), {})
    with bench.session() as session:
        return portraits(session, snapshot, lambda symbol: name.lower() in symbol.lower())
