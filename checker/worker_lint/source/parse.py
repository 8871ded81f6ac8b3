"""
Text to IR: the running interpreter's parser first; where it refuses, newer syntax rewritten for it,
then LibCST's native parser.
"""

from __future__ import annotations

import ast
import re
import sys
import warnings
from typing import Literal, TypeAlias

from worker_lint.source import ir
from worker_lint.source.lower import Lowering
from worker_lint.source.lower_expression import TooDeepError
from worker_lint.source.outline import is_faithful, outline_of
from worker_lint.source.pattern import pattern
from worker_lint.source.refusal import refusal_of, refusal_of_text
from worker_lint.source.text import Text

Parser: TypeAlias = Literal["ast", "libcst"]

_TOO_DEEP = "the code is nested too deeply to be read"
_NEWER = tuple(
    re.compile(mark)
    for mark, since in (
        (r"except\*?[ ]+[\w.]+[ ]*,", (3, 14)),
        (r"def[ ]+\w+\[", (3, 12)),
        (r"class[ ]+\w+\[", (3, 12)),
        (r"type[ ]+\w+[ ]*[=\[]", (3, 12)),
    )
    if sys.version_info < since
)
"""
Marks of syntax that the running interpreter refuses (PEP 758; PEP 695 before 3.12) at the start of a line: to let it
try costs as much as parsing. A file without them may need a newer parser nonetheless. Each begins with plain letters,
which is what makes looking for it fast.
"""

_DEEPEST = 120
"""Columns before such a mark that are looked at; what is indented further is tried by the running interpreter first."""

_LINE_END = pattern(r"\r\n?")


class Unparsable(Exception):  # noqa: N818  # a state of a file, not a fault
    """No parser can read the file; says why, and where: line and column from 1."""

    def __init__(self, message: str, line: int = 1, column: int = 1) -> None:
        super().__init__(message, line, column)
        self.message = message
        self.line = line
        self.column = column


def parse_module(source: str) -> ir.Module:
    """
    The skeleton of a file.

    Raises:
        Unparsable: all parsers refuse the text, or it is nested too deeply.
    """
    return _record(source, *_parse(source))


def _record(source: str, tree: ast.Module, parser: Parser) -> ir.Module:
    body = _lower(Lowering(Text(source)), tree.body)
    return ir.Module(ir.IR_VERSION, body, ast.get_docstring(tree, clean=False) is not None, parser)


def parse_outline(source: str) -> ir.Module:
    """
    The record that `parse_module` gives, but for `parser`, at less cost: most function bodies are
    not read. Where nothing but such a body is broken there is a record nonetheless.

    Raises:
        Unparsable: as `parse_module`.
    """
    outline = outline_of(source)
    if outline is not None:
        try:
            tree, parser = _parse(outline.text)
            if is_faithful(tree, outline):
                return _record(outline.text, tree, parser)
        except Unparsable:
            pass  # a body was none: the whole text decides
    return parse_module(source)


def parse_body(source: Text, function: ir.FunctionDef) -> tuple[ir.Stmt, ...]:
    """
    The statements of a function, from its own lines.

    Raises:
        Unparsable: as `parse_module`.
    """
    first, last = function.at[0], function.at[2]
    piece = source.between(first, last)
    # A form feed sets the indentation back to nothing.
    indentation = re.match(r"[ \t\f]*", piece)
    is_indented = indentation is not None and indentation[0].rpartition("\f")[2] != ""
    shift = first - 2 if is_indented else first - 1
    try:
        tree, _ = _parse(f"if 1:\n{piece}" if is_indented else piece)
    except Unparsable as error:
        raise Unparsable(error.message, max(error.line + shift, first), error.column) from None
    found = tree.body[0] if tree.body else None
    if is_indented and isinstance(found, ast.If):
        found = found.body[0]
    if not isinstance(found, (ast.FunctionDef, ast.AsyncFunctionDef)):
        raise Unparsable("the lines of the function are no function", first)
    return _lower(Lowering(source, bodies=True, line_shift=shift), found.body)


def _lower(lowering: Lowering, body: list[ast.stmt]) -> tuple[ir.Stmt, ...]:
    try:
        return lowering.stmts(body)
    except TooDeepError as error:
        raise Unparsable(_TOO_DEEP, error.line) from None
    except RecursionError:
        raise Unparsable(_TOO_DEEP) from None


def _parse(source: str) -> tuple[ast.Module, Parser]:
    try:
        return _parse_at_sight(source) or _parse_with_ast(source), "ast"
    except SyntaxError as error:
        refused = error
    except (RecursionError, MemoryError):
        return _parse_deep(source), "ast"
    except (ValueError, OverflowError, SystemError) as error:
        unfit = refusal_of_text(source)
        raise Unparsable(*(unfit or (str(error),))) from None
    unfit = refusal_of_text(source)  # 3.12 calls a NUL byte a syntax error, without a place
    if unfit is not None:
        raise Unparsable(*unfit)
    return _parse_newer(_LINE_END.sub("\n", source), refused)


def _parse_at_sight(source: str) -> ast.Module | None:
    """The tree of a text that `ast` would only refuse, if it looks like that."""
    if not _looks_newer(source) or "\r" in source:
        return None
    from worker_lint.source.downgrade import parse_at_sight

    return parse_at_sight(source)


def _looks_newer(source: str) -> bool:
    for mark in _NEWER:
        for found in mark.finditer(source):
            _, newline, before = source[max(found.start() - _DEEPEST, 0) : found.start()].rpartition("\n")
            if newline and before.strip(" ") in {"", "async"}:
                return True
    return False


def _parse_with_ast(source: str) -> ast.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about the analysed code
        return ast.parse(source)


def _parse_deep(source: str) -> ast.Module:
    from worker_lint.source.flatten import parse_flattened

    try:
        tree = parse_flattened(_LINE_END.sub("\n", source))
    except (RecursionError, MemoryError):
        tree = None
    if tree is None:
        raise Unparsable(_TOO_DEEP)
    return tree


def _parse_newer(source: str, refused: SyntaxError) -> tuple[ast.Module, Parser]:
    # Imported late: few projects need them, and LibCST takes longer to import than most runs last.
    from worker_lint.source.downgrade import parse_downgraded

    try:
        try:
            tree = parse_downgraded(source)
        except SyntaxError as error:
            refused, tree = error, None
        if tree is not None:
            return tree, "ast"
        # A parser with other ideas about tabs would read other blocks.
        if not isinstance(refused, TabError):
            from worker_lint.source.lower_cst import parse_tree

            tree = parse_tree(source)
    except (RecursionError, MemoryError):
        raise Unparsable(_TOO_DEEP) from None
    if tree is None:
        raise Unparsable(*refusal_of(refused, source)) from None
    return tree, "libcst"
