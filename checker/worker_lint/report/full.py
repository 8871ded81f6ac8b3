"""Format `full`: everything a person needs to understand and repair a defect, in one look."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TextIO

from worker_lint.diagnostic import Diagnostic, Report
from worker_lint.report.cells import Line, Piece, with_code, wrap
from worker_lint.report.context import RenderContext
from worker_lint.report.excerpt import Excerpt
from worker_lint.report.painting import paint
from worker_lint.report.summary import fix_line, summary_line

LABEL_WIDTH = 8


def render(report: Report, context: RenderContext, out: TextIO) -> None:
    """Write the report for a person, with a summary at its end."""
    paint(_report_lines(report, context), context.terminal, out)


def diagnostic_lines(diagnostic: Diagnostic, context: RenderContext) -> Iterator[Line]:
    """Lay out one diagnostic: headline, source with its spans, consequence, help, where to read more."""
    excerpt = Excerpt(diagnostic, context)
    yield (
        (diagnostic.severity, diagnostic.severity),
        (f" {diagnostic.code}", "rule"),
        (f" {diagnostic.name}", "name"),
        *([(" (likely)", "quiet")] if diagnostic.confidence == "likely" else []),
    )
    headline = context.terminal.displayable(diagnostic.message)
    yield from with_code(wrap(headline, context.terminal.width), "headline", "headline code")
    yield from excerpt.lines()
    yield excerpt.margin(excerpt.frame.side)
    items = [(label, text) for label, text in _items(diagnostic) if text]
    for number, (label, text) in enumerate(items, start=1):
        start = excerpt.frame.last if number == len(items) else excerpt.frame.item
        yield from _item(label, text, excerpt, start)


def _items(diagnostic: Diagnostic) -> Iterator[tuple[str, str]]:
    yield "because", diagnostic.consequence
    yield "help", diagnostic.help
    if diagnostic.fix:
        yield "fix", f"`worker-lint fix` ({diagnostic.fix.level}): {diagnostic.fix.title}"
    yield "more", f"`worker-lint explain {diagnostic.name}`"


def _item(label: str, text: str, excerpt: Excerpt, start: str) -> Iterator[Line]:
    terminal, frame = excerpt.context.terminal, excerpt.frame
    room = max(terminal.width - excerpt.gutter - LABEL_WIDTH - 3, 20)
    shown = "\n".join(terminal.displayable(line) for line in text.splitlines())
    following = " " if start == frame.last else frame.side
    style = "help" if label in {"help", "fix"} else "label"
    for number, line in enumerate(with_code(wrap(shown, room))):
        head: Piece = (f" {label:<{LABEL_WIDTH}}" if number == 0 else " " * (LABEL_WIDTH + 1), style)
        yield (*excerpt.margin(following if number else start), head, *line)


def _report_lines(report: Report, context: RenderContext) -> Iterator[Line]:
    for diagnostic in report.diagnostics:
        yield from diagnostic_lines(diagnostic, context)
        yield ()
    yield ((summary_line(report, context.baselined), "headline"),)
    fixes = fix_line(report)
    if fixes:
        yield from with_code([fixes])
