"""
Nodes of `ast` that some supported interpreters lack.

Trees made from syntax newer than the running Python hold these, so that one lowering reads them all.
"""

from __future__ import annotations

import ast
import sys
from typing import TYPE_CHECKING, ClassVar

if sys.version_info >= (3, 12) and not TYPE_CHECKING:
    TypeAlias = ast.TypeAlias
else:

    class TypeAlias(ast.stmt):
        """`type Name = value` (PEP 695)."""

        _fields: ClassVar[tuple[str, ...]] = ("name", "value")
        name: ast.Name
        value: ast.expr


class TypeParameter(ast.AST):
    """The name of a type parameter (PEP 695): all that the IR keeps of it."""

    _fields: ClassVar[tuple[str, ...]] = ("name",)
    name: str
