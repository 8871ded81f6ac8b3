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

from worker_lint.source.ir.expressions import (
    Attribute,
    Await,
    Binary,
    BoolOp,
    Call,
    Collection,
    Compare,
    Comprehension,
    Conditional,
    Constant,
    Expr,
    Formatted,
    Generator,
    Keyword,
    Lambda,
    Mapping,
    Name,
    Opaque,
    Parameter,
    Parameters,
    Starred,
    Subscript,
    Unary,
    Walrus,
    Yield,
    dotted_name,
)
from worker_lint.source.ir.module import (
    IR_VERSION,
    Module,
)
from worker_lint.source.ir.node import (
    At,
    Node,
)
from worker_lint.source.ir.statements import (
    Assert,
    Assign,
    AugAssign,
    Case,
    ClassDef,
    Delete,
    Expression,
    For,
    FunctionDef,
    Handler,
    If,
    Import,
    ImportedName,
    Match,
    Raise,
    Return,
    Scope,
    Shape,
    Simple,
    Stmt,
    Try,
    TypeAliasDef,
    While,
    With,
    WithItem,
)

__all__ = [
    "IR_VERSION",
    "Assert",
    "Assign",
    "At",
    "Attribute",
    "AugAssign",
    "Await",
    "Binary",
    "BoolOp",
    "Call",
    "Case",
    "ClassDef",
    "Collection",
    "Compare",
    "Comprehension",
    "Conditional",
    "Constant",
    "Delete",
    "Expr",
    "Expression",
    "For",
    "Formatted",
    "FunctionDef",
    "Generator",
    "Handler",
    "If",
    "Import",
    "ImportedName",
    "Keyword",
    "Lambda",
    "Mapping",
    "Match",
    "Module",
    "Name",
    "Node",
    "Opaque",
    "Parameter",
    "Parameters",
    "Raise",
    "Return",
    "Scope",
    "Shape",
    "Simple",
    "Starred",
    "Stmt",
    "Subscript",
    "Try",
    "TypeAliasDef",
    "Unary",
    "Walrus",
    "While",
    "With",
    "WithItem",
    "Yield",
    "dotted_name",
]
