"""
Statements of the worker IR, definitions of functions and classes among them, and their union `Stmt`.

Blocks and definitions hold each other, so they share a module: the decoder looks up the names of
a class where the class is defined.
"""

from __future__ import annotations

from typing import Literal as OneOf
from typing import TypeAlias

from worker_lint.source.ir.expressions import Expr, Keyword, Opaque, Parameters
from worker_lint.source.ir.node import At, Node

Shape: TypeAlias = OneOf["trivial", "not-implemented", "not-implemented-constant", "abstract-docstring", "other"]
"""
What a body does at a glance. `trivial`: only docstring, `pass`, `...` or a bare return;
`abstract-docstring`: only a docstring; `not-implemented`: nothing but raising
NotImplementedError (after a docstring, and possibly deleting or naming its arguments).
"""


class FunctionDef(Node, frozen=True, tag="F"):
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


class ClassDef(Node, frozen=True, tag="K"):
    """A class; its body is always present, the bodies of its methods are not."""

    name: str
    name_at: At
    bases: tuple[Expr, ...]
    keywords: tuple[Keyword, ...]
    decorators: tuple[Expr, ...]
    type_params: tuple[str, ...]
    docstring: bool
    body: tuple[Stmt, ...]


class ImportedName(Node, frozen=True, tag="m"):
    """
    One name that an import binds. `import a.b` binds `a` to module `a`; `import a.b as c` binds
    `c` to module `a.b`; `from a import b as c` binds `c` to `a.b`. `attribute` is None for whole
    modules and `*` for star imports.
    """

    bound: str
    module: str
    attribute: str | None


class Import(Node, frozen=True, tag="I"):
    """An import statement; `level` counts the dots of a relative import."""

    names: tuple[ImportedName, ...]
    level: int
    type_checking: bool = False


class Expression(Node, frozen=True, tag="E"):
    """An expression as a statement."""

    value: Expr


class Assign(Node, frozen=True, tag="="):
    """`a = b = value`, or with `annotation` a single annotated target, whose value may be missing."""

    targets: tuple[Expr, ...]
    value: Expr | None
    annotation: Expr | None


class AugAssign(Node, frozen=True, tag="+"):
    """`target op= value`."""

    target: Expr
    op: str
    value: Expr


class Delete(Node, frozen=True, tag="d"):
    """`del a, b`."""

    targets: tuple[Expr, ...]


class Return(Node, frozen=True, tag="r"):
    """`return value`."""

    value: Expr | None


class Raise(Node, frozen=True, tag="!"):
    """`raise exception from cause`."""

    exception: Expr | None
    cause: Expr | None


class Handler(Node, frozen=True, tag="h"):
    """One `except` clause; `comment` is the text of a comment on its line, without `#`."""

    exception: Expr | None
    name: str | None
    comment: str
    body: tuple[Stmt, ...]


class Try(Node, frozen=True, tag="t"):
    """`try`, or `try` with `except*` when `is_group`."""

    body: tuple[Stmt, ...]
    handlers: tuple[Handler, ...]
    orelse: tuple[Stmt, ...]
    final: tuple[Stmt, ...]
    is_group: bool


class For(Node, frozen=True, tag="4"):
    """`for` with its `else`."""

    target: Expr
    iter: Expr
    body: tuple[Stmt, ...]
    orelse: tuple[Stmt, ...]
    is_async: bool


class While(Node, frozen=True, tag="W"):
    """`while` with its `else`."""

    test: Expr
    body: tuple[Stmt, ...]
    orelse: tuple[Stmt, ...]


class WithItem(Node, frozen=True, tag="i"):
    """One `context as target`."""

    context: Expr
    target: Expr | None


class With(Node, frozen=True, tag="V"):
    """`with` or `async with`."""

    items: tuple[WithItem, ...]
    body: tuple[Stmt, ...]
    is_async: bool


class If(Node, frozen=True, tag="1"):
    """
    `if`; an `elif` is an `If` alone in `orelse`.

    A chain of more than `lower.CHAIN_LIMIT` branches is a `Match` of None instead, each branch a
    `case _ if test`: the same paths without the depth.
    """

    test: Expr
    body: tuple[Stmt, ...]
    orelse: tuple[Stmt, ...]


class Case(Node, frozen=True, tag="e"):
    """One `case`; the pattern is opaque but for the names it binds and reads."""

    pattern: Opaque
    binds: tuple[str, ...]
    guard: Expr | None
    body: tuple[Stmt, ...]
    irrefutable: bool


class Match(Node, frozen=True, tag="M"):
    """`match subject`."""

    subject: Expr
    cases: tuple[Case, ...]


class Scope(Node, frozen=True, tag="G"):
    """`global` or `nonlocal`."""

    kind: OneOf["global", "nonlocal"]
    names: tuple[str, ...]


class Assert(Node, frozen=True, tag="A"):
    """`assert test, message`."""

    test: Expr
    message: Expr | None


class Simple(Node, frozen=True, tag="P"):
    """`pass`, `break` or `continue`; `comment` is the text of a comment on the line, without `#`."""

    kind: OneOf["pass", "break", "continue"]
    comment: str


class TypeAliasDef(Node, frozen=True, tag="T"):
    """`type Name = value` (PEP 695)."""

    name: str
    value: Expr


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
