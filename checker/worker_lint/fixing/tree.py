"""
The concrete syntax tree of one text, with offsets: LibCST finds the places, text is what changes.

Edits are made on the text and not on the tree, because LibCST gives back form feeds, mixed line
ends and blanks at the end of a file in another form (1.9), and a fix must leave them alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeAlias

import libcst as cst
from libcst.metadata import CodeRange, MetadataWrapper, PositionProvider

from worker_lint.fixing.lines import Lines
from worker_lint.fixing.outcome import RefusedError
from worker_lint.source.ir import At
from worker_lint.source.lower_cst.limits import is_tractable
from worker_lint.source.mask import mask_of

_SIGNS: Final = re.compile(r"[-+~]{200}")
"""A run of signs nests as deeply as brackets do."""

Statement: TypeAlias = cst.BaseSmallStatement | cst.BaseCompoundStatement
Scope: TypeAlias = cst.ClassDef | cst.FunctionDef


@dataclass(frozen=True, slots=True)
class Site:
    """A statement with the block that holds it and the classes and functions around it, outermost first."""

    node: Statement
    block: Sequence[cst.BaseStatement | cst.BaseSmallStatement]
    line: cst.SimpleStatementLine | None
    enclosing: tuple[Scope, ...]


@dataclass(slots=True)
class Tree:
    """A parsed text; offsets count characters of the text."""

    lines: Lines
    module: cst.Module
    sites: dict[int, Site] = field(default_factory=dict)
    _ranges: dict[cst.CSTNode, CodeRange] = field(default_factory=dict)

    @classmethod
    def parse(cls, text: str) -> Tree:
        """
        The tree of a text.

        Raises:
            RefusedError: LibCST cannot read the text, or not exactly.
        """
        lines = Lines(text)
        plain = lines.plain
        module = parse_plain(plain)
        try:
            if module.code != plain:
                raise RefusedError("unreadable", "LibCST does not read the file exactly")
            wrapper = MetadataWrapper(module, unsafe_skip_copy=True)
            tree = cls(lines, module, _ranges=dict(wrapper.resolve(PositionProvider)))
            tree.sites = {tree.start(site.node): site for site in _sites(module)}
        except RecursionError:
            raise too_deep() from None
        return tree

    @property
    def text(self) -> str:
        """The text that was parsed."""
        return self.lines.text

    def start(self, node: cst.CSTNode) -> int:
        """The offset of a node's first character (for a definition: of `class`, `async` or `def`)."""
        place = self._ranges[node].start
        return self._offset(place.line, place.column)

    def end(self, node: cst.CSTNode) -> int:
        """The offset behind a node's last character."""
        place = self._ranges[node].end
        return self._offset(place.line, place.column)

    def _offset(self, line: int, column: int) -> int:
        return self.lines.start(line) + self.lines.shift[line] + column

    def source(self, node: cst.CSTNode) -> str:
        """The text of a node."""
        return self.text[self.start(node) : self.end(node)]

    def first_line(self, node: cst.CSTNode) -> int:
        """The line where a statement begins, its decorators included."""
        decorators = getattr(node, "decorators", ())
        return self.lines.line_at(self.start(decorators[0] if decorators else node))

    def last_line(self, node: cst.CSTNode) -> int:
        """The line where a node ends."""
        return self.lines.line_at(self.end(node))

    def offset_of(self, line: int, column: int) -> int:
        """The offset of a line and column as the IR counts them, both from 1; raises if there is no such place."""
        if 1 <= line <= self.lines.count and 1 <= column <= len(self.lines.content(line)) + 1:
            return self.lines.start(line) + column - 1
        raise RefusedError("not found", f"the file has no line {line} with a column {column}")

    def class_at(self, at: At) -> tuple[cst.ClassDef, Site]:
        """The class with this span; raises if none starts and ends there."""
        site = self._definition_at(at)
        if isinstance(site.node, cst.ClassDef):
            return site.node, site
        raise _missing("class", at)

    def function_at(self, at: At) -> tuple[cst.FunctionDef, Site]:
        """The function with this span; raises if none starts and ends there."""
        site = self._definition_at(at)
        if isinstance(site.node, cst.FunctionDef):
            return site.node, site
        raise _missing("function", at)

    def _definition_at(self, at: At) -> Site:
        # The span's line is the first decorator's, its column that of `class` or `def`.
        for offset in self._starts_after(at):
            site = self.sites.get(offset)
            if site is None or not isinstance(site.node, (cst.ClassDef, cst.FunctionDef)):
                continue
            if at[0] in self._decorated_lines(site.node) and self.last_line(site.node) == at[2]:
                return site
        raise _missing("definition", at)

    def _starts_after(self, at: At) -> Iterator[int]:
        for line in range(max(at[0], 1), min(at[2], self.lines.count) + 1):
            yield self.lines.start(line) + at[1] - 1

    def _decorated_lines(self, node: Scope) -> set[int]:
        lines = {self.lines.line_at(self.start(node))}
        if node.decorators:
            first = node.decorators[0]
            lines |= {self.lines.line_at(self.start(first)), self.lines.line_at(self.start(first.decorator))}
        return lines

    def statement_at(self, at: At) -> Site:
        """The statement with this span; raises if none starts and ends there."""
        site = self.sites.get(self.offset_of(at[0], at[1]))
        if site is not None and self.last_line(site.node) == at[2]:
            return site
        return self._definition_at(at)


