"""
Lowers the running interpreter's `ast` to the worker IR.

The skeleton of a file (`lower_module`) holds every statement outside function bodies; a body is
lowered when asked for (`lower_body`), from the function's own lines only: parsing definitions
instead of files is what keeps a cold run fast.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

from worker_lint.source import ir
from worker_lint.source.shape import shape_of
from worker_lint.source.text import Text

_SYMBOL: Final[dict[type[ast.AST], str]] = {
    ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.MatMult: "@", ast.Div: "/", ast.Mod: "%",
    ast.Pow: "**", ast.LShift: "<<", ast.RShift: ">>", ast.BitOr: "|", ast.BitXor: "^",
    ast.BitAnd: "&", ast.FloorDiv: "//", ast.Eq: "==", ast.NotEq: "!=", ast.Lt: "<",
    ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Is: "is", ast.IsNot: "is not", ast.In: "in",
    ast.NotIn: "not in", ast.Not: "not", ast.USub: "-", ast.UAdd: "+", ast.Invert: "~",
}  # fmt: skip


class Lowering:
    """Lowers trees of one text; with `bodies`, function bodies too."""

    def __init__(self, text: Text, *, bodies: bool = False, line_shift: int = 0) -> None:
        self.text = text
        self.bodies = bodies
        self.shift = line_shift

    # --- places ---

    def at(self, node: Any) -> ir.At:
        """The node's span in lines and code points."""
        line, end_line = node.lineno + self.shift, node.end_lineno + self.shift
        if self.text.ascii:
            return (line, node.col_offset + 1, end_line, node.end_col_offset + 1)
        column = self.text.column
        return (line, column(line, node.col_offset), end_line, column(end_line, node.end_col_offset))

    def name_at(self, node: ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) -> ir.At:
        """The span of the name after `class` or `def`."""
        return self.text.name_after(node.lineno + self.shift, node.col_offset, node.name)

    # --- expressions ---

    def expr(self, node: ast.expr) -> ir.Expr:
        """Any expression."""
        handler = _EXPR.get(type(node))
        if handler is not None:
            lowered: ir.Expr = handler(self, node)
            return lowered
        return ir.Opaque(self.at(node), type(node).__name__, tuple(_names_read(node)))

    def maybe(self, node: ast.expr | None) -> ir.Expr | None:
        """An expression or None."""
        return None if node is None else self.expr(node)

    def exprs(self, nodes: Sequence[ast.expr]) -> tuple[ir.Expr, ...]:
        """A row of expressions."""
        return tuple([self.expr(node) for node in nodes])

    def name(self, node: ast.Name) -> ir.Expr:
        return ir.Name(self.at(node), node.id)

    def attribute(self, node: ast.Attribute) -> ir.Expr:
        return ir.Attribute(self.at(node), self.expr(node.value), node.attr)

    def subscript(self, node: ast.Subscript) -> ir.Expr:
        return ir.Subscript(self.at(node), self.expr(node.value), self.expr(node.slice))

    def call(self, node: ast.Call) -> ir.Expr:
        return ir.Call(self.at(node), self.expr(node.func), self.exprs(node.args), self.keywords(node.keywords))

    def keywords(self, nodes: Sequence[ast.keyword]) -> tuple[ir.Keyword, ...]:
        return tuple([ir.Keyword(self.at(node), node.arg, self.expr(node.value)) for node in nodes])

    def starred(self, node: ast.Starred) -> ir.Expr:
        return ir.Starred(self.at(node), self.expr(node.value))

    def constant(self, node: ast.Constant) -> ir.Expr:
        at, value = self.at(node), node.value
        if isinstance(value, str):
            # A lone surrogate cannot be encoded; the record must be encodable for any source.
            return ir.Constant(at, "str", value if value.isascii() else value.encode("utf-8", "replace").decode())
        if isinstance(value, bytes):
            return ir.Constant(at, "bytes", value.decode("latin-1"))
        if value is None:
            return ir.Constant(at, "none", None)
        if isinstance(value, bool):
            return ir.Constant(at, "bool", value)
        if isinstance(value, int) and -(2**63) <= value < 2**63:
            return ir.Constant(at, "int", value)
        if isinstance(value, float):
            return ir.Constant(at, "float", value)
        return ir.Constant(at, "ellipsis" if value is ... else "other", self.text.segment(at)[:80])

    def compare(self, node: ast.Compare) -> ir.Expr:
        ops = tuple([_SYMBOL[type(op)] for op in node.ops])
        return ir.Compare(self.at(node), self.expr(node.left), ops, self.exprs(node.comparators))

    def boolean(self, node: ast.BoolOp) -> ir.Expr:
        return ir.BoolOp(self.at(node), "and" if isinstance(node.op, ast.And) else "or", self.exprs(node.values))

    def unary(self, node: ast.UnaryOp) -> ir.Expr:
        return ir.Unary(self.at(node), _SYMBOL[type(node.op)], self.expr(node.operand))

    def binary(self, node: ast.BinOp) -> ir.Expr:
        return ir.Binary(self.at(node), self.expr(node.left), _SYMBOL[type(node.op)], self.expr(node.right))

    def awaited(self, node: ast.Await) -> ir.Expr:
        return ir.Await(self.at(node), self.expr(node.value))

    def yielded(self, node: ast.Yield | ast.YieldFrom) -> ir.Expr:
        return ir.Yield(self.at(node), self.maybe(node.value), isinstance(node, ast.YieldFrom))

    def display(self, node: ast.List | ast.Tuple | ast.Set) -> ir.Expr:
        kind = "list" if isinstance(node, ast.List) else "tuple" if isinstance(node, ast.Tuple) else "set"
        return ir.Collection(self.at(node), kind, self.exprs(node.elts))

    def mapping(self, node: ast.Dict) -> ir.Expr:
        keys = tuple([None if key is None else self.expr(key) for key in node.keys])
        return ir.Mapping(self.at(node), keys, self.exprs(node.values))

    def comprehension(self, node: ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp) -> ir.Expr:
        generators = tuple([self.generator(part) for part in node.generators])
        if isinstance(node, ast.DictComp):
            return ir.Comprehension(self.at(node), "dict", self.expr(node.key), self.expr(node.value), generators)
        kind = "list" if isinstance(node, ast.ListComp) else "set" if isinstance(node, ast.SetComp) else "generator"
        return ir.Comprehension(self.at(node), kind, self.expr(node.elt), None, generators)

    def generator(self, node: ast.comprehension) -> ir.Generator:
        target = self.expr(node.target)
        return ir.Generator(target.at, target, self.expr(node.iter), self.exprs(node.ifs), bool(node.is_async))

    def formatted(self, node: Any) -> ir.Expr:
        parts = [part.value if hasattr(part, "conversion") else part for part in node.values]
        return ir.Formatted(self.at(node), self.exprs(parts))

    def conditional(self, node: ast.IfExp) -> ir.Expr:
        return ir.Conditional(self.at(node), self.expr(node.test), self.expr(node.body), self.expr(node.orelse))

    def walrus(self, node: ast.NamedExpr) -> ir.Expr:
        return ir.Walrus(self.at(node), node.target.id, self.expr(node.value))

    def anonymous(self, node: ast.Lambda) -> ir.Expr:
        params = self.parameters(node.args)
        bound = {param.name for param in params}
        captured = tuple(name for name in _names_read(node.body) if name not in bound)
        return ir.Lambda(self.at(node), params, self.expr(node.body), captured)

    # --- definitions ---

    def parameters(self, node: ast.arguments) -> ir.Parameters:
        """The parameters in the order of the call."""
        params: list[ir.Parameter] = []
        plain = [*node.posonlyargs, *node.args]
        defaults = [None] * (len(plain) - len(node.defaults)) + list(node.defaults)
        for index, (arg, default) in enumerate(zip(plain, defaults, strict=True)):
            kind = "positional-only" if index < len(node.posonlyargs) else "positional"
            params.append(self.parameter(arg, kind, default))
        if node.vararg:
            params.append(self.parameter(node.vararg, "var-positional", None))
        for arg, default in zip(node.kwonlyargs, node.kw_defaults, strict=True):
            params.append(self.parameter(arg, "keyword-only", default))
        if node.kwarg:
            params.append(self.parameter(node.kwarg, "var-keyword", None))
        return tuple(params)

    def parameter(self, arg: ast.arg, kind: Any, default: ast.expr | None) -> ir.Parameter:
        return ir.Parameter(self.at(arg), arg.arg, kind, self.maybe(arg.annotation), self.maybe(default))

    def function(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> ir.FunctionDef:
        """A definition, with its body only when bodies were asked for."""
        last, end = node.body[-1], self.at(node)
        first = node.body[0]
        body_at = (first.lineno + self.shift, 1, (last.end_lineno or last.lineno) + self.shift, end[3])
        start = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)]) + self.shift
        lines = (node.lineno + self.shift, end[2])
        inner = list(_own_statements(node.body)) if self.text.has_word("import", *lines) else []
        imports = [self.imported(found) for found in inner if isinstance(found, (ast.Import, ast.ImportFrom))]
        return ir.FunctionDef(
            at=(start, end[1], end[2], end[3]),
            name=node.name,
            name_at=self.name_at(node),
            params=self.parameters(node.args),
            decorators=self.exprs(node.decorator_list),
            returns=self.maybe(node.returns),
            type_params=_type_params(node),
            is_async=isinstance(node, ast.AsyncFunctionDef),
            is_generator=self.text.has_word("yield", *lines) and _has_own_yield(node),
            shape=shape_of(node.body),
            docstring=ast.get_docstring(node, clean=False) is not None,
            body_at=body_at,
            imports=tuple(imports),
            has_inner_class=self.text.has_word("class", *lines)
            and any(isinstance(found, ast.ClassDef) for found in _own_statements(node.body)),
            body=self.stmts(node.body) if self.bodies else None,
        )

    def klass(self, node: ast.ClassDef) -> ir.ClassDef:
        """A class with its own statements."""
        at = self.at(node)
        start = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)]) + self.shift
        return ir.ClassDef(
            at=(start, at[1], at[2], at[3]),
            name=node.name,
            name_at=self.name_at(node),
            bases=self.exprs(node.bases),
            keywords=self.keywords(node.keywords),
            decorators=self.exprs(node.decorator_list),
            type_params=_type_params(node),
            docstring=ast.get_docstring(node, clean=False) is not None,
            body=self.stmts(node.body),
        )

    # --- statements ---

    def stmts(self, nodes: Sequence[ast.stmt]) -> tuple[ir.Stmt, ...]:
        """A block."""
        return tuple([self.stmt(node) for node in nodes])

    def stmt(self, node: ast.stmt) -> ir.Stmt:
        """Any statement."""
        handler = _STMT.get(type(node))
        if handler is not None:
            lowered: ir.Stmt = handler(self, node)
            return lowered
        return ir.Expression(self.at(node), ir.Opaque(self.at(node), type(node).__name__, tuple(_names_read(node))))

    def imported(self, node: ast.Import | ast.ImportFrom) -> ir.Import:
        """An import statement."""
        if isinstance(node, ast.Import):
            names = [
                ir.ImportedName(
                    self.at(alias),
                    alias.asname or alias.name.partition(".")[0],
                    alias.name if alias.asname else alias.name.partition(".")[0],
                    None,
                )
                for alias in node.names
            ]
            return ir.Import(self.at(node), tuple(names), 0)
        module = node.module or ""
        named = [
            ir.ImportedName(self.at(alias), alias.asname or alias.name, module, alias.name) for alias in node.names
        ]
        return ir.Import(self.at(node), tuple(named), node.level)

    def handler(self, node: ast.ExceptHandler) -> ir.Handler:
        at = self.at(node)
        header_end = node.type.end_lineno if node.type and node.type.end_lineno else node.lineno
        comment = self.text.comment(header_end + self.shift)
        return ir.Handler(at, self.maybe(node.type), node.name, comment, self.stmts(node.body))

    def tried(self, node: Any) -> ir.Stmt:
        return ir.Try(
            self.at(node),
            self.stmts(node.body),
            tuple([self.handler(handler) for handler in node.handlers]),
            self.stmts(node.orelse),
            self.stmts(node.finalbody),
            not isinstance(node, ast.Try),
        )

    def simple(self, node: ast.stmt) -> ir.Stmt:
        kind = "pass" if isinstance(node, ast.Pass) else "break" if isinstance(node, ast.Break) else "continue"
        at = self.at(node)
        return ir.Simple(at, kind, self.text.comment(at[0]))

    def looped(self, node: ast.For | ast.AsyncFor) -> ir.Stmt:
        body, orelse = self.stmts(node.body), self.stmts(node.orelse)
        target, items = self.expr(node.target), self.expr(node.iter)
        return ir.For(self.at(node), target, items, body, orelse, isinstance(node, ast.AsyncFor))

    def managed(self, node: ast.With | ast.AsyncWith) -> ir.Stmt:
        items = []
        for item in node.items:
            context = self.expr(item.context_expr)
            items.append(ir.WithItem(context.at, context, self.maybe(item.optional_vars)))
        return ir.With(self.at(node), tuple(items), self.stmts(node.body), isinstance(node, ast.AsyncWith))

    def matched(self, node: ast.Match) -> ir.Stmt:
        cases = []
        for case in node.cases:
            at = self.at(case.pattern)
            pattern = ir.Opaque(at, type(case.pattern).__name__, tuple(_names_read(case.pattern)))
            binds = tuple(_names_bound(case.pattern))
            irrefutable = case.guard is None and isinstance(case.pattern, ast.MatchAs) and case.pattern.pattern is None
            cases.append(ir.Case(at, pattern, binds, self.maybe(case.guard), self.stmts(case.body), irrefutable))
        return ir.Match(self.at(node), self.expr(node.subject), tuple(cases))


