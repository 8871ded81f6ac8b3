"""
The worker IR: what every later stage knows about a piece of source.

Expressions are a tree of the shapes that rules can use; anything else is `Opaque` with the names
it reads. Statements keep the control flow. Every node has its full span, `at`, as
(line, column, end line, end column): lines and columns from 1, columns in code points.

Function bodies are extracted on demand: `FunctionDef.body` is None until somebody asks for it
through the project. What is needed of every function without its body (signature, shape of the
body, imports made inside) stands in the definition itself.

A rule that lacks something extends these types and raises `IR_VERSION`; no rule parses text again.
"""

from __future__ import annotations

from typing import Literal as OneOf
from typing import TypeAlias

import msgspec

IR_VERSION = 1
"""Part of every cache key: records of another version are not read."""

At: TypeAlias = tuple[int, int, int, int]


class Node(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Base of all IR nodes: immutable, compact, encodable."""

    at: At


# --- expressions -----------------------------------------------------------------------------


class Name(Node, tag="n"):
    """A bare name."""

    id: str


class Attribute(Node, tag="a"):
    """`value.name`; `at` spans the whole expression."""

    value: Expr
    name: str


class Subscript(Node, tag="s"):
    """`value[index]`."""

    value: Expr
    index: Expr


class Keyword(Node, tag="k"):
    """One `name=value` of a call or class header; `name` is None for `**value`."""

    name: str | None
    value: Expr


class Call(Node, tag="c"):
    """`func(args, keywords)`; a starred argument is a `Starred` among `args`."""

    func: Expr
    args: tuple[Expr, ...]
    keywords: tuple[Keyword, ...]


class Starred(Node, tag="*"):
    """`*value`."""

    value: Expr


class Constant(Node, tag="l"):
    """
    A literal with its value. `kind` tells apart what the value cannot: bytes are kept as text
    in Latin-1, an ellipsis, a complex number or a huge integer as its source text.
    """

    kind: OneOf["str", "bytes", "int", "float", "bool", "none", "ellipsis", "other"]
    value: str | int | float | bool | None


class Compare(Node, tag="<"):
    """`left op operand op operand`."""

    left: Expr
    ops: tuple[str, ...]
    operands: tuple[Expr, ...]


class BoolOp(Node, tag="b"):
    """`a and b` or `a or b`."""

    op: OneOf["and", "or"]
    values: tuple[Expr, ...]


class Unary(Node, tag="u"):
    """`not x`, `-x`, `+x`, `~x`."""

    op: str
    operand: Expr


class Binary(Node, tag="o"):
    """`left op right`."""

    left: Expr
    op: str
    right: Expr


class Await(Node, tag="w"):
    """`await value`."""

    value: Expr


class Yield(Node, tag="y"):
    """`yield value` or, with `delegates`, `yield from value`."""

    value: Expr | None
    delegates: bool


class Collection(Node, tag="["):
    """A list, tuple or set display."""

    kind: OneOf["list", "tuple", "set"]
    items: tuple[Expr, ...]


class Mapping(Node, tag="{"):
    """A dict display; a key of None marks `**value`."""

    keys: tuple[Expr | None, ...]
    values: tuple[Expr, ...]


class Generator(Node, tag="g"):
    """One `for target in iter if …` of a comprehension."""

    target: Expr
    iter: Expr
    conditions: tuple[Expr, ...]
    is_async: bool


class Comprehension(Node, tag="C"):
    """A comprehension or generator expression; `value` is set for dict comprehensions."""

    kind: OneOf["list", "set", "dict", "generator"]
    element: Expr
    value: Expr | None
    generators: tuple[Generator, ...]


class Formatted(Node, tag="f"):
    """An f-string or t-string: its literal parts are `Constant`, the rest are expressions."""

    parts: tuple[Expr, ...]


class Conditional(Node, tag="?"):
    """`body if test else orelse`."""

    test: Expr
    body: Expr
    orelse: Expr


class Walrus(Node, tag=":"):
    """`target := value`."""

    target: str
    value: Expr


class Lambda(Node, tag="L"):
    """An anonymous function; `captured` are the names it reads and does not bind."""

    params: Parameters
    body: Expr
    captured: tuple[str, ...]


class Opaque(Node, tag="q"):
    """Anything else, with the names it reads."""

    kind: str
    names: tuple[str, ...]


# --- functions and classes -------------------------------------------------------------------


class Parameter(Node, tag="p"):
    """One parameter; `kind` as in `inspect.Parameter`, in words."""

    name: str
    kind: OneOf["positional-only", "positional", "var-positional", "keyword-only", "var-keyword"]
    annotation: Expr | None
    default: Expr | None


Parameters: TypeAlias = tuple[Parameter, ...]

Shape: TypeAlias = OneOf["trivial", "not-implemented", "not-implemented-constant", "abstract-docstring", "other"]
"""
What a body does at a glance. `trivial`: only docstring, `pass`, `...` or a bare return;
`abstract-docstring`: only a docstring; `not-implemented`: nothing but raising
NotImplementedError (after a docstring, and possibly deleting or naming its arguments).
"""


class FunctionDef(Node, tag="F"):
    """
    A function or method. `name_at` is the span of its name, `body_at` of its body's statements;
    `at` includes the decorators.
    """

    name: str
    name_at: At
    params: Parameters
    decorators: tuple[Expr, ...]
    returns: Expr | None
    type_params: tuple[str, ...]
    is_async: bool
    is_generator: bool
    shape: Shape
    docstring: bool
    body_at: At
    imports: tuple[Import, ...]
    has_inner_class: bool
    body: tuple[Stmt, ...] | None = None


class ClassDef(Node, tag="K"):
    """A class; its body is always present, the bodies of its methods are not."""

    name: str
    name_at: At
    bases: tuple[Expr, ...]
    keywords: tuple[Keyword, ...]
    decorators: tuple[Expr, ...]
    type_params: tuple[str, ...]
    docstring: bool
    body: tuple[Stmt, ...]


# --- statements ------------------------------------------------------------------------------


class ImportedName(Node, tag="m"):
    """
    One name that an import binds. `import a.b` binds `a` to module `a`; `import a.b as c` binds
    `c` to module `a.b`; `from a import b as c` binds `c` to `a.b`. `attribute` is None for whole
    modules and `*` for star imports.
    """

    bound: str
    module: str
    attribute: str | None


class Import(Node, tag="I"):
    """An import statement; `level` counts the dots of a relative import."""

    names: tuple[ImportedName, ...]
    level: int
    type_checking: bool = False


class Expression(Node, tag="E"):
    """An expression as a statement."""

    value: Expr


class Assign(Node, tag="="):
    """`a = b = value`, or with `annotation` a single annotated target, whose value may be missing."""

    targets: tuple[Expr, ...]
    value: Expr | None
    annotation: Expr | None


class AugAssign(Node, tag="+"):
    """`target op= value`."""

    target: Expr
    op: str
    value: Expr


class Delete(Node, tag="d"):
    """`del a, b`."""

    targets: tuple[Expr, ...]


class Return(Node, tag="r"):
    """`return value`."""

    value: Expr | None


class Raise(Node, tag="!"):
    """`raise exception from cause`."""

    exception: Expr | None
    cause: Expr | None


class Handler(Node, tag="h"):
    """One `except` clause; `comment` is the text of a comment on its line, without `#`."""

    exception: Expr | None
    name: str | None
    comment: str
    body: tuple[Stmt, ...]


class Try(Node, tag="t"):
    """`try`, or `try` with `except*` when `is_group`."""

    body: tuple[Stmt, ...]
    handlers: tuple[Handler, ...]
    orelse: tuple[Stmt, ...]
    final: tuple[Stmt, ...]
    is_group: bool


class For(Node, tag="4"):
    """`for` with its `else`."""

    target: Expr
    iter: Expr
    body: tuple[Stmt, ...]
    orelse: tuple[Stmt, ...]
    is_async: bool


class While(Node, tag="W"):
    """`while` with its `else`."""

    test: Expr
    body: tuple[Stmt, ...]
    orelse: tuple[Stmt, ...]


class WithItem(Node, tag="i"):
    """One `context as target`."""

    context: Expr
    target: Expr | None


class With(Node, tag="V"):
    """`with` or `async with`."""

    items: tuple[WithItem, ...]
    body: tuple[Stmt, ...]
    is_async: bool


class If(Node, tag="1"):
    """`if`; an `elif` is an `If` alone in `orelse`."""

    test: Expr
    body: tuple[Stmt, ...]
    orelse: tuple[Stmt, ...]


class Case(Node, tag="e"):
    """One `case`; the pattern is opaque but for the names it binds and reads."""

    pattern: Opaque
    binds: tuple[str, ...]
    guard: Expr | None
    body: tuple[Stmt, ...]
    irrefutable: bool


class Match(Node, tag="M"):
    """`match subject`."""

    subject: Expr
    cases: tuple[Case, ...]


class Scope(Node, tag="G"):
    """`global` or `nonlocal`."""

    kind: OneOf["global", "nonlocal"]
    names: tuple[str, ...]


class Assert(Node, tag="A"):
    """`assert test, message`."""

    test: Expr
    message: Expr | None


class Simple(Node, tag="P"):
    """`pass`, `break` or `continue`; `comment` is the text of a comment on the line, without `#`."""

    kind: OneOf["pass", "break", "continue"]
    comment: str


class TypeAliasDef(Node, tag="T"):
    """`type Name = value` (PEP 695)."""

    name: str
    value: Expr


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

Stmt: TypeAlias = (
    FunctionDef
    | ClassDef
    | Import
    | Expression
    | Assign
    | AugAssign
    | Delete
    | Return
    | Raise
    | Try
    | For
    | While
    | With
    | If
    | Match
    | Scope
    | Assert
    | Simple
    | TypeAliasDef
)


class Module(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The record of one file: depends on its content and nothing else."""

    version: int
    body: tuple[Stmt, ...]
    docstring: bool
    parser: OneOf["ast", "libcst"]


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
