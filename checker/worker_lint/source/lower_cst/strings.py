"""LibCST strings, f-strings and t-strings as `ast` nodes."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Any

import libcst as cst

from worker_lint.source.lower_cst import literals
from worker_lint.source.lower_cst.positions import Positions, Span


class StringConversion:
    """
    Converts strings of one module.

    A t-string becomes a `JoinedStr` too: the IR does not tell them apart. All parts have the place
    of the whole string, as on Python 3.11; the expressions between braces have their own.
    """

    def __init__(self, positions: Positions) -> None:
        self.positions = positions
        self.put = positions.put

    def expr(self, node: cst.CSTNode) -> Any:
        """Any expression: what stands between braces."""
        raise NotImplementedError

    def concatenated(self, node: cst.ConcatenatedString) -> ast.expr:
        pieces: list[cst.BaseExpression] = []
        rest: cst.BaseExpression = node
        while isinstance(rest, cst.ConcatenatedString):
            pieces.append(rest.left)
            rest = rest.right
        pieces.append(rest)
        if all(isinstance(piece, cst.SimpleString) for piece in pieces):
            values = [literals.string(piece.value) for piece in pieces if isinstance(piece, cst.SimpleString)]
            return ast.Constant(type(values[0])().join(values))
        return ast.JoinedStr([part for piece in pieces for part in self.string_parts(piece)])

    def formatted(self, node: cst.CSTNode) -> ast.expr:
        return ast.JoinedStr(list(self.string_parts(node)))

    def string_parts(self, node: Any) -> Iterator[ast.expr]:
        """The parts of one string literal, formatted or not."""
        span = self.positions.inner(node)
        if isinstance(node, cst.SimpleString):
            yield self.put(ast.Constant(literals.string(node.value)), span)
            return
        for part in node.parts:
            if isinstance(part, (cst.FormattedStringText, cst.TemplatedStringText)):
                value = literals.formatted_text(part.value, node.start, node.end)
                yield self.put(ast.Constant(value), span)
                continue
            if part.equal is not None:  # `{name=}` shows its own source
                opened = self.positions.outer(part).start
                shown = Span((opened[0], opened[1] + 1), self.positions.outer(part.equal).end)
                yield self.put(ast.Constant(self.positions.text(shown)), span)
            yield self.interpolation(part, span)

    def interpolation(self, part: Any, span: Span) -> ast.expr:
        specification = None
        if part.format_spec is not None:
            inner = [self.interpolation(piece, span) for piece in part.format_spec if hasattr(piece, "expression")]
            specification = self.put(ast.JoinedStr(inner), span)
        return self.put(ast.FormattedValue(self.expr(part.expression), -1, specification), span)