_Handler = Callable[[Lowering, Any], Any]

_EXPR: Final[dict[type[ast.AST], _Handler]] = {
    ast.Name: Lowering.name,
    ast.Attribute: Lowering.attribute,
    ast.Subscript: Lowering.subscript,
    ast.Call: Lowering.call,
    ast.Starred: Lowering.starred,
    ast.Constant: Lowering.constant,
    ast.Compare: Lowering.compare,
    ast.BoolOp: Lowering.boolean,
    ast.UnaryOp: Lowering.unary,
    ast.BinOp: Lowering.binary,
    ast.Await: Lowering.awaited,
    ast.Yield: Lowering.yielded,
    ast.YieldFrom: Lowering.yielded,
    ast.List: Lowering.display,
    ast.Tuple: Lowering.display,
    ast.Set: Lowering.display,
    ast.Dict: Lowering.mapping,
    ast.ListComp: Lowering.comprehension,
    ast.SetComp: Lowering.comprehension,
    ast.DictComp: Lowering.comprehension,
    ast.GeneratorExp: Lowering.comprehension,
    ast.JoinedStr: Lowering.formatted,
    ast.IfExp: Lowering.conditional,
    ast.NamedExpr: Lowering.walrus,
    ast.Lambda: Lowering.anonymous,
}
if hasattr(ast, "TemplateStr"):  # Python 3.14
    _EXPR[ast.TemplateStr] = Lowering.formatted

