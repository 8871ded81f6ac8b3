from __future__ import annotations

from collections.abc import Callable

from worker_lint.diagnostic import Report
from worker_lint.report import RenderContext

Render = Callable[[str, Report, RenderContext], str]


def test_one_line_each_and_nothing_else(report: Report, context: RenderContext, render: Render) -> None:
    assert render("concise", report, context).splitlines() == [
        (
            "orders/mail.py:6:9: STP102 release-skipped-on-error: "
            "`channel.close()` may raise and leaves the connection open"
        ),
        "orders/mail.py:10:9: STP103 resource-never-released: `self.pool` is released by no stop method",
        "orders/mail.py:16:12: ABS101 abstract-class-instantiated: `Mail` cannot be created: `stop` is abstract",
    ]
