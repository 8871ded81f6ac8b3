"""
Where the nodes of a LibCST tree stand.

LibCST keeps no places; it finds them by writing the code out again. The state below listens to
that writing, as LibCST's own position providers do, but keeps plain tuples by identity: those
providers copy the tree or hash every node, and are the slowest part of LibCST.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple, TypeAlias, TypeVar

import libcst as cst
from libcst._nodes.internal import CodegenState

Place: TypeAlias = tuple[int, int]
"""Line from 1 and column from 0, in code points."""

AnyNode = TypeVar("AnyNode")


class Span(NamedTuple):
    """From the first character to the one after the last."""

    start: Place
    end: Place


class Positions:
    """
    Spans of all nodes of a module.

    `lines` are those of the text; `cut` tells how many characters were taken from the start of a
    line before LibCST read it.
    """

    def __init__(self, module: cst.Module, lines: list[str], cut: Mapping[int, int]) -> None:
        self._lines = lines
        self._cut = cut
        state = _Listener(module.default_indent, module.default_newline)
        module._codegen(state)  # noqa: SLF001  # the public way copies the tree and keeps text
        self._inner = state.inner
        self._outer = state.outer

    def inner(self, node: cst.CSTNode) -> Span:
        """The node without its parentheses and without spaces around it."""
        return self._inner.get(id(node)) or self._outer[id(node)]

    def outer(self, node: cst.CSTNode) -> Span:
        """All that the node owns: parentheses, and the spaces and comma that LibCST counts to it."""
        return self._outer[id(node)]

    def put(self, node: AnyNode, span: Span) -> AnyNode:
        """The `ast` node with the attributes of its place, whose columns are UTF-8 bytes."""
        (line, column), (end_line, end_column) = span
        values = vars(node)
        values["lineno"], values["col_offset"] = line, self._bytes(line, column)
        values["end_lineno"], values["end_col_offset"] = end_line, self._bytes(end_line, end_column)
        return node

    def text(self, span: Span) -> str:
        """The source of a span."""
        (line, column), (end_line, end_column) = span
        lines = self._lines[line - 1 : end_line]
        lines[-1] = lines[-1][: end_column + self._cut.get(end_line, 0)]
        lines[0] = lines[0][column + self._cut.get(line, 0) :]
        return "\n".join(lines)

    def _bytes(self, line: int, column: int) -> int:
        content = self._lines[line - 1]
        column += self._cut.get(line, 0)
        return column if content.isascii() else len(content[:column].encode())


class _Listener(CodegenState):
    """Follows the place in the text while LibCST writes it; the text itself is thrown away."""

    __slots__ = ("column", "inner", "line", "outer", "starts")

    def __init__(self, indent: str, newline: str) -> None:
        super().__init__(indent, newline)
        self.line = 1
        self.column = 0
        self.inner: dict[int, Span] = {}
        self.outer: dict[int, Span] = {}
        self.starts: list[Place] = []

    def add_indent_tokens(self) -> None:
        self.column += sum(map(len, self.indent_tokens))

    def add_token(self, value: str) -> None:
        if "\n" in value:
            self.line += value.count("\n")
            self.column = len(value) - value.rfind("\n") - 1
        else:
            self.column += len(value)

    def pop_trailing_newline(self) -> None:
        pass

    def before_codegen(self, node: cst.CSTNode) -> None:  # noqa: ARG002  # LibCST's signature
        self.starts.append((self.line, self.column))

    def after_codegen(self, node: cst.CSTNode) -> None:
        self.outer[id(node)] = Span(self.starts.pop(), (self.line, self.column))

    def record_syntactic_position(  # type: ignore[override]  # any context manager will do
        self,
        node: cst.CSTNode,
        *,
        start_node: cst.CSTNode | None = None,
        end_node: cst.CSTNode | None = None,
    ) -> _Recording:
        return _Recording(self, node, start_node, end_node)

    def place_of(self, node: cst.CSTNode) -> Span:
        return self.inner.get(id(node)) or self.outer[id(node)]


class _Recording:
    """Notes the span of a node from entering to leaving, unless other nodes mark its ends."""

    __slots__ = ("end_node", "node", "start", "start_node", "state")

    def __init__(
        self, state: _Listener, node: cst.CSTNode, start_node: cst.CSTNode | None, end_node: cst.CSTNode | None
    ) -> None:
        self.state = state
        self.node = node
        self.start_node = start_node
        self.end_node = end_node

    def __enter__(self) -> None:
        self.start = (self.state.line, self.state.column)

    def __exit__(self, *_: object) -> None:
        state = self.state
        start = self.start if self.start_node is None else state.place_of(self.start_node).start
        end = (state.line, state.column) if self.end_node is None else state.place_of(self.end_node).end
        state.inner[id(self.node)] = Span(start, end)
