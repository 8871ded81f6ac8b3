# ruff: noqa: N802 - LibCST finds the methods of a visitor by these names
"""The dotted names in an expression: which it reads, and how to exchange them."""

from __future__ import annotations

from collections.abc import Mapping

import libcst as cst

_DATA = ("Literal", "Annotated")
"""In the brackets of these, a string is a value and not a quoted annotation."""


def dotted(node: cst.CSTNode) -> str | None:
    """`a.b.c` for a chain of names, else None."""
    if isinstance(node, cst.Name):
        return node.value
    if isinstance(node, cst.Attribute):
        owner = dotted(node.value)
        return None if owner is None else f"{owner}.{node.attr.value}"
    return None


def parse_expression(code: str) -> cst.BaseExpression | None:
    """The expression, or None if the text is none."""
    try:
        return cst.parse_expression(code)
    except cst.ParserSyntaxError:
        return None


def names_read(node: cst.BaseExpression, *, strings: bool = False) -> set[str]:
    """
    The dotted names that an expression reads, with their beginnings: `a.b` and `a`.

    With `strings` those in quoted annotations too.
    """
    reader = _Reader(strings=strings)
    node.visit(reader)
    return reader.names


def rename(node: cst.BaseExpression, names: Mapping[str, str], *, strings: bool = False) -> cst.BaseExpression:
    """The expression with dotted names exchanged; with `strings` in quoted annotations too."""
    changed = node.visit(_Renamer(names, strings=strings))
    return changed if isinstance(changed, cst.BaseExpression) else node


def renamed_source(code: str, names: Mapping[str, str]) -> str:
    """As `rename`, for the text of an expression; a text that is none stays as it is."""
    node = parse_expression(code)
    return code if node is None else cst.Module([]).code_for_node(rename(node, names))


class _Reader(cst.CSTVisitor):
    def __init__(self, *, strings: bool) -> None:
        super().__init__()
        self.names: set[str] = set()
        self._strings = strings
        self._data = 0

    def visit_Name(self, node: cst.Name) -> None:
        self.names.add(node.value)

    def visit_Attribute(self, node: cst.Attribute) -> bool:
        name = dotted(node)
        if name is not None:
            self.names.add(name)
        node.value.visit(self)
        return False

    def visit_Arg(self, node: cst.Arg) -> bool:
        node.value.visit(self)
        return False

    def visit_Subscript(self, node: cst.Subscript) -> None:
        self._data += _holds_data(node)

    def leave_Subscript(self, original_node: cst.Subscript) -> None:
        self._data -= _holds_data(original_node)

    def visit_SimpleString(self, node: cst.SimpleString) -> None:
        inner = _quoted_expression(node) if self._strings and not self._data else None
        if inner is not None:
            inner.visit(self)


class _Renamer(cst.CSTTransformer):
    def __init__(self, names: Mapping[str, str], *, strings: bool) -> None:
        super().__init__()
        self._names = names
        self._strings = strings
        self._data = 0

    def leave_Name(self, original_node: cst.Name, updated_node: cst.Name) -> cst.BaseExpression:
        return self._exchange(original_node) or updated_node

    def visit_Attribute(self, node: cst.Attribute) -> bool:  # noqa: ARG002 - LibCST's signature
        return False  # leave_Attribute goes down itself: `attr` is a name but reads none

    def leave_Attribute(self, original_node: cst.Attribute, updated_node: cst.Attribute) -> cst.BaseExpression:
        changed = self._exchange(original_node)
        return changed or updated_node.with_changes(value=original_node.value.visit(self))

    def leave_Arg(self, original_node: cst.Arg, updated_node: cst.Arg) -> cst.Arg:
        return updated_node.with_changes(keyword=original_node.keyword)

    def leave_Param(self, original_node: cst.Param, updated_node: cst.Param) -> cst.Param:
        return updated_node.with_changes(name=original_node.name)

    def visit_Subscript(self, node: cst.Subscript) -> None:
        self._data += _holds_data(node)

    def leave_Subscript(self, original_node: cst.Subscript, updated_node: cst.Subscript) -> cst.Subscript:
        self._data -= _holds_data(original_node)
        return updated_node

    def leave_SimpleString(self, original_node: cst.SimpleString, updated_node: cst.SimpleString) -> cst.SimpleString:
        inner = _quoted_expression(original_node) if self._strings and not self._data else None
        if inner is None or not names_read(inner) & set(self._names):
            return updated_node
        code = cst.Module([]).code_for_node(rename(inner, self._names))
        return updated_node.with_changes(value=f"{original_node.quote}{code}{original_node.quote}")

    def _exchange(self, node: cst.BaseExpression) -> cst.BaseExpression | None:
        new = self._names.get(dotted(node) or "")
        if new is None:
            return None
        parens = {"lpar": node.lpar, "rpar": node.rpar}
        return cst.parse_expression(new).with_changes(**parens)


def _holds_data(node: cst.Subscript) -> bool:
    return (dotted(node.value) or "").rpartition(".")[2] in _DATA


def _quoted_expression(node: cst.SimpleString) -> cst.BaseExpression | None:
    """The expression in a plain one-line string without escapes."""
    value = node.raw_value
    if node.prefix or "\\" in value or "\n" in value or not value.strip():
        return None
    return parse_expression(value)
