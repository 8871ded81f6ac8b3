"""Format `gitlab`: a Code Quality report, shown by GitLab in merge requests."""

from __future__ import annotations

from typing import TextIO

from worker_lint.diagnostic import Diagnostic, Report, Severity
from worker_lint.report.context import RenderContext
from worker_lint.report.serial import dump_json

SEVERITIES: dict[Severity, str] = {"error": "critical", "warning": "major", "note": "info"}


def render(report: Report, context: RenderContext, out: TextIO) -> None:
    """Write the report as an array of Code Quality entries; GitLab has no place for problems of the run."""
    entries = ",\n  ".join(dump_json(_entry(diagnostic, context)) for diagnostic in report.diagnostics)
    out.write(f"[\n  {entries}\n]\n" if entries else "[]\n")


def _entry(diagnostic: Diagnostic, context: RenderContext) -> dict[str, object]:
    # GitLab shows the description alone: what happens must be in it.
    description = f"{diagnostic.message} ({diagnostic.consequence})" if diagnostic.consequence else diagnostic.message
    return {
        "type": "issue",
        "check_name": diagnostic.name,
        "description": f"{diagnostic.code} {description}",
        "content": {"body": diagnostic.help},
        "categories": ["Bug Risk"],
        "severity": SEVERITIES[diagnostic.severity],
        "fingerprint": diagnostic.fingerprint,
        "location": {
            "path": context.repository_prefix + diagnostic.path,
            "lines": {"begin": diagnostic.span.line, "end": diagnostic.span.end_line},
        },
    }
