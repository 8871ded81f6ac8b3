"""
Lowers expressions of `ast` to the worker IR.

Depth is bounded: below `NESTING_LIMIT` levels an expression is `Opaque`, so that nothing after this
stage, the encoder included, meets a tree too deep to walk. No code that a person reads comes near.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final, TypeAlias

from worker_lint.source import ir
from worker_lint.source.text import Text

NESTING_LIMIT: Final = 100
"""Levels of an expression that the IR keeps."""

DEPTH_LIMIT: Final = 1_000
"""Levels of an expression that are read at all: the same on every Python, whose own limits differ."""

SYMBOL: Final[dict[type[ast.AST], str]] = {
    ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.MatMult: "@", ast.Div: "/", ast.Mod: "%",
    ast.Pow: "**", ast.LShift: "<<", ast.RShift: ">>", ast.BitOr: "|", ast.BitXor: "^",
    ast.BitAnd: "&", ast.FloorDiv: "//", ast.Eq: "==", ast.NotEq: "!=", ast.Lt: "<",
    ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Is: "is", ast.IsNot: "is not", ast.In: "in",
    ast.NotIn: "not in", ast.Not: "not", ast.USub: "-", ast.UAdd: "+", ast.Invert: "~",
}  # fmt: skip
"""How an operator is written."""


class TooDeepError(Exception):
    """An expression, which starts on this line, is nested more than `DEPTH_LIMIT` levels deep."""

    def __init__(self, line: int) -> None:
        super().__init__(line)
        self.line = line


class ExpressionLowering:
    """Lowers expressions of one text; `line_shift` is added to every line number of the tree."""

    def __init__(self, text: Text, *, line_shift: int = 0) -> None:
        self.text = text
        self.shift = line_shift
        self.wide = text.wide_lines
        self.depth = 0

    def at(self, node: Any) -> ir.At:
        """The node's span in lines and code points."""
        shift, wide = self.shift, self.wide
        line, end_line = node.lineno + shift, node.end_lineno + shift
        if not wide or (line not in wide and end_line not in wide):
            return (line, node.col_offset + 1, end_line, node.end_col_offset + 1)
        column = self.text.column
        return (line, column(line, node.col_offset), end_line, column(end_line, node.end_col_offset))

    def expr(self, node: ast.expr) -> ir.Expr:
        """
        Any expression.

        Raises:
            TooDeepError: it is nested too deeply to be read.
        """
        if type(node) is ast.Name:
            return ir.Name(self.at(node), node.id)
        depth = self.depth
        handler = _EXPR.get(type(node))
        if handler is None or depth >= NESTING_LIMIT:
            return self.opaque(node)
        self.depth = depth + 1
        lowered: ir.Expr = handler(self, node)
        self.depth = depth
        return lowered

    def maybe(self, node: ast.expr | None) -> ir.Expr | None:
        """An expression or None."""
        return None if node is None else self.expr(node)

    def exprs(self, nodes: Sequence[ast.expr]) -> tuple[ir.Expr, ...]:
        """A row of expressions."""
        return tuple([self.expr(node) for node in nodes]) if nodes else ()

    def opaque(self, node: ast.expr) -> ir.Opaque:
        """An expression of which only the names are kept."""
        if self.depth >= NESTING_LIMIT and _is_deeper(node, DEPTH_LIMIT - self.depth):
            raise TooDeepError(self.at(node)[0])
        return ir.Opaque(self.at(node), type(node).__name__, tuple(names_read(node)))

    def attribute(self, node: ast.Attribute) -> ir.Expr:
        return ir.Attribute(self.at(node), self.expr(node.value), node.attr)

    def subscript(self, node: ast.Subscript) -> ir.Expr:
        return ir.Subscript(self.at(node), self.expr(node.value), self.expr(node.slice))

    def call(self, node: ast.Call) -> ir.Expr:
        return ir.Call(self.at(node), self.expr(node.func), self.exprs(node.args), self.keywords(node.keywords))

    def keywords(self, nodes: Sequence[ast.keyword]) -> tuple[ir.Keyword, ...]:
        return tuple([ir.Keyword(self.at(node), node.arg, self.expr(node.value)) for node in nodes]) if nodes else ()

    def starred(self, node: ast.Starred) -> ir.Expr:
        return ir.Starred(self.at(node), self.expr(node.value))

    def constant(self, node: ast.Constant) -> ir.Constant:
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
        ops = tuple([SYMBOL[type(op)] for op in node.ops])
        return ir.Compare(self.at(node), self.expr(node.left), ops, self.exprs(node.comparators))

    def boolean(self, node: ast.BoolOp) -> ir.Expr:
        return ir.BoolOp(self.at(node), "and" if isinstance(node.op, ast.And) else "or", self.exprs(node.values))

    def unary(self, node: ast.UnaryOp) -> ir.Expr:
        return ir.Unary(self.at(node), SYMBOL[type(node.op)], self.expr(node.operand))

    def binary(self, node: ast.BinOp) -> ir.Expr:
        return ir.Binary(self.at(node), self.expr(node.left), SYMBOL[type(node.op)], self.expr(node.right))

    def awaited(self, node: ast.Await) -> ir.Expr:
        return ir.Await(self.at(node), self.expr(node.value))

    def yielded(self, node: ast.Yield | ast.YieldFrom) -> ir.Expr:
        return ir.Yield(self.at(node), self.maybe(node.value), isinstance(node, ast.YieldFrom))

    def display(self, node: ast.List | ast.Tuple | ast.Set) -> ir.Expr:
        items = self.exprs(node.elts)
        if isinstance(node, ast.Set):
            return ir.Collection(self.at(node), "set", items)
        return ir.Collection(self.at(node), "list" if isinstance(node, ast.List) else "tuple", items)

    def mapping(self, node: ast.Dict) -> ir.Expr:
        keys = tuple([None if key is None else self.expr(key) for key in node.keys])
        return ir.Mapping(self.at(node), keys, self.exprs(node.values))

    def comprehension(self, node: ast.ListComp | ast.SetComp | ast.GeneratorExp) -> ir.Expr:
        at, element = self.at(node), self.expr(node.elt)
        generators = self.generators(node.generators)
        if isinstance(node, ast.GeneratorExp):
            return ir.Comprehension(at, "generator", element, None, generators)
        return ir.Comprehension(at, "list" if isinstance(node, ast.ListComp) else "set", element, None, generators)

    def mapping_comprehension(self, node: ast.DictComp) -> ir.Expr:
        # `{**d for d in ds}` (Python 3.15) has no value.
        value = self.maybe(node.value)
        return ir.Comprehension(self.at(node), "dict", self.expr(node.key), value, self.generators(node.generators))

    def generators(self, nodes: Sequence[ast.comprehension]) -> tuple[ir.Generator, ...]:
        found = []
        for node in nodes:
            target = self.expr(node.target)
            items, conditions = self.expr(node.iter), self.exprs(node.ifs)
            found.append(ir.Generator(target.at, target, items, conditions, bool(node.is_async)))
        return tuple(found)

    def formatted(self, node: Any) -> ir.Expr:
        # Python 3.11 gives no places inside the literal text, and releases cut that text
        # differently: one Constant between two expressions, placed at the whole string.
        at, parts, literal = self.at(node), list[ir.Expr](), ""
        for part in node.values:
            if isinstance(part, ast.Constant):
                literal += str(self.constant(part).value)
                continue
            if literal:
                parts.append(ir.Constant(at, "str", literal))
                literal = ""
            parts.extend(self.interpolated(inside) for inside in _interpolated(part))
        if literal:
            parts.append(ir.Constant(at, "str", literal))
        return ir.Formatted(at, tuple(parts))

    def interpolated(self, node: ast.expr) -> ir.Expr:
        """An expression of an f-string, at the same place on every Python."""
        lowered = self.expr(node)
        if not isinstance(node, ast.Tuple) or not isinstance(lowered, ir.Collection) or not lowered.items:
            return lowered
        at = lowered.at
        text = self.text.segment(at)
        if at[:2] == lowered.items[0].at[:2] or not text.startswith("{") or "\n" in text:
            return lowered
        # Python 3.11 counts the braces around `{a, b}` as the parentheses of the tuple.
        start = at[1] + len(text) - len(text[1:].lstrip())
        end = at[1] + len(text[:-1].rstrip())
        return ir.Collection((at[0], start, at[2], end), lowered.kind, lowered.items)

    def conditional(self, node: ast.IfExp) -> ir.Expr:
        return ir.Conditional(self.at(node), self.expr(node.test), self.expr(node.body), self.expr(node.orelse))

    def walrus(self, node: ast.NamedExpr) -> ir.Expr:
        return ir.Walrus(self.at(node), node.target.id, self.expr(node.value))

    def anonymous(self, node: ast.Lambda) -> ir.Expr:
        params = self.parameters(node.args)
        bound = {param.name for param in params}
        captured = tuple(name for name in names_read(node.body) if name not in bound)
        return ir.Lambda(self.at(node), params, self.expr(node.body), captured)

    def parameters(self, node: ast.arguments) -> ir.Parameters:
        """The parameters in the order of the call."""
        params: list[ir.Parameter] = []
        first = node.posonlyargs
        plain = [*first, *node.args] if first else node.args
        undefined = len(plain) - len(node.defaults)
        for index, arg in enumerate(plain):
            kind = "positional-only" if index < len(first) else "positional"
            params.append(self.parameter(arg, kind, node.defaults[index - undefined] if index >= undefined else None))
        if node.vararg:
            params.append(self.parameter(node.vararg, "var-positional", None))
        for arg, default in zip(node.kwonlyargs, node.kw_defaults, strict=True):
            params.append(self.parameter(arg, "keyword-only", default))
        if node.kwarg:
            params.append(self.parameter(node.kwarg, "var-keyword", None))
        return tuple(params)

    def parameter(self, arg: ast.arg, kind: Any, default: ast.expr | None) -> ir.Parameter:
        annotation = arg.annotation
        return ir.Parameter(
            self.at(arg),
            arg.arg,
            kind,
            None if annotation is None else self.expr(annotation),
            None if default is None else self.expr(default),
        )


