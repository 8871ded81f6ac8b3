"""Workflow commands carry any text, and nothing but our own commands reaches the runner."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from worker_lint.diagnostic import Diagnostic, Problem, Report
from worker_lint.report import RenderContext

Render = Callable[[str, Report, RenderContext], str]


def test_one_command_for_each_diagnostic_and_problem(report: Report, context: RenderContext, render: Render) -> None:
    lines = render("github", report, context).splitlines()
    assert [line.split(" ", 1)[0] for line in lines] == ["::warning", "::notice", "::error", "::notice"]
    assert lines[2] == (
        "::error file=orders/mail.py,line=16,endLine=16,col=12,endColumn=26,"
        "title=worker-lint ABS101 abstract-class-instantiated::"
        "orders/mail.py:16:12: ABS101 `Mail` cannot be created: `stop` is abstract%0A"
        "The worker ends with a TypeError before its first message.%0A"
        "help: Give `Mail` a method `stop(self) -> None`.%0A"
        "orders/base.py:6: declared abstract here"
    )


def test_columns_of_a_span_over_lines_are_left_out(
    late_pool: Diagnostic, context: RenderContext, render: Render
) -> None:
    text = render("github", Report((late_pool,)), context)
    assert "line=10,endLine=12,title=" in text


def test_paths_are_those_of_the_repository(abstract_call: Diagnostic, context: RenderContext, render: Render) -> None:
    text = render("github", Report((abstract_call,)), replace(context, repository_prefix="services/"))
    assert text.startswith("::error file=services/orders/mail.py,")


def test_special_characters_are_escaped(abstract_call: Diagnostic, context: RenderContext, render: Render) -> None:
    odd = replace(abstract_call, path="a,b:c%.py", message="100%\n::stop-commands::x", related=())
    text = render("github", Report((odd,)), context)
    assert text.count("\n") == 1
    assert text.startswith("::error file=a%2Cb%3Ac%25.py,line=16,")
    assert "::a,b:c%25.py:16:12: ABS101 100%25\N{REPLACEMENT CHARACTER}::stop-commands::x%0A" in text


def test_problem_without_a_path(context: RenderContext, render: Render) -> None:
    text = render("github", Report((), (Problem("no file matched"),)), context)
    assert text == "::error title=worker-lint::no file matched\n"
