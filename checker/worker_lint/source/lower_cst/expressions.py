"""LibCST expressions as the `ast` nodes that Python itself would make of them, places included."""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from typing import Any, Final, TypeAlias

import libcst as cst

from worker_lint.source.lower_cst import literals
from worker_lint.source.lower_cst.operators import BINARY, COMPARISON, UNARY
from worker_lint.source.lower_cst.positions import Place, Span
from worker_lint.source.lower_cst.strings import StringConversion

_KEYWORD_VALUES: Final = {"None": None, "True": True, "False": False}

_LOAD, _STORE, _DELETE = ast.Load(), ast.Store(), ast.Del()
"""One node each is enough: `ast.parse` shares them too."""


class ExpressionConversion(StringConversion):
    """Converts expressions of one module."""

    def expr(self, node: cst.CSTNode, context: ast.expr_context = _LOAD) -> Any:
        """
        Any expression, to be loaded unless the context says otherwise.

        Raises:
            ValueError: Python refuses a literal in it.
            KeyError: the grammar of LibCST knows an expression that this conversion does not.
        """
        simple = _EXPR.get(type(node))
        if simple is not None:
            return self.put(simple(self, node), self.positions.inner(node))
        return _SPECIAL[type(node)](self, node, context)

    def maybe(self, node: cst.CSTNode | None) -> Any:
        """An expression or None."""
        return None if node is None else self.expr(node)

    def target(self, node: cst.CSTNode) -> Any:
        """An expression that is assigned to."""
        return self.expr(node, _STORE)

    def deleted(self, node: cst.CSTNode) -> list[ast.expr]:
        """The targets of a `del`."""
        if isinstance(node, cst.Tuple) and not node.lpar:
            return [self.expr(element.value, _DELETE) for element in node.elements]
        return [self.expr(node, _DELETE)]

    # --- with a context ---

    def name(self, node: cst.Name, context: ast.expr_context) -> ast.expr:
        span = self.positions.inner(node)
        if node.value in _KEYWORD_VALUES:
            return self.put(ast.Constant(_KEYWORD_VALUES[node.value]), span)
        return self.put(ast.Name(literals.identifier(node), context), span)

    def attribute(self, node: cst.Attribute, context: ast.expr_context) -> ast.expr:
        made = ast.Attribute(self.expr(node.value), literals.identifier(node.attr), context)
        return self.put(made, self.positions.inner(node))

    def subscript(self, node: cst.Subscript, context: ast.expr_context) -> ast.expr:
        made = ast.Subscript(self.expr(node.value), self.index(node.slice), context)
        return self.put(made, self.positions.inner(node))

    def starred(self, node: cst.StarredElement, context: ast.expr_context) -> ast.expr:
        span = Span(self.positions.outer(node).start, self.positions.outer(node.value).end)
        return self.put(ast.Starred(self.expr(node.value, context), context), span)

    def list_display(self, node: cst.List, context: ast.expr_context) -> ast.expr:
        return self.put(ast.List(self.elements(node.elements, context), context), self.positions.inner(node))

    def tuple_display(self, node: cst.Tuple, context: ast.expr_context) -> ast.expr:
        made = ast.Tuple(self.elements(node.elements, context), context)
        return self.put(made, self.bracketed(node, node.elements))

    def bracketed(self, node: Any, items: Sequence[Any]) -> Span:
        """Within the innermost parentheses, or, without any, from the first item to the last comma."""
        if node.lpar:
            return Span(self.positions.outer(node.lpar[-1]).start, self.positions.outer(node.rpar[0]).end)
        return Span(self.positions.inner(node).start, self.end_of_row(items))

    def end_of_row(self, items: Sequence[Any]) -> Place:
        """Where the last of several items ends, its comma included."""
        last = items[-1]
        if isinstance(last.comma, cst.Comma):
            return self.positions.inner(last.comma).end
        return self.positions.outer(last).end

    def elements(self, nodes: Sequence[cst.BaseElement], context: ast.expr_context = _LOAD) -> list[ast.expr]:
        """The items of a display."""
        return [self.expr(node if isinstance(node, cst.StarredElement) else node.value, context) for node in nodes]

    # --- subscripts ---

    def index(self, nodes: Sequence[cst.SubscriptElement]) -> ast.expr:
        """What stands between brackets."""
        parts = [self.slice(node.slice) for node in nodes]
        first, last = nodes[0], nodes[-1]
        comma = last.comma if isinstance(last.comma, cst.Comma) else None
        if len(parts) == 1 and comma is None and not isinstance(parts[0], ast.Starred):
            return parts[0]
        end = self.slice_span(last.slice).end if comma is None else self.positions.inner(comma).end
        return self.put(ast.Tuple(parts, _LOAD), Span(self.slice_span(first.slice).start, end))

    def slice(self, node: cst.BaseSlice) -> ast.expr:
        if isinstance(node, cst.Slice):
            made: ast.expr = ast.Slice(self.maybe(node.lower), self.maybe(node.upper), self.maybe(node.step))
        elif not isinstance(node, cst.Index):
            raise KeyError(type(node))
        else:
            made = self.expr(node.value)
            if node.star is None:
                return made
            made = ast.Starred(made, _LOAD)
        return self.put(made, self.slice_span(node))

    def slice_span(self, node: cst.BaseSlice) -> Span:
        """From the first token to the last: LibCST counts the spaces around a colon to the slice."""
        outer, inner = self.positions.outer, self.positions.inner
        if not isinstance(node, cst.Slice):
            return outer(node)
        start = inner(node.first_colon).start if node.lower is None else outer(node.lower).start
        ends = [inner(colon).end for colon in (node.first_colon, node.second_colon) if isinstance(colon, cst.Colon)]
        ends += [outer(part).end for part in (node.upper, node.step) if part is not None]
        return Span(start, max(ends))

    # --- calls and parameters ---

    def call(self, node: cst.Call) -> ast.expr:
        if len(node.args) == 1 and isinstance(only := node.args[0].value, cst.GeneratorExp) and not only.lpar:
            # A generator expression as the only argument borrows the parentheses of the call.
            opened = self.positions.outer(node.whitespace_after_func).end
            borrowed = Span(opened, self.positions.inner(node).end)
            return ast.Call(self.expr(node.func), [self.put(self.generator(only), borrowed)], [])
        return ast.Call(self.expr(node.func), *self.arguments(node.args))

    def arguments(self, nodes: Sequence[cst.Arg]) -> tuple[list[ast.expr], list[ast.keyword]]:
        """The positional arguments and those by keyword, of a call or class header."""
        plain: list[ast.expr] = []
        keywords: list[ast.keyword] = []
        for node in nodes:
            value: ast.expr = self.expr(node.value)
            span = Span(self.positions.outer(node).start, self.positions.outer(node.value).end)
            if node.keyword is not None or node.star == "**":
                name = None if node.keyword is None else literals.identifier(node.keyword)
                keywords.append(self.put(ast.keyword(name, value), span))
            else:
                plain.append(self.put(ast.Starred(value, _LOAD), span) if node.star else value)
        return plain, keywords

    def parameters(self, node: cst.Parameters) -> ast.arguments:
        """The parameters of a function."""
        plain = (*node.posonly_params, *node.params)
        star, double = node.star_arg, node.star_kwarg
        return ast.arguments(
            posonlyargs=[self.parameter(param) for param in node.posonly_params],
            args=[self.parameter(param) for param in node.params],
            vararg=self.parameter(star) if isinstance(star, cst.Param) else None,
            kwonlyargs=[self.parameter(param) for param in node.kwonly_params],
            kw_defaults=[self.maybe(param.default) for param in node.kwonly_params],
            kwarg=None if double is None else self.parameter(double),
            defaults=[self.expr(param.default) for param in plain if param.default is not None],
        )

    def parameter(self, node: cst.Param) -> ast.arg:
        noted = None if node.annotation is None else node.annotation.annotation
        end = self.positions.outer(node.name if noted is None else noted).end
        made = ast.arg(literals.identifier(node.name), self.maybe(noted))
        return self.put(made, Span(self.positions.inner(node.name).start, end))

    # --- operators ---

    def comparison(self, node: cst.Comparison) -> ast.expr:
        operators = [COMPARISON[type(part.operator)]() for part in node.comparisons]
        return ast.Compare(self.expr(node.left), operators, [self.expr(part.comparator) for part in node.comparisons])

    def boolean(self, node: cst.BooleanOperation) -> ast.expr:
        operator = type(node.operator)
        values = [node.right]
        left = node.left
        while isinstance(left, cst.BooleanOperation) and type(left.operator) is operator and not left.lpar:
            values.append(left.right)
            left = left.left
        values.append(left)
        made = ast.And() if operator is cst.And else ast.Or()
        return ast.BoolOp(made, [self.expr(value) for value in reversed(values)])

    def yielded(self, node: cst.Yield) -> ast.expr:
        if isinstance(node.value, cst.From):
            return ast.YieldFrom(self.expr(node.value.item))
        return ast.Yield(self.maybe(node.value))

    # --- displays and comprehensions ---

    def mapping(self, node: cst.Dict) -> ast.expr:
        keys = [self.expr(part.key) if isinstance(part, cst.DictElement) else None for part in node.elements]
        return ast.Dict(keys, [self.expr(part.value) for part in node.elements])

    def generators(self, node: cst.CompFor | None) -> list[ast.comprehension]:
        found = []
        while node is not None:
            conditions = [self.expr(condition.test) for condition in node.ifs]
            is_async = int(node.asynchronous is not None)
            found.append(ast.comprehension(self.target(node.target), self.expr(node.iter), conditions, is_async))
            node = node.inner_for_in
        return found

    def generator(self, node: cst.GeneratorExp) -> ast.GeneratorExp:
        return ast.GeneratorExp(self.expr(node.elt), self.generators(node.for_in))

    def generator_alone(self, node: cst.GeneratorExp, _: ast.expr_context) -> ast.expr:
        return self.put(self.generator(node), self.bracketed(node, ()))

    def mapping_unpacked(self, node: Any) -> ast.expr:
        # As Python 3.15 has it: no value.
        return ast.DictComp(self.expr(node.value), None, self.generators(node.for_in))  # type: ignore[arg-type]


