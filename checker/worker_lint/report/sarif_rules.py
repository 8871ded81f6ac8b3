"""The parts of a SARIF log that describe rules, and the escapes of its message strings."""

from __future__ import annotations

import re
from typing import Any

from worker_lint.diagnostic import Report, Severity
from worker_lint.report.context import RenderContext, RuleMeta

# The severities that code scanning sorts by; it knows no "note".
PROBLEM_SEVERITIES: dict[Severity, str] = {"error": "error", "warning": "warning", "note": "recommendation"}
LINK_LIKE = re.compile(r"\[(?=[^\[\]]*\]\()|\](?=\()")


def message_text(text: str) -> str:
    """
    Escape a text for a SARIF message string.

    Braces are doubled, for single ones are placeholders (section 3.11.5 of the standard). The
    brackets of `a[b](c)` get a backslash, for they would read as an embedded link (3.11.6).
    """
    text = text.replace("{", "{{").replace("}", "}}")
    return LINK_LIKE.sub(r"\\\g<0>", text)


def rule_descriptors(report: Report, context: RenderContext) -> list[dict[str, Any]]:
    """Describe each known rule, and each code of the report that no metadata was given for, by code."""
    rules = dict(context.rules)
    for item in report.diagnostics:
        if item.code not in rules:
            rules[item.code] = RuleMeta(item.code, item.name, item.name, item.severity, item.url)
    return [_descriptor(rule) for _, rule in sorted(rules.items())]


def _descriptor(rule: RuleMeta) -> dict[str, Any]:
    descriptor: dict[str, Any] = {
        "id": rule.code,
        "name": rule.name,
        "shortDescription": {"text": message_text(rule.summary or rule.name)},
        "fullDescription": {"text": message_text(rule.summary or rule.name)},
        "defaultConfiguration": {"level": rule.severity},
        "properties": {"problem.severity": PROBLEM_SEVERITIES[rule.severity]},
    }
    if rule.help:
        # Nobody fills arguments into a rule's page, and doubled braces would spoil its code samples.
        descriptor["help"] = {"text": rule.help, "markdown": rule.help}
    if rule.url:
        descriptor["helpUri"] = rule.url
    return descriptor