_STMT: Final[dict[type[ast.AST], _Handler]] = {
    ast.FunctionDef: Lowering.function,
    ast.AsyncFunctionDef: Lowering.function,
    ast.ClassDef: Lowering.klass,
    ast.Import: Lowering.imported,
    ast.ImportFrom: Lowering.imported,
    ast.Expr: lambda low, node: ir.Expression(low.at(node), low.expr(node.value)),
    ast.Assign: lambda low, node: ir.Assign(low.at(node), low.exprs(node.targets), low.expr(node.value), None),
    ast.AnnAssign: lambda low, node: ir.Assign(
        low.at(node), (low.expr(node.target),), low.maybe(node.value), low.expr(node.annotation)
    ),
    ast.AugAssign: lambda low, node: ir.AugAssign(
        low.at(node), low.expr(node.target), _SYMBOL[type(node.op)], low.expr(node.value)
    ),
    ast.Delete: lambda low, node: ir.Delete(low.at(node), low.exprs(node.targets)),
    ast.Return: lambda low, node: ir.Return(low.at(node), low.maybe(node.value)),
    ast.Raise: lambda low, node: ir.Raise(low.at(node), low.maybe(node.exc), low.maybe(node.cause)),
    ast.Try: Lowering.tried,
    ast.TryStar: Lowering.tried,
    ast.For: Lowering.looped,
    ast.AsyncFor: Lowering.looped,
    ast.While: lambda low, node: ir.While(
        low.at(node), low.expr(node.test), low.stmts(node.body), low.stmts(node.orelse)
    ),
    ast.With: Lowering.managed,
    ast.AsyncWith: Lowering.managed,
    ast.If: lambda low, node: ir.If(low.at(node), low.expr(node.test), low.stmts(node.body), low.stmts(node.orelse)),
    ast.Match: Lowering.matched,
    ast.Global: lambda low, node: ir.Scope(low.at(node), "global", tuple(node.names)),
    ast.Nonlocal: lambda low, node: ir.Scope(low.at(node), "nonlocal", tuple(node.names)),
    ast.Assert: lambda low, node: ir.Assert(low.at(node), low.expr(node.test), low.maybe(node.msg)),
    ast.Pass: Lowering.simple,
    ast.Break: Lowering.simple,
    ast.Continue: Lowering.simple,
}
if hasattr(ast, "TypeAlias"):  # Python 3.12
    _STMT[ast.TypeAlias] = lambda low, node: ir.TypeAliasDef(low.at(node), node.name.id, low.expr(node.value))


