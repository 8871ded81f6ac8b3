"""Puts new members into a class: attributes behind its attributes, methods at its end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import libcst as cst

from worker_lint.fixing.importing import Imports
from worker_lint.fixing.splice import Splice
from worker_lint.fixing.stub import StubWriter, accessors
from worker_lint.fixing.style import ClassStyle, style_of
from worker_lint.fixing.tree import Site, Tree, is_text
from worker_lint.rule.edits import MemberStub

Pieces = list[list[str]]


def insert_members(
    tree: Tree, cls: cst.ClassDef, site: Site, members: Sequence[MemberStub], imports: Imports
) -> list[Splice]:
    """The changes that give a class the members it lacks; none if it has them all."""
    style = style_of(tree, cls, imports.path)
    writer = StubWriter(style, imports, imports.place(cls, site.enclosing, own=cls))
    attributes: Pieces = []
    methods: Pieces = []
    wanted: dict[str, MemberStub] = {}
    for member in members:
        wanted.setdefault(member.name, member)  # two bases may demand the same: the first one asked for is written
    for member in wanted.values():
        pieces = writer.pieces(member, accessors(cls, member.name))
        (attributes if member.kind == "attribute" else methods).extend(pieces)
    if not attributes and not methods:
        return []
    return _Insertion(tree, cls, style).splices(attributes, methods)


@dataclass(frozen=True, slots=True)
class _Insertion:
    tree: Tree
    cls: cst.ClassDef
    style: ClassStyle

    def splices(self, attributes: Pieces, methods: Pieces) -> list[Splice]:
        body = self.cls.body
        if isinstance(body, cst.SimpleStatementSuite):
            return [self._unfold(body, attributes, methods)]
        lines = [line for line in body.body if isinstance(line, cst.SimpleStatementLine)]
        kept = [line for line in lines if not _is_placeholder(line)]
        if len(lines) == len(body.body) and len(kept) < len(lines) and all(is_text(line) for line in kept):
            return [self._replace_placeholders(lines, kept, attributes, methods)]
        return self._append(body, attributes, methods)

    def _unfold(self, body: cst.SimpleStatementSuite, attributes: Pieces, methods: Pieces) -> Splice:
        """`class A(B): x = 1  # c`: what stands behind the colon gets a line of its own, unless it is nothing."""
        tree, text = self.tree, self.tree.text
        first, last = tree.start(body.body[0]), tree.end(body.body[-1])
        colon = len(text[:first].rstrip(" \t\\\r\n"))
        stop = tree.lines.stop(tree.lines.line_at(last))
        if all(_is_nothing(small) for small in body.body):
            comment = text[last:stop].strip(" \t;")
            head = f"  {comment}" if comment else ""
            return Splice(colon, stop, head + self._text(self._ordered(attributes, methods), colon, blank=0))
        head = f"{self._eol(colon)}{self.style.inner}{text[first:stop]}"
        return Splice(colon, stop, head + self._text(self._ordered(attributes, methods), colon, blank=self.style.gap))

    def _replace_placeholders(
        self,
        lines: Sequence[cst.SimpleStatementLine],
        kept: Sequence[cst.SimpleStatementLine],
        attributes: Pieces,
        methods: Pieces,
    ) -> Splice:
        """A body of `pass` or `...`, after a docstring perhaps; comments around them stay."""
        start = self._stop(kept[-1]) if kept else self._header_stop()
        stop = self._stop(lines[-1])
        rest = self._without(start, stop, [line for line in lines if line not in kept])
        blank = self.style.gap if kept or rest else 0
        return Splice(start, stop, rest + self._text(self._ordered(attributes, methods), start, blank=blank))

    def _without(self, start: int, stop: int, placeholders: Sequence[cst.SimpleStatementLine]) -> str:
        """The text between two line ends without these statements; nothing if only blank lines are left."""
        lines, pieces = self.tree.lines, []
        places = {lines.line_at(self.tree.start(line.body[0])): line for line in placeholders}
        for number in range(lines.line_at(start) + 1, lines.line_at(stop) + 1):
            line, content = places.get(number), lines.content(number)
            if line is not None:
                comment = self.tree.text[self.tree.end(line.body[-1]) : lines.stop(number)].lstrip(" \t;\f")
                if not comment:
                    continue
                content = f"{self.style.inner}{comment}"
            pieces.append(f"{lines.eol(number - 1)}{content}")
        while pieces and not pieces[-1].strip():
            pieces.pop()
        return "".join(pieces)

    def _append(self, body: cst.BaseSuite, attributes: Pieces, methods: Pieces) -> list[Splice]:
        leading = _leading(body.body)
        found: list[Splice] = []
        if attributes and leading is not None and len(leading) < len(body.body):
            start = self._stop(leading[-1])
            blank = 0 if not is_text(leading[-1]) else max(self.style.gap, 0)
            found.append(Splice(start, start, self._text(self._ordered(attributes, []), start, blank=blank)))
            attributes = []
        pieces = self._ordered(attributes, methods)
        if not pieces:
            return found
        start = self._end_of_class(body.body[-1])
        after_attribute = bool(attributes) and isinstance(body.body[-1], cst.SimpleStatementLine)
        after_attribute = after_attribute and not is_text(body.body[-1])
        return [*found, Splice(start, start, self._text(pieces, start, blank=0 if after_attribute else self.style.gap))]

    # --- text ---

    def _ordered(self, attributes: Pieces, methods: Pieces) -> Pieces:
        """Attributes in one block, then each method by itself."""
        block = [line for piece in attributes for line in piece]
        return [block, *methods] if block else list(methods)

    def _text(self, pieces: Pieces, offset: int, *, blank: int) -> str:
        """The pieces as lines of the class's body, each with its line end before it."""
        eol = self._eol(offset)
        text = ""
        for piece in pieces:
            rows = "".join(f"{eol}{self.style.inner}{line}" for line in piece)
            text += eol * blank + rows
            blank = self.style.gap
        return text

    def _eol(self, offset: int) -> str:
        return self.tree.lines.eol(self.tree.lines.line_at(offset))

    # --- places ---

    def _stop(self, statement: cst.BaseStatement | cst.BaseSmallStatement) -> int:
        """The end of the line where a statement ends, its comment included."""
        last = statement.body[-1] if isinstance(statement, cst.SimpleStatementLine) else statement
        return self.tree.lines.stop(self.tree.last_line(last))

    def _header_stop(self) -> int:
        body = self.cls.body
        header = body.header if isinstance(body, cst.IndentedBlock) else body
        return self.tree.lines.stop(self.tree.lines.line_at(self.tree.start(header)))

    def _end_of_class(self, last: cst.BaseStatement | cst.BaseSmallStatement) -> int:
        """The end of the class with the comments that are indented like its body."""
        lines, stop = self.tree.lines, self._stop(last)
        for number in range(lines.line_at(stop) + 1, lines.count + 1):
            is_comment = lines.content(number).lstrip(" \t\f").startswith("#")
            if is_comment and lines.indent(number).startswith(self.style.inner):
                stop = lines.stop(number)
            elif not lines.is_blank(number):
                break
        return stop


def _leading(body: Sequence[cst.BaseStatement | cst.BaseSmallStatement]) -> list[cst.SimpleStatementLine] | None:
    """The docstring and attributes that a class begins with, or None."""
    found: list[cst.SimpleStatementLine] = []
    for statement in body:
        if not isinstance(statement, cst.SimpleStatementLine):
            break
        found.append(statement)
    return found or None


def _is_placeholder(line: cst.SimpleStatementLine) -> bool:
    return all(_is_nothing(small) for small in line.body)


def _is_nothing(small: cst.BaseSmallStatement) -> bool:
    return isinstance(small, cst.Pass) or (isinstance(small, cst.Expr) and isinstance(small.value, cst.Ellipsis))