def too_deep() -> RefusedError:
    """The refusal of code on which LibCST would take minutes, or end the process."""
    return RefusedError("unreadable", "the code is nested too deeply for LibCST")


def parse_plain(text: str) -> cst.Module:
    """
    LibCST's tree of a text whose lines end with line feeds.

    Raises:
        RefusedError: the text is no Python, or LibCST cannot read it.
    """
    mask = mask_of(text)
    if mask is None:
        raise RefusedError("unreadable", "a string is never closed")
    if not is_tractable(mask) or _SIGNS.search(mask):
        raise too_deep()
    try:
        return cst.parse_module(text)
    except cst.ParserSyntaxError as error:
        message = f"line {error.raw_line} does not parse"
        raise RefusedError("unreadable", message) from None
    except (RecursionError, MemoryError):
        raise too_deep() from None
    except BaseException as error:
        # A failure inside the native parser arrives as a PanicException, which is no Exception
        # and cannot be imported.
        if isinstance(error, Exception) or type(error).__name__ == "PanicException":
            raise RefusedError("unreadable", "LibCST cannot read the file") from None
        raise


def _missing(what: str, at: At) -> RefusedError:
    return RefusedError("not found", f"no {what} from line {at[0]}, column {at[1]} to line {at[2]}")


def _sites(module: cst.Module) -> Iterator[Site]:
    pending: list[tuple[Sequence[cst.BaseStatement | cst.BaseSmallStatement], tuple[Scope, ...]]] = [(module.body, ())]
    while pending:
        block, enclosing = pending.pop()
        for statement in block:
            if isinstance(statement, cst.SimpleStatementLine):
                yield from (Site(small, block, statement, enclosing) for small in statement.body)
            elif isinstance(statement, cst.BaseSmallStatement):
                yield Site(statement, block, None, enclosing)
            elif isinstance(statement, cst.BaseCompoundStatement):
                yield Site(statement, block, None, enclosing)
                inner = (*enclosing, statement) if isinstance(statement, (cst.ClassDef, cst.FunctionDef)) else enclosing
                pending += [(suite.body, inner) for suite in suites(statement)]


def suites(statement: cst.CSTNode) -> Iterator[cst.BaseSuite]:
    """The blocks of a compound statement, in source order."""
    body = getattr(statement, "body", None)
    if isinstance(body, cst.BaseSuite):
        yield body
    parts = [*getattr(statement, "handlers", ()), *getattr(statement, "cases", ())]
    parts += [getattr(statement, name, None) for name in ("orelse", "finalbody")]
    for part in parts:
        if part is not None:
            yield from suites(part)


def is_text(statement: cst.CSTNode) -> bool:
    """Whether a line of statements begins with a bare string, such as a docstring."""
    if not isinstance(statement, cst.SimpleStatementLine):
        return False
    small = statement.body[0]
    return isinstance(small, cst.Expr) and isinstance(small.value, (cst.SimpleString, cst.ConcatenatedString))