def _type_params(node: ast.AST) -> tuple[str, ...]:
    return tuple(param.name for param in getattr(node, "type_params", ()))


def _names_read(node: ast.AST) -> Iterator[str]:
    """Names that a subtree loads, each once, in source order as `ast.walk` gives them."""
    found = (part.id for part in ast.walk(node) if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Load))
    return iter(dict.fromkeys(found))


def _names_bound(node: ast.pattern) -> Iterator[str]:
    for part in ast.walk(node):
        name = getattr(part, "name", None) or getattr(part, "rest", None)
        if isinstance(name, str):
            yield name


_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)


def _own_statements(body: Sequence[ast.stmt]) -> Iterator[ast.stmt]:
    """All statements of a function body, blocks included, inner functions and classes not entered."""
    pending = list(reversed(body))
    while pending:
        node = pending.pop()
        yield node
        if isinstance(node, (*_FUNCTIONS, ast.ClassDef)):
            continue
        for block in ("finalbody", "orelse", "body"):
            pending.extend(reversed(getattr(node, block, ())))
        for part in (*getattr(node, "handlers", ()), *getattr(node, "cases", ())):
            pending.extend(reversed(part.body))


def _has_own_yield(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    pending: list[ast.AST] = list(function.body)
    while pending:
        node = pending.pop()
        if isinstance(node, (ast.Yield, ast.YieldFrom)):
            return True
        if not isinstance(node, (*_FUNCTIONS, ast.ClassDef)):
            pending.extend(ast.iter_child_nodes(node))
    return False
