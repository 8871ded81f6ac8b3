"""The patterns of `match` statements."""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from typing import Any, Final

import libcst as cst

from worker_lint.source.lower_cst.expressions import ExpressionConversion
from worker_lint.source.lower_cst.literals import identifier
from worker_lint.source.lower_cst.positions import Span


class PatternConversion(ExpressionConversion):
    """Converts patterns besides expressions."""

    def pattern(self, node: cst.CSTNode) -> Any:
        """
        Any pattern.

        Raises:
            KeyError: LibCST knows a pattern that this conversion does not.
        """
        if isinstance(node, cst.MatchValue):  # its parentheses belong to the value
            return self.put(ast.MatchValue(self.expr(node.value)), self.positions.inner(node.value))
        return self.put(_PATTERN[type(node)](self, node), self.pattern_span(node))

    def pattern_span(self, node: Any) -> Span:
        if isinstance(node, cst.MatchTuple) or (isinstance(node, cst.MatchList) and node.lbracket is None):
            return self.bracketed(node, node.patterns)
        return self.positions.inner(node)

    def sequence(self, node: cst.MatchSequence) -> ast.pattern:
        return ast.MatchSequence(self.items(node.patterns))

    def items(self, nodes: Sequence[cst.MatchSequenceElement | cst.MatchStar]) -> list[ast.pattern]:
        return [self.item(node) for node in nodes]

    def item(self, node: cst.MatchSequenceElement | cst.MatchStar) -> ast.pattern:
        if isinstance(node, cst.MatchSequenceElement):
            found: ast.pattern = self.pattern(node.value)
            return found
        name = None if node.name is None else identifier(node.name)
        return self.put(ast.MatchStar(name), self.positions.inner(node))

    def mapping_pattern(self, node: cst.MatchMapping) -> ast.pattern:
        keys = [self.expr(element.key) for element in node.elements]
        patterns = [self.pattern(element.pattern) for element in node.elements]
        return ast.MatchMapping(keys, patterns, None if node.rest is None else identifier(node.rest))

    def class_pattern(self, node: cst.MatchClass) -> ast.pattern:
        names = [identifier(element.key) for element in node.kwds]
        patterns = [self.pattern(element.pattern) for element in node.kwds]
        return ast.MatchClass(self.expr(node.cls), self.items(node.patterns), names, patterns)

    def capture(self, node: cst.MatchAs) -> ast.pattern:
        inner = None if node.pattern is None else self.pattern(node.pattern)
        return ast.MatchAs(inner, None if node.name is None else identifier(node.name))


_PATTERN: Final[dict[type[cst.CSTNode], Callable[[PatternConversion, Any], ast.pattern]]] = {
    cst.MatchSingleton: lambda do, node: ast.MatchSingleton(do.expr(node.value).value),
    cst.MatchList: PatternConversion.sequence,
    cst.MatchTuple: PatternConversion.sequence,
    cst.MatchMapping: PatternConversion.mapping_pattern,
    cst.MatchClass: PatternConversion.class_pattern,
    cst.MatchAs: PatternConversion.capture,
    cst.MatchOr: lambda do, node: ast.MatchOr([do.pattern(element.pattern) for element in node.patterns]),
}
