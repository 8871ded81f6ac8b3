"""Text to IR: the running interpreter's parser first, LibCST's native one where it refuses."""

from __future__ import annotations

import ast
import sys
import warnings
from dataclasses import dataclass

from worker_lint.source import ir
from worker_lint.source.lower import Lowering
from worker_lint.source.text import Text

DEPTH_LIMIT = 1_000
"""Nesting of the tree beyond which a file counts as unparsable; deeper trees exhaust the stack."""


@dataclass(frozen=True, slots=True)
class Unparsable(Exception):
    """No parser can read the file; says where and why."""

    message: str
    line: int = 1
    column: int = 1


def parse_module(source: str) -> ir.Module:
    """
    The skeleton of a file.

    Raises:
        Unparsable: both parsers refuse the text, or it is nested too deeply.
    """
    text = Text(source)
    try:
        tree = _parse(source)
    except SyntaxError as error:
        return _second_opinion(source, error)
    try:
        body = Lowering(text).stmts(tree.body)
    except RecursionError:
        raise Unparsable("the code is nested too deeply to be read") from None
    return ir.Module(ir.IR_VERSION, body, ast.get_docstring(tree, clean=False) is not None, "ast")


def parse_body(source: Text, function: ir.FunctionDef) -> tuple[ir.Stmt, ...]:
    """
    The statements of a function, from its own lines.

    Raises:
        Unparsable: as `parse_module`.
    """
    first, last = function.at[0], function.at[2]
    lines = source.lines[first - source.first_line : last - source.first_line + 1]
    piece = "\n".join(lines)
    indented = piece[:1] in (" ", "\t", "\f")
    try:
        tree = _parse(f"if 1:\n{piece}" if indented else piece)
    except SyntaxError as error:
        return _second_opinion_body(source, function, error)
    shift = first - (2 if indented else 1)
    found = tree.body[0].body[0] if indented else tree.body[0]  # type: ignore[attr-defined]
    try:
        return Lowering(source, bodies=True, line_shift=shift).stmts(found.body)
    except RecursionError:
        raise Unparsable("the code is nested too deeply to be read", first) from None


def _parse(source: str) -> ast.Module:
    """`ast.parse` whose every refusal is a SyntaxError; no warning of the analysed code is shown."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(source)
    except (RecursionError, MemoryError):
        raise Unparsable("the code is nested too deeply to be read") from None
    except ValueError as error:  # NUL bytes on some versions, lone surrogates
        raise Unparsable(str(error)) from None


def _second_opinion(source: str, error: SyntaxError) -> ir.Module:
    try:
        from worker_lint.source.lower_cst import parse_module_with_libcst
    except ImportError:
        raise _unparsable(error) from None
    module = parse_module_with_libcst(source)
    if module is None:
        raise _unparsable(error) from None
    return module


def _second_opinion_body(source: Text, function: ir.FunctionDef, error: SyntaxError) -> tuple[ir.Stmt, ...]:
    try:
        from worker_lint.source.lower_cst import parse_body_with_libcst
    except ImportError:
        raise _unparsable(error) from None
    body = parse_body_with_libcst(source, function)
    if body is None:
        raise _unparsable(error) from None
    return body


def _unparsable(error: SyntaxError) -> Unparsable:
    version = f"Python {sys.version_info.major}.{sys.version_info.minor}"
    return Unparsable(
        f"{error.msg} ({version} and the newer grammar both refuse it)", error.lineno or 1, error.offset or 1
    )
