"""What a renderer is given besides the report: the tool, the rules, the sources, the terminal."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol, TextIO

from worker_lint.diagnostic import Diagnostic, Report, Severity
from worker_lint.report.terminal import Terminal

ReadLine = Callable[[str, int], str | None]
"""
Gives line n (from 1) of a file of the project, without its line end, or None when it cannot be
read. The path is relative to the project root, as in a diagnostic.
"""


@dataclass(frozen=True, slots=True)
class RuleMeta:
    """
    What a report says about a rule.

    `help` is the rule's page in Markdown. `is_path` tells that the related spans of its
    diagnostics are steps in the order of execution.
    """

    code: str
    name: str
    summary: str
    severity: Severity = "warning"
    url: str = ""
    help: str = ""
    is_path: bool = False


def no_source(_path: str, _line: int) -> str | None:
    """Read nothing: for formats that show no source."""
    return None


@dataclass(frozen=True, slots=True)
class RenderContext:
    """
    The surroundings of a report.

    `rules` maps codes to their metadata; a code without an entry is rendered all the same.
    `repository_prefix` is the project root relative to the repository's root ("" or "a/b/"):
    code hosts know no project root, so the formats made for them put it before each path.
    `baselined` counts the diagnostics that the baseline kept out of the report.
    """

    version: str
    tool: str = "worker-lint"
    rules: Mapping[str, RuleMeta] = field(default_factory=dict)
    read_line: ReadLine = no_source
    terminal: Terminal = field(default_factory=Terminal)
    repository_prefix: str = ""
    baselined: int = 0

    def is_path(self, diagnostic: Diagnostic) -> bool:
        """Tell whether the diagnostic's related spans are steps in the order of execution."""
        rule = self.rules.get(diagnostic.code)
        return rule is not None and rule.is_path and bool(diagnostic.related)


class Renderer(Protocol):
    """Writes a whole report in one format; never fails on what a message or a source holds."""

    def __call__(self, report: Report, context: RenderContext, out: TextIO, /) -> None:
        """Write the report."""