_Simple: TypeAlias = Callable[[ExpressionConversion, Any], ast.expr]
_Special: TypeAlias = Callable[[ExpressionConversion, Any, ast.expr_context], ast.expr]

_SPECIAL: Final[dict[type[cst.CSTNode], _Special]] = {
    cst.Name: ExpressionConversion.name,
    cst.Attribute: ExpressionConversion.attribute,
    cst.Subscript: ExpressionConversion.subscript,
    cst.StarredElement: ExpressionConversion.starred,
    cst.List: ExpressionConversion.list_display,
    cst.Tuple: ExpressionConversion.tuple_display,
    cst.GeneratorExp: ExpressionConversion.generator_alone,
}

_EXPR: Final[dict[type[cst.CSTNode], _Simple]] = {
    cst.Call: ExpressionConversion.call,
    cst.Comparison: ExpressionConversion.comparison,
    cst.BooleanOperation: ExpressionConversion.boolean,
    cst.UnaryOperation: lambda do, node: ast.UnaryOp(UNARY[type(node.operator)](), do.expr(node.expression)),
    cst.BinaryOperation: lambda do, node: ast.BinOp(
        do.expr(node.left), BINARY[type(node.operator)](), do.expr(node.right)
    ),
    cst.IfExp: lambda do, node: ast.IfExp(do.expr(node.test), do.expr(node.body), do.expr(node.orelse)),
    cst.Lambda: lambda do, node: ast.Lambda(do.parameters(node.params), do.expr(node.body)),
    cst.Await: lambda do, node: ast.Await(do.expr(node.expression)),
    cst.Yield: ExpressionConversion.yielded,
    cst.NamedExpr: lambda do, node: ast.NamedExpr(do.target(node.target), do.expr(node.value)),
    cst.Set: lambda do, node: ast.Set(do.elements(node.elements)),
    cst.Dict: ExpressionConversion.mapping,
    cst.ListComp: lambda do, node: ast.ListComp(do.expr(node.elt), do.generators(node.for_in)),
    cst.SetComp: lambda do, node: ast.SetComp(do.expr(node.elt), do.generators(node.for_in)),
    cst.DictComp: lambda do, node: ast.DictComp(do.expr(node.key), do.expr(node.value), do.generators(node.for_in)),
    cst.SimpleString: lambda _, node: ast.Constant(literals.string(node.value)),
    cst.ConcatenatedString: ExpressionConversion.concatenated,
    cst.FormattedString: ExpressionConversion.formatted,
    cst.Integer: lambda _, node: ast.Constant(literals.number(node.value)),
    cst.Float: lambda _, node: ast.Constant(float(node.value)),
    cst.Imaginary: lambda _, node: ast.Constant(complex(0, float(node.value[:-1]))),
    cst.Ellipsis: lambda _, _node: ast.Constant(...),
}
for _newer, _handler in (
    ("TemplatedString", ExpressionConversion.formatted),
    ("StarredDictComp", ExpressionConversion.mapping_unpacked),
):
    if hasattr(cst, _newer):  # later releases of LibCST
        _EXPR[getattr(cst, _newer)] = _handler
