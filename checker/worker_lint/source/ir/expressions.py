"""
Expressions of the worker IR, and the union `Expr` of them.

They name one another and no statement, so the decoder finds all it needs in this module.
"""

from __future__ import annotations

from typing import Literal as OneOf
from typing import TypeAlias

from worker_lint.source.ir.node import Node


class Name(Node, frozen=True, tag="n"):
    """A bare name."""

    id: str


class Attribute(Node, frozen=True, tag="a"):
    """`value.name`; `at` spans the whole expression."""

    value: Expr
    name: str


class Subscript(Node, frozen=True, tag="s"):
    """`value[index]`."""

    value: Expr
    index: Expr


class Keyword(Node, frozen=True, tag="k"):
    """One `name=value` of a call or class header; `name` is None for `**value`."""

    name: str | None
    value: Expr


class Call(Node, frozen=True, tag="c"):
    """`func(args, keywords)`; a starred argument is a `Starred` among `args`."""

    func: Expr
    args: tuple[Expr, ...]
    keywords: tuple[Keyword, ...]


class Starred(Node, frozen=True, tag="*"):
    """`*value`."""

    value: Expr


class Constant(Node, frozen=True, tag="l"):
    """
    A literal with its value. `kind` tells apart what the value cannot: bytes are kept as text
    in Latin-1, an ellipsis, a complex number or a huge integer as its source text.
    """

    kind: OneOf["str", "bytes", "int", "float", "bool", "none", "ellipsis", "other"]
    value: str | int | float | bool | None


class Compare(Node, frozen=True, tag="<"):
    """`left op operand op operand`."""

    left: Expr
    ops: tuple[str, ...]
    operands: tuple[Expr, ...]


class BoolOp(Node, frozen=True, tag="b"):
    """`a and b` or `a or b`."""

    op: OneOf["and", "or"]
    values: tuple[Expr, ...]


class Unary(Node, frozen=True, tag="u"):
    """`not x`, `-x`, `+x`, `~x`."""

    op: str
    operand: Expr


class Binary(Node, frozen=True, tag="o"):
    """`left op right`."""

    left: Expr
    op: str
    right: Expr


class Await(Node, frozen=True, tag="w"):
    """`await value`."""

    value: Expr


class Yield(Node, frozen=True, tag="y"):
    """`yield value` or, with `delegates`, `yield from value`."""

    value: Expr | None
    delegates: bool


class Collection(Node, frozen=True, tag="["):
    """A list, tuple or set display."""

    kind: OneOf["list", "tuple", "set"]
    items: tuple[Expr, ...]


class Mapping(Node, frozen=True, tag="{"):
    """A dict display; a key of None marks `**value`."""

    keys: tuple[Expr | None, ...]
    values: tuple[Expr, ...]


class Generator(Node, frozen=True, tag="g"):
    """One `for target in iter if …` of a comprehension."""

    target: Expr
    iter: Expr
    conditions: tuple[Expr, ...]
    is_async: bool


class Comprehension(Node, frozen=True, tag="C"):
    """A comprehension or generator expression; `value` is set for dict comprehensions."""

    kind: OneOf["list", "set", "dict", "generator"]
    element: Expr
    value: Expr | None
    generators: tuple[Generator, ...]


class Formatted(Node, frozen=True, tag="f"):
    """
    An f-string or t-string, with the strings joined to it.

    Literal text is a `Constant` placed at the whole string; the rest are the expressions between
    the braces, those of format specifications included.
    """

    parts: tuple[Expr, ...]


class Conditional(Node, frozen=True, tag="?"):
    """`body if test else orelse`."""

    test: Expr
    body: Expr
    orelse: Expr


class Walrus(Node, frozen=True, tag=":"):
    """`target := value`."""

    target: str
    value: Expr


class Lambda(Node, frozen=True, tag="L"):
    """An anonymous function; `captured` are the names it reads and does not bind."""

    params: Parameters
    body: Expr
    captured: tuple[str, ...]


class Opaque(Node, frozen=True, tag="q"):
    """Anything else, with the names it reads; also an expression more than 100 levels deep in another."""

    kind: str
    names: tuple[str, ...]


class Parameter(Node, frozen=True, tag="p"):
    """One parameter; `kind` as in `inspect.Parameter`, in words."""

    name: str
    kind: OneOf["positional-only", "positional", "var-positional", "keyword-only", "var-keyword"]
    annotation: Expr | None
    default: Expr | None


Parameters: TypeAlias = tuple[Parameter, ...]

Expr: TypeAlias = (
    Name
    | Attribute
    | Subscript
    | Call
    | Starred
    | Constant
    | Compare
    | BoolOp
    | Unary
    | Binary
    | Await
    | Yield
    | Collection
    | Mapping
    | Comprehension
    | Formatted
    | Conditional
    | Walrus
    | Lambda
    | Opaque
)


def dotted_name(expression: Expr | None) -> str | None:
    """`a.b.c` for a chain of names, else None."""
    parts: list[str] = []
    while isinstance(expression, Attribute):
        parts.append(expression.name)
        expression = expression.value
    if not isinstance(expression, Name):
        return None
    parts.append(expression.id)
    return ".".join(reversed(parts))
