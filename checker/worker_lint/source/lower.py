"""
Lowers the running interpreter's `ast` to the worker IR.

The skeleton of a file holds every statement outside function bodies; a body is lowered when asked
for, from the function's own lines only: parsing definitions instead of files is what keeps a cold
run fast.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from typing import Any, Final

from worker_lint.source import ir, newer
from worker_lint.source.lower_expression import SYMBOL, ExpressionLowering, Handler, names_read
from worker_lint.source.shape import is_text, shape_of
from worker_lint.source.text import Text

CHAIN_LIMIT: Final = 50
"""Branches of an `if … elif …` that the IR nests; a longer chain becomes one `Match` of guards."""


class Lowering(ExpressionLowering):
    """Lowers trees of one text; with `bodies`, function bodies too."""

    def __init__(self, text: Text, *, bodies: bool = False, line_shift: int = 0) -> None:
        super().__init__(text, line_shift=line_shift)
        self.bodies = bodies

    def name_at(self, node: ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) -> ir.At:
        """The span of the name after `class` or `def`."""
        return self.text.name_after(node.lineno + self.shift, node.col_offset, node.name)

    # --- definitions ---

    def function(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> ir.FunctionDef:
        """A definition, with its body only when bodies were asked for."""
        last, end = node.body[-1], self.at(node)
        first = node.body[0]
        body_at = (first.lineno + self.shift, 1, (last.end_lineno or last.lineno) + self.shift, end[3])
        decorators = node.decorator_list
        start = min(node.lineno, *[item.lineno for item in decorators]) + self.shift if decorators else end[0]
        lines = (end[0], end[2])
        inner = list(_own_statements(node.body)) if self.text.has_word("import", *lines) else []
        imports = [self.imported(found) for found in inner if isinstance(found, (ast.Import, ast.ImportFrom))]
        return ir.FunctionDef(
            at=(start, end[1], end[2], end[3]),
            name=node.name,
            name_at=self.name_at(node),
            params=self.parameters(node.args),
            decorators=self.exprs(decorators),
            returns=self.maybe(node.returns),
            type_params=_type_params(node),
            is_async=isinstance(node, ast.AsyncFunctionDef),
            is_generator=self.text.has_word("yield", *lines) and _has_own_yield(node),
            shape=shape_of(node.body),
            docstring=is_text(first),
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
        return tuple([self.stmt(node) for node in nodes]) if nodes else ()

    def stmt(self, node: ast.stmt) -> ir.Stmt:
        """Any statement."""
        handler = _STMT.get(type(node))
        if handler is not None:
            lowered: ir.Stmt = handler(self, node)
            return lowered
        return ir.Expression(self.at(node), ir.Opaque(self.at(node), type(node).__name__, tuple(names_read(node))))

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
        at = self.at(node)
        comment = self.text.comment(at[0])
        if isinstance(node, ast.Pass):
            return ir.Simple(at, "pass", comment)
        return ir.Simple(at, "break" if isinstance(node, ast.Break) else "continue", comment)

    def looped(self, node: ast.For | ast.AsyncFor) -> ir.Stmt:
        body, orelse = self.stmts(node.body), self.stmts(node.orelse)
        target, items = self.expr(node.target), self.expr(node.iter)
        return ir.For(self.at(node), target, items, body, orelse, isinstance(node, ast.AsyncFor))

    def branched(self, node: ast.If) -> ir.Stmt:
        # `elif` nests in the tree: generated code with thousands of them must not exhaust the
        # stack here nor in any later stage.
        chain = [node]
        while len(node.orelse) == 1 and isinstance(node.orelse[0], ast.If):
            node = node.orelse[0]
            chain.append(node)
        if len(chain) > CHAIN_LIMIT:
            return self.guarded(chain)
        orelse = self.stmts(node.orelse)
        for link in reversed(chain):
            orelse = (ir.If(self.at(link), self.expr(link.test), self.stmts(link.body), orelse),)
        return orelse[0]

    def guarded(self, chain: Sequence[ast.If]) -> ir.Match:
        """A chain as `match None` with one `case _ if test` per branch: the same paths, but flat."""
        cases = []
        for link in chain:
            test = self.expr(link.test)
            pattern = ir.Opaque(test.at, "MatchAs", ())
            cases.append(ir.Case(test.at, pattern, (), test, self.stmts(link.body), irrefutable=False))
        if last := self.stmts(chain[-1].orelse):
            at = last[0].at
            cases.append(ir.Case(at, ir.Opaque(at, "MatchAs", ()), (), None, last, irrefutable=True))
        at = self.at(chain[0])
        word = (at[0], at[1], at[0], at[1] + len("if"))
        return ir.Match(at, ir.Constant(word, "none", None), tuple(cases))

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
            pattern = ir.Opaque(at, type(case.pattern).__name__, tuple(names_read(case.pattern)))
            binds = tuple(_names_bound(case.pattern))
            irrefutable = case.guard is None and isinstance(case.pattern, ast.MatchAs) and case.pattern.pattern is None
            cases.append(ir.Case(at, pattern, binds, self.maybe(case.guard), self.stmts(case.body), irrefutable))
        return ir.Match(self.at(node), self.expr(node.subject), tuple(cases))


_STMT: Final[dict[type[ast.AST], Handler]] = {
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
        low.at(node), low.expr(node.target), SYMBOL[type(node.op)], low.expr(node.value)
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
    ast.If: Lowering.branched,
    ast.Match: Lowering.matched,
    ast.Global: lambda low, node: ir.Scope(low.at(node), "global", tuple(node.names)),
    ast.Nonlocal: lambda low, node: ir.Scope(low.at(node), "nonlocal", tuple(node.names)),
    ast.Assert: lambda low, node: ir.Assert(low.at(node), low.expr(node.test), low.maybe(node.msg)),
    ast.Pass: Lowering.simple,
    ast.Break: Lowering.simple,
    ast.Continue: Lowering.simple,
    newer.TypeAlias: lambda low, node: ir.TypeAliasDef(low.at(node), node.name.id, low.expr(node.value)),
}


def _type_params(node: ast.AST) -> tuple[str, ...]:
    return tuple(param.name for param in getattr(node, "type_params", ()))


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
