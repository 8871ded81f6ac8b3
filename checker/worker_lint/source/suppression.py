"""
Comments that silence a diagnostic: `# worker-lint: ignore[NAME, NAME] reason`.

Only real comments count, never the text of a string. What such a comment covers is fixed
here: its own line, and the whole statement when it stands on the first or last line of one
that takes several (a `class` or `def` header is such a statement by itself). Applying them
to diagnostics is `worker_lint.engine.suppression`.
"""

from __future__ import annotations

import io
import tokenize
import warnings
from collections.abc import Iterator
from typing import Final

import msgspec

from worker_lint.diagnostic import Span
from worker_lint.source.lines import LineIndex
from worker_lint.source.pattern import pattern

MARKER: Final = "worker-lint:"
"""A file without it holds no suppression."""

FILE_WIDE_LINES: Final = 20
"""`ignore-file` counts only in this many lines at the top."""

_COMMENT = pattern(
    r"#+\s*worker-lint:\s*(?P<word>[A-Za-z][\w-]*)\s*(?P<list>\[(?P<names>[^\]#]*)\]?)?(?P<reason>(?:(?!\s#+\s).)*)"
)
_MISTAKEN = frozenset(
    {"disable", "disable-file", "noqa", "skip", "skip-file", "ignore-line", "ignore-next-line", "off"}
)


class Suppression(msgspec.Struct, frozen=True):
    """
    One comment. `names` are codes or names of rules as written, `reason` the text behind them.

    `covers` are the first and last line whose diagnostics it silences. `bare` tells that it
    names nothing, which silences nothing. `word` is the directive as written: `ignore`,
    `ignore-file`, or a mistaken one. A whole-file comment that stands too far down has
    `misplaced` set and silences nothing.
    """

    names: tuple[str, ...]
    reason: str
    span: Span
    covers: tuple[int, int]
    whole_file: bool = False
    bare: bool = False
    misplaced: bool = False
    word: str = "ignore"
    line_text: str = ""

    @property
    def line(self) -> int:
        """The line on which the comment stands."""
        return self.span.line

    @property
    def is_directive(self) -> bool:
        """Whether the word is one that is understood."""
        return self.word in ("ignore", "ignore-file")


def suppressions(text: str, lines: LineIndex | None = None) -> tuple[Suppression, ...]:
    """
    The suppressions of a file, in order.

    A file that cannot be split into tokens is read line by line; then a comment covers only
    its own line, and one inside a string is taken for real.
    """
    if MARKER not in text:
        return ()
    lines = lines or LineIndex(text)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what the tokenizer thinks of the code is not asked
            comments = list(_comments(text))
    except (tokenize.TokenError, SyntaxError, ValueError, RecursionError):
        comments = [(number, 0, lines.line(number), (number, number)) for number in range(1, lines.count + 1)]
    found: list[Suppression] = []
    for number, column, comment, covers in comments:
        if MARKER in comment:
            found += _read(number, column, comment, covers, lines)
    return tuple(found)


def _comments(text: str) -> Iterator[tuple[int, int, str, tuple[int, int]]]:
    """Each comment: line, column from 0, text, and the lines it covers."""
    # Normalised, because a lone CR would otherwise not end a line for this tokenizer.
    source = text.replace("\r\n", "\n").replace("\r", "\n")
    first = last = 0
    waiting: list[tuple[int, int, str]] = []
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            waiting.append((*token.start, token.string))
        elif token.type in (tokenize.NEWLINE, tokenize.ENDMARKER):
            for number, column, comment in waiting:
                ends = number in (first, last)
                yield number, column, comment, ((first, last) if ends else (number, number))
            waiting.clear()
            first = last = 0
        elif token.type not in (tokenize.NL, tokenize.INDENT, tokenize.DEDENT):
            first, last = first or token.start[0], token.end[0]


def _read(number: int, column: int, comment: str, covers: tuple[int, int], lines: LineIndex) -> Iterator[Suppression]:
    for match in _COMMENT.finditer(comment):
        word, listed = match["word"], match["list"]
        if word not in ("ignore", "ignore-file") and listed is None and word not in _MISTAKEN:
            continue  # prose may begin like this; only what was meant as a suppression is reported
        names = tuple(name.strip() for name in (match["names"] or "").split(",") if name.strip())
        start = column + match.start() + 1
        whole_file = word == "ignore-file"
        yield Suppression(
            names=names,
            reason=match["reason"].strip(" \t-:—"),
            span=Span(number, start, number, start + len(match[0].rstrip())),
            covers=(1, lines.count) if whole_file else covers,
            whole_file=whole_file,
            bare=not names,
            misplaced=whole_file and number > FILE_WIDE_LINES,
            word=word,
            line_text=lines.line(number),
        )
