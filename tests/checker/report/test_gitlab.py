from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

from worker_lint.diagnostic import Report
from worker_lint.report import RenderContext

Render = Callable[[str, Report, RenderContext], str]


def test_entries_have_what_gitlab_reads(report: Report, context: RenderContext, render: Render) -> None:
    entries = json.loads(render("gitlab", report, replace(context, repository_prefix="services/")))
    assert [entry["severity"] for entry in entries] == ["major", "info", "critical"]
    assert [entry["fingerprint"] for entry in entries] == [item.fingerprint for item in report.diagnostics]
    assert entries[1]["location"] == {"path": "services/orders/mail.py", "lines": {"begin": 10, "end": 12}}
    assert entries[2]["check_name"] == "abstract-class-instantiated"
    assert entries[2]["description"] == (
        "ABS101 `Mail` cannot be created: `stop` is abstract "
        "(The worker ends with a TypeError before its first message.)"
    )


def test_clean_run_is_an_empty_array(context: RenderContext, render: Render) -> None:
    assert json.loads(render("gitlab", Report(()), context)) == []
