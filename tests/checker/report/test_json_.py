"""The JSON document has exactly the promised shape."""

from __future__ import annotations

import json
from collections.abc import Callable

from worker_lint.diagnostic import Report
from worker_lint.report import RenderContext

Render = Callable[[str, Report, RenderContext], str]


def test_shape_of_the_document(report: Report, context: RenderContext, render: Render) -> None:
    document = json.loads(render("json", report, context))
    assert list(document) == ["version", "tool", "diagnostics", "errors", "summary"]
    assert document["version"] == 1
    assert document["tool"] == {"name": "worker-lint", "version": "0.1.0"}
    assert document["summary"] == {"files": 12, "diagnostics": 3, "unknown": 2}
    assert document["errors"] == [
        {"message": "cannot be parsed: line 3", "path": "orders/old.py", "help": "exclude it", "fatal": False}
    ]


def test_shape_of_a_diagnostic(report: Report, context: RenderContext, render: Render) -> None:
    *_, record = json.loads(render("json", report, context))["diagnostics"]
    assert record == {
        "code": "ABS101",
        "name": "abstract-class-instantiated",
        "severity": "error",
        "confidence": "certain",
        "path": "orders/mail.py",
        "line": 16,
        "column": 12,
        "end_line": 16,
        "end_column": 26,
        "message": "`Mail` cannot be created: `stop` is abstract",
        "consequence": "The worker ends with a TypeError before its first message.",
        "help": "Give `Mail` a method `stop(self) -> None`.",
        "symbol": "orders.mail.main",
        "fingerprint": report.diagnostics[-1].fingerprint,
        "url": "https://example.org/rules/abstract-class-instantiated",
        "related": [
            {
                "path": "orders/base.py",
                "line": 6,
                "column": 9,
                "end_line": 6,
                "end_column": 13,
                "message": "declared abstract here",
            }
        ],
        "fix": {"level": "unsafe", "title": "insert the missing member `stop`"},
    }


def test_one_diagnostic_stands_on_one_line(report: Report, context: RenderContext, render: Render) -> None:
    lines = [line for line in render("json", report, context).splitlines() if '"code"' in line]
    assert [json.loads(line.rstrip(","))["code"] for line in lines] == ["STP102", "STP103", "ABS101"]


def test_clean_run_has_the_same_shape(context: RenderContext, render: Render) -> None:
    document = json.loads(render("json", Report(()), context))
    assert document["diagnostics"] == document["errors"] == []
    assert document["summary"] == {"files": 0, "diagnostics": 0, "unknown": 0}
