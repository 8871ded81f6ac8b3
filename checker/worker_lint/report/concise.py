"""Format `concise`: one line a diagnostic, `path:line:column: CODE name: message`."""

from __future__ import annotations

from typing import TextIO

from worker_lint.diagnostic import Diagnostic, Report
from worker_lint.report.context import RenderContext


def render(report: Report, context: RenderContext, out: TextIO) -> None:
    """Write the report for editors and eyes that look for one line each."""
    shown = context.terminal.displayable
    out.writelines(f"{shown(concise_line(diagnostic))}\n" for diagnostic in report.diagnostics)


def concise_line(diagnostic: Diagnostic) -> str:
    """Give the diagnostic as one line of text."""
    place = f"{diagnostic.path}:{diagnostic.span.line}:{diagnostic.span.column}"
    return f"{place}: {diagnostic.code} {diagnostic.name}: {diagnostic.message}"
