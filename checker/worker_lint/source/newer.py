"""
Nodes of `ast` for syntax that the running interpreter may lack.

Trees made from newer source hold these, so that one lowering reads them all.
"""

from __future__ import annotations

import ast
import sys
from typing import Any, ClassVar

if sys.version_info >= (3, 12):
    TypeAlias: type[ast.stmt] = ast.TypeAlias
else:

    class TypeAlias(ast.stmt):
        """`type Name = value` (PEP 695)."""

        _fields: ClassVar[tuple[str, ...]] = ("name", "type_params", "value")


class TypeParameter(ast.AST):
    """A type parameter (PEP 695), of which the IR keeps only the name."""

    _fields: ClassVar[tuple[str, ...]] = ("name",)


def type_alias(name: ast.expr, value: ast.expr) -> ast.stmt:
    """`type name = value`; its type parameters are left out."""
    make: Any = TypeAlias
    alias: ast.stmt = make(name=name, type_params=[], value=value)
    return alias


def type_parameter(name: str) -> ast.AST:
    """A type parameter of any kind."""
    make: Any = TypeParameter
    parameter: ast.AST = make(name=name)
    return parameter
