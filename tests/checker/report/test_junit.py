from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Callable

from worker_lint.diagnostic import Problem, Report
from worker_lint.report import RenderContext

Render = Callable[[str, Report, RenderContext], str]


def parsed(text: str) -> ET.Element:
    return ET.fromstring(text)  # noqa: S314 - our own output


def test_suites_are_files_and_tests_are_diagnostics(report: Report, context: RenderContext, render: Render) -> None:
    root = parsed(render("junit", report, context))
    assert root.attrib == {"name": "worker-lint", "tests": "4", "failures": "2", "errors": "0"}
    assert [suite.get("name") for suite in root] == ["orders/mail.py", "problems of the run"]
    cases = root[0].findall("testcase")
    assert [case.get("line") for case in cases] == ["6", "10", "16"]
    failure = cases[2].find("failure")
    assert failure is not None
    assert failure.get("type") == "error"
    assert (failure.text or "").splitlines()[1] == "orders/base.py:6:9: declared abstract here"


def test_notes_do_not_fail(report: Report, context: RenderContext, render: Render) -> None:
    root = parsed(render("junit", report, context))
    note = root[0][1]
    assert note.find("failure") is None
    assert note.find("system-out") is not None


def test_fatal_problem_is_an_error(context: RenderContext, render: Render) -> None:
    root = parsed(render("junit", Report((), (Problem("disk full", help="free some"),)), context))
    error = root.find(".//error")
    assert root.get("errors") == "1"
    assert error is not None
    assert (error.get("message"), error.text) == ("disk full", "free some")


def test_clean_run_holds_one_passed_test(context: RenderContext, render: Render) -> None:
    root = parsed(render("junit", Report(()), context))
    assert root.attrib == {"name": "worker-lint", "tests": "1", "failures": "0", "errors": "0"}
