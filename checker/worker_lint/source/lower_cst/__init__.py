"""
Source to IR by LibCST's own parser, for syntax that the running interpreter's `ast` refuses.

The tree of LibCST is turned into the very `ast` tree that a newer Python would make, and lowered
by the same code: shape, imports and order of names cannot differ. It is some twenty times slower
than `ast`, so only what nothing else reads comes here.

It reads what the installed release of LibCST knows: with 1.8, type parameters and their defaults
(PEP 695, 696), the f-strings of PEP 701, `except` without parentheses (PEP 758) and t-strings
(PEP 750); later ones more.
"""

from __future__ import annotations

import ast
import re

from libcst import ParserSyntaxError
from libcst.native import parse_module as parse_native

from worker_lint.source import ir
from worker_lint.source.lower import Lowering
from worker_lint.source.lower_cst.positions import Positions
from worker_lint.source.lower_cst.statements import Conversion
from worker_lint.source.text import Text

_LINE_END = re.compile(r"\r\n?")


def parse_tree(source: str) -> ast.Module | None:
    """
    The tree that a Python which knows the syntax would give; None when LibCST refuses the text too.

    Raises:
        RecursionError: the code is nested too deeply.
    """
    source = _LINE_END.sub("\n", source)
    try:
        module = parse_native(source)
        return Conversion(Positions(module, source.split("\n"))).module(module)
    except (ParserSyntaxError, ValueError, KeyError):
        return None