Handler: TypeAlias = Callable[[Any, Any], Any]

_EXPR: Final[dict[type[ast.AST], Handler]] = {
    ast.Attribute: ExpressionLowering.attribute,
    ast.Subscript: ExpressionLowering.subscript,
    ast.Call: ExpressionLowering.call,
    ast.Starred: ExpressionLowering.starred,
    ast.Constant: ExpressionLowering.constant,
    ast.Compare: ExpressionLowering.compare,
    ast.BoolOp: ExpressionLowering.boolean,
    ast.UnaryOp: ExpressionLowering.unary,
    ast.BinOp: ExpressionLowering.binary,
    ast.Await: ExpressionLowering.awaited,
    ast.Yield: ExpressionLowering.yielded,
    ast.YieldFrom: ExpressionLowering.yielded,
    ast.List: ExpressionLowering.display,
    ast.Tuple: ExpressionLowering.display,
    ast.Set: ExpressionLowering.display,
    ast.Dict: ExpressionLowering.mapping,
    ast.ListComp: ExpressionLowering.comprehension,
    ast.SetComp: ExpressionLowering.comprehension,
    ast.GeneratorExp: ExpressionLowering.comprehension,
    ast.DictComp: ExpressionLowering.mapping_comprehension,
    ast.JoinedStr: ExpressionLowering.formatted,
    ast.IfExp: ExpressionLowering.conditional,
    ast.NamedExpr: ExpressionLowering.walrus,
    ast.Lambda: ExpressionLowering.anonymous,
}
if hasattr(ast, "TemplateStr"):  # Python 3.14
    _EXPR[ast.TemplateStr] = ExpressionLowering.formatted


def names_read(node: ast.AST) -> Iterator[str]:
    """Names that a subtree loads, each once, in the order of `ast.walk`."""
    found = (part.id for part in ast.walk(node) if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Load))
    return iter(dict.fromkeys(found))


def _interpolated(part: Any) -> Iterator[ast.expr]:
    """The expression between two braces, then those of its format specification."""
    yield part.value
    if part.format_spec is not None:
        for inside in part.format_spec.values:
            if not isinstance(inside, ast.Constant):
                yield from _interpolated(inside)


def _is_deeper(node: ast.AST, limit: int) -> bool:
    level = [node]
    while level and limit:
        level = [child for parent in level for child in ast.iter_child_nodes(parent)]
        limit -= 1
    return bool(level)
