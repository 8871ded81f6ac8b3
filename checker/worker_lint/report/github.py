"""
Format `github`: workflow commands, which GitHub Actions turns into annotations.

Only the message reaches the log of the job, so the place is repeated in it.
"""

from __future__ import annotations

from typing import TextIO

from worker_lint.diagnostic import Diagnostic, Problem, Report, Severity
from worker_lint.report.context import RenderContext

COMMANDS: dict[Severity, str] = {"error": "error", "warning": "warning", "note": "notice"}

# What the runner decodes again in the data and the properties of a command; anything else that
# is not printable never gets this far.
IN_DATA = str.maketrans({"%": "%25", "\r": "%0D", "\n": "%0A"})
IN_PROPERTY = str.maketrans({"%": "%25", "\r": "%0D", "\n": "%0A", ":": "%3A", ",": "%2C"})


def render(report: Report, context: RenderContext, out: TextIO) -> None:
    """Write one workflow command for each diagnostic and each thing the run could not do."""
    out.writelines(f"{_command(diagnostic, context)}\n" for diagnostic in report.diagnostics)
    out.writelines(f"{_problem_command(problem, context)}\n" for problem in report.problems)


def _command(diagnostic: Diagnostic, context: RenderContext) -> str:
    path, span = context.repository_prefix + diagnostic.path, diagnostic.span
    properties = {
        "file": path,
        "line": str(span.line),
        "endLine": str(span.end_line),
        "col": str(span.column),
        "endColumn": str(span.end_column),
        "title": f"{context.tool} {diagnostic.code} {diagnostic.name}",
    }
    if span.end_line != span.line:  # columns of different lines mean nothing to an annotation
        del properties["col"], properties["endColumn"]
    lines = (
        f"{path}:{span.line}:{span.column}: {diagnostic.code} {diagnostic.message}",
        diagnostic.consequence,
        f"help: {diagnostic.help}" if diagnostic.help else "",
        *(f"{place.path}:{place.span.line}: {place.message}" for place in diagnostic.related),
    )
    return _compose(COMMANDS[diagnostic.severity], properties, lines, context)


def _problem_command(problem: Problem, context: RenderContext) -> str:
    properties = {"file": context.repository_prefix + problem.path} if problem.path else {}
    properties["title"] = context.tool
    lines = (problem.message, f"help: {problem.help}" if problem.help else "")
    return _compose("error" if problem.fatal else "notice", properties, lines, context)


def _compose(command: str, properties: dict[str, str], lines: tuple[str, ...], context: RenderContext) -> str:
    shown = context.terminal.displayable
    written = ",".join(f"{key}={shown(value).translate(IN_PROPERTY)}" for key, value in properties.items())
    data = "\n".join(shown(line) for line in lines if line)
    return f"::{command} {written}::{data.translate(IN_DATA)}"
