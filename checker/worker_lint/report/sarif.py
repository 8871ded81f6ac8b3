"""
Format `sarif`: the Static Analysis Results Interchange Format, OASIS standard 2.1.0.

Rule metadata is in sarif_rules.py.
"""

from __future__ import annotations

from typing import Any, Final, TextIO
from urllib.parse import quote

from worker_lint.diagnostic import Diagnostic, Problem, Report, Severity, Span
from worker_lint.report.context import RenderContext
from worker_lint.report.sarif_rules import message_text, rule_descriptors
from worker_lint.report.serial import dump_json

SCHEMA: Final = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
ROOT: Final = "%SRCROOT%"  # the base that code hosts resolve against the checkout
FINGERPRINT: Final = "workerLint/v1"

Node = dict[str, Any]


def render(report: Report, context: RenderContext, out: TextIO) -> None:
    """Write the report as one SARIF log with one run."""
    head = dump_json({"$schema": SCHEMA, "version": "2.1.0"})[:-1]
    rules = rule_descriptors(report, context)
    indexes = {str(rule["id"]): index for index, rule in enumerate(rules)}
    parts = {
        "tool": dump_json({"driver": {"name": context.tool, "version": context.version, "rules": rules}}),
        "columnKind": dump_json("unicodeCodePoints"),
        "originalUriBaseIds": dump_json({ROOT: {"description": {"text": "The root of the repository."}}}),
        "invocations": dump_json([_invocation(report, context)]),
        "results": _one_a_line([_result(item, indexes[item.code], context) for item in report.diagnostics]),
    }
    run = ",\n".join(f'"{key}": {text}' for key, text in parts.items())
    out.write(f'{head}, "runs": [{{\n{run}\n}}]}}\n')


def _result(diagnostic: Diagnostic, rule_index: int, context: RenderContext) -> Node:
    place = _location(diagnostic.path, diagnostic.span, context)
    if diagnostic.symbol:
        place["logicalLocations"] = [{"fullyQualifiedName": diagnostic.symbol}]
    result: Node = {
        "ruleId": diagnostic.code,
        "ruleIndex": rule_index,
        "level": diagnostic.severity,
        "message": {"text": message_text(_sentences(diagnostic))},
        "locations": [place],
        "partialFingerprints": {FINGERPRINT: diagnostic.fingerprint},
        "properties": {"confidence": diagnostic.confidence},
    }
    if diagnostic.related:
        result["relatedLocations"] = [
            {"id": number, **_step(related.path, related.span, related.message, context)}
            for number, related in enumerate(diagnostic.related, start=1)
        ]
    if context.is_path(diagnostic):
        result["codeFlows"] = [_code_flow(diagnostic, context)]
    return result


def _sentences(diagnostic: Diagnostic) -> str:
    # Viewers short of room show the first sentence only, so the headline gets its full stop.
    lines = (f"{diagnostic.message}.", diagnostic.consequence, diagnostic.help)
    return "\n".join(line for line in lines if line)


def _code_flow(diagnostic: Diagnostic, context: RenderContext) -> Node:
    first = _step(diagnostic.path, diagnostic.span, diagnostic.message, context)
    others = (_step(place.path, place.span, place.message, context) for place in diagnostic.related)
    return {"threadFlows": [{"locations": [{"location": step} for step in (first, *others)]}]}


def _step(path: str, span: Span, message: str, context: RenderContext) -> Node:
    return {"message": {"text": message_text(message)}, **_location(path, span, context)}


def _location(path: str, span: Span, context: RenderContext) -> Node:
    region = {
        "startLine": span.line,
        "startColumn": span.column,
        "endLine": span.end_line,
        "endColumn": span.end_column,
    }
    return {"physicalLocation": {"artifactLocation": _artifact(path, context), "region": region}}


def _artifact(path: str, context: RenderContext) -> Node:
    path = context.repository_prefix + path
    try:
        raw = path.encode("utf-8", "surrogateescape")  # the very bytes of a file name that is not UTF-8
    except UnicodeEncodeError:
        raw = path.encode("utf-8", "replace")
    return {"uri": quote(raw), "uriBaseId": ROOT}


def _invocation(report: Report, context: RenderContext) -> Node:
    invocation: Node = {"executionSuccessful": not any(problem.fatal for problem in report.problems)}
    if report.problems:
        invocation["toolExecutionNotifications"] = [_notification(item, context) for item in report.problems]
    return invocation


def _notification(problem: Problem, context: RenderContext) -> Node:
    level: Severity = "error" if problem.fatal else "note"
    text = "\n".join(part for part in (problem.message, problem.help) if part)
    notification: Node = {"level": level, "message": {"text": message_text(text)}}
    if problem.path:
        notification["locations"] = [{"physicalLocation": {"artifactLocation": _artifact(problem.path, context)}}]
    return notification


def _one_a_line(results: list[Node]) -> str:
    lines = ",\n".join(dump_json(result) for result in results)
    return f"[\n{lines}\n]" if lines else "[]"
