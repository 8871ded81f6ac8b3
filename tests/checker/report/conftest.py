"""A small report with everything in it, over a project of two files."""

from __future__ import annotations

import io
from collections.abc import Callable

import pytest

from worker_lint.diagnostic import Diagnostic, FixOffer, Problem, Related, Report, Span, with_fingerprints
from worker_lint.report import RenderContext, RuleMeta, Terminal, load_renderer

SOURCES = {
    "orders/base.py": """\
from abc import ABC, abstractmethod


class Worker(ABC):
    @abstractmethod
    def stop(self) -> None: ...
""",
    "orders/mail.py": """\
class Mail(Worker):
    def run(self) -> None:
        self.loop()

    def release(self) -> None:
        self.channel.close()
        self.thread.join()

        self.connection.close()
        self.pool = Pool(
            size=3,
        )


def main() -> None:
    mail = Mail(settings)
    mail.run()
""",
}

Render = Callable[..., str]


def read_line(path: str, line: int) -> str | None:
    lines = SOURCES.get(path, "").splitlines()
    return lines[line - 1] if 0 < line <= len(lines) else None


@pytest.fixture(scope="session")
def abstract_call() -> Diagnostic:
    return Diagnostic(
        code="ABS101",
        name="abstract-class-instantiated",
        severity="error",
        confidence="certain",
        path="orders/mail.py",
        span=Span(16, 12, 16, 26),
        message="`Mail` cannot be created: `stop` is abstract",
        consequence="The worker ends with a TypeError before its first message.",
        help="Give `Mail` a method `stop(self) -> None`.",
        symbol="orders.mail.main",
        url="https://example.org/rules/abstract-class-instantiated",
        related=(Related("orders/base.py", Span(6, 9, 6, 13), "declared abstract here"),),
        fix=FixOffer("unsafe", "insert the missing member `stop`"),
    )


@pytest.fixture(scope="session")
def skipped_release() -> Diagnostic:
    return Diagnostic(
        code="STP102",
        name="release-skipped-on-error",
        severity="warning",
        confidence="likely",
        path="orders/mail.py",
        span=Span(6, 9, 6, 29),
        message="`channel.close()` may raise and leaves the connection open",
        consequence="The broker keeps the connection until its heartbeat times out.",
        help="Close each in its own `try`/`finally`.",
        symbol="orders.mail.Mail.release",
        related=(
            Related("orders/mail.py", Span(7, 9, 7, 27), "never reached"),
            Related("orders/mail.py", Span(9, 9, 9, 32), "never reached"),
        ),
    )


@pytest.fixture(scope="session")
def late_pool() -> Diagnostic:
    return Diagnostic(
        code="STP103",
        name="resource-never-released",
        severity="note",
        confidence="certain",
        path="orders/mail.py",
        span=Span(10, 9, 12, 10),
        message="`self.pool` is released by no stop method",
        consequence="",
        help="Call `self.pool.shutdown()`.",
        symbol="orders.mail.Mail.release",
    )


@pytest.fixture(scope="session")
def report(abstract_call: Diagnostic, skipped_release: Diagnostic, late_pool: Diagnostic) -> Report:
    return Report(
        with_fingerprints([abstract_call, skipped_release, late_pool]),
        problems=(Problem("cannot be parsed: line 3", path="orders/old.py", help="exclude it", fatal=False),),
        files=12,
        unknown=2,
    )


@pytest.fixture(scope="session")
def context() -> RenderContext:
    rules = {
        "ABS101": RuleMeta("ABS101", "abstract-class-instantiated", "An abstract class is called", "error"),
        "STP102": RuleMeta("STP102", "release-skipped-on-error", "A release may be skipped", is_path=True),
    }
    return RenderContext("0.1.0", rules=rules, read_line=read_line, terminal=Terminal(width=80))


@pytest.fixture(scope="session")
def render() -> Render:
    def rendered(name: str, report: Report, context: RenderContext) -> str:
        out = io.StringIO()
        load_renderer(name)(report, context, out)
        return out.getvalue()

    return rendered
