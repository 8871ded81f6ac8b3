"""
Format `json`: the records other programs build upon.

Their shape is versioned: within one version keys are only ever added (docs/versioning.md).
One diagnostic stands on one line, so that two reports can be compared line by line.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final, Literal, TextIO, TypedDict

from worker_lint.diagnostic import Confidence, Diagnostic, FixLevel, Problem, Related, Report, Severity, Span
from worker_lint.report.context import RenderContext
from worker_lint.report.serial import dump_json

VERSION: Final = 1


class SpanRecord(TypedDict):
    """Lines and columns count from 1, columns in code points, the end column is exclusive."""

    line: int
    column: int
    end_line: int
    end_column: int


class RelatedRecord(SpanRecord):
    """A second place that explains a diagnostic."""

    path: str
    message: str


class FixRecord(TypedDict):
    """A repair that `worker-lint fix` offers."""

    level: FixLevel
    title: str


class DiagnosticRecord(SpanRecord):
    """One diagnostic; `path` is relative to the project root."""

    code: str
    name: str
    severity: Severity
    confidence: Confidence
    path: str
    message: str
    consequence: str
    help: str
    symbol: str
    fingerprint: str
    url: str
    related: list[RelatedRecord]
    fix: FixRecord | None


class ErrorRecord(TypedDict):
    """Something the run could not do; a fatal one makes the exit code 2."""

    message: str
    path: str
    help: str
    fatal: bool


class ToolRecord(TypedDict):
    """The tool that wrote the report."""

    name: str
    version: str


class SummaryRecord(TypedDict):
    """How many files were checked, diagnostics found, and places where a verdict was not possible."""

    files: int
    diagnostics: int
    unknown: int


class ReportRecord(TypedDict):
    """The whole document."""

    version: Literal[1]
    tool: ToolRecord
    diagnostics: list[DiagnosticRecord]
    errors: list[ErrorRecord]
    summary: SummaryRecord


def render(report: Report, context: RenderContext, out: TextIO) -> None:
    """Write the report as one JSON document."""
    record = report_record(report, context)
    lines: Mapping[str, str] = {
        "version": dump_json(record["version"]),
        "tool": dump_json(record["tool"]),
        "diagnostics": _one_a_line(record["diagnostics"]),
        "errors": _one_a_line(record["errors"]),
        "summary": dump_json(record["summary"]),
    }
    out.write("{" + ",\n".join(f'"{key}": {text}' for key, text in lines.items()) + "}\n")


def report_record(report: Report, context: RenderContext) -> ReportRecord:
    """Give the whole report as plain records."""
    return {
        "version": VERSION,
        "tool": {"name": context.tool, "version": context.version},
        "diagnostics": [diagnostic_record(diagnostic) for diagnostic in report.diagnostics],
        "errors": [_error_record(problem) for problem in report.problems],
        "summary": {"files": report.files, "diagnostics": len(report.diagnostics), "unknown": report.unknown},
    }


def diagnostic_record(diagnostic: Diagnostic) -> DiagnosticRecord:
    """Give one diagnostic as a plain record."""
    return {
        "code": diagnostic.code,
        "name": diagnostic.name,
        "severity": diagnostic.severity,
        "confidence": diagnostic.confidence,
        "path": diagnostic.path,
        **_span_record(diagnostic.span),
        "message": diagnostic.message,
        "consequence": diagnostic.consequence,
        "help": diagnostic.help,
        "symbol": diagnostic.symbol,
        "fingerprint": diagnostic.fingerprint,
        "url": diagnostic.url,
        "related": [_related_record(related) for related in diagnostic.related],
        "fix": {"level": diagnostic.fix.level, "title": diagnostic.fix.title} if diagnostic.fix else None,
    }


def _span_record(span: Span) -> SpanRecord:
    return {"line": span.line, "column": span.column, "end_line": span.end_line, "end_column": span.end_column}


def _related_record(related: Related) -> RelatedRecord:
    return {"path": related.path, **_span_record(related.span), "message": related.message}


def _error_record(problem: Problem) -> ErrorRecord:
    return {"message": problem.message, "path": problem.path, "help": problem.help, "fatal": problem.fatal}


def _one_a_line(records: Iterable[object]) -> str:
    lines = ",\n  ".join(dump_json(record) for record in records)
    return f"[\n  {lines}\n]" if lines else "[]"
