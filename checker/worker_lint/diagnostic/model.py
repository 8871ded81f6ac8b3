"""The values of a report: spans, diagnostics, problems of the run itself."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

import msgspec

Severity = Literal["error", "warning", "note"]
Confidence = Literal["certain", "likely"]
FixLevel = Literal["safe", "unsafe"]

SEVERITIES: tuple[Severity, ...] = ("error", "warning", "note")
CONFIDENCES: tuple[Confidence, ...] = ("certain", "likely")


class Span(NamedTuple):
    """
    A piece of one file. Lines and columns count from 1, columns in code points;
    the end column is the one after the last character.
    """

    line: int
    column: int
    end_line: int
    end_column: int


class Related(msgspec.Struct, frozen=True, order=True):
    """A second place that explains a diagnostic, such as the declaration of an abstract member."""

    path: str
    span: Span
    message: str


class FixOffer(msgspec.Struct, frozen=True):
    """Tells that `worker-lint fix` can repair the diagnostic, and how far to trust the repair."""

    level: FixLevel
    title: str


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """
    One defect, with its reason and its remedy.

    `path` is relative to the project root with `/` between its parts. `symbol` is the dotted
    name of the module, class or function that holds the span. `line_text` is the source line
    of the span's start: it feeds the fingerprint and the `full` format and is not part of
    the JSON.
    """

    code: str
    name: str
    severity: Severity
    confidence: Confidence
    path: str
    span: Span
    message: str
    consequence: str
    help: str
    symbol: str
    url: str = ""
    related: tuple[Related, ...] = ()
    fix: FixOffer | None = None
    fingerprint: str = ""
    line_text: str = field(default="", compare=False)

    @property
    def sort_key(self) -> tuple[str, int, int, str, str]:
        """The order of every report: path, line, column, code, then message."""
        return (self.path, self.span.line, self.span.column, self.code, self.message)


class Problem(msgspec.Struct, frozen=True, order=True):
    """Something the run could not do (exit code 2 unless it is only a note), with its remedy."""

    message: str
    path: str = ""
    help: str = ""
    fatal: bool = True


class Report(msgspec.Struct, frozen=True):
    """The whole answer of one run, in report order."""

    diagnostics: tuple[Diagnostic, ...]
    problems: tuple[Problem, ...] = ()
    files: int = 0
    unknown: int = 0


def clean_text(text: str) -> str:
    """
    Source text made safe to print: control and format characters are replaced.

    Analysed code is hostile until proven otherwise; an escape sequence in an identifier or a
    bidirectional override in a string must not reach a terminal or a CI log.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        character if character == "\t" or unicodedata.category(character)[0] != "C" else "\N{REPLACEMENT CHARACTER}"
        for character in text
    )
