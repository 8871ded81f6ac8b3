"""LibCST statements as the `ast` nodes that Python itself would make of them, places included."""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from typing import Any, Final

import libcst as cst

from worker_lint.source import newer
from worker_lint.source.lower_cst.literals import identifier
from worker_lint.source.lower_cst.operators import AUGMENTED
from worker_lint.source.lower_cst.patterns import PatternConversion
from worker_lint.source.lower_cst.positions import Place, Positions, Span


class Conversion(PatternConversion):
    """Converts a module."""

    def __init__(self, positions: Positions) -> None:
        super().__init__(positions)
        self.end: Place = (1, 0)
        """Where the last token of the latest statement ends: a compound statement ends with its last block."""

    def module(self, node: cst.Module) -> ast.Module:
        """
        The whole tree.

        Raises:
            ValueError, KeyError: as `expr`.
        """
        return ast.Module(self.block(node.body), [])

    def block(self, nodes: Sequence[cst.CSTNode]) -> list[ast.stmt]:
        """The statements of a block, those on one line included."""
        found: list[ast.stmt] = []
        for node in nodes:
            if isinstance(node, cst.SimpleStatementLine):
                found.extend(self.simple(small) for small in node.body)
            elif isinstance(node, cst.BaseSmallStatement):
                found.append(self.simple(node))
            else:
                found.append(self.compound(node))
        return found

    def simple(self, node: cst.BaseSmallStatement) -> ast.stmt:
        """A statement without a block."""
        span = self.positions.inner(node)
        if isinstance(node, cst.TypeAlias):  # LibCST counts the semicolon to it
            span = Span(span.start, self.positions.outer(node.value).end)
        made = self.put(_SIMPLE[type(node)](self, node), span)
        self.end = self.positions.inner(node.semicolon).end if isinstance(node.semicolon, cst.Semicolon) else span.end
        return made

    def compound(self, node: cst.CSTNode) -> ast.stmt:
        """A statement with blocks."""
        start = self.positions.inner(node).start
        return self.put(_COMPOUND[type(node)](self, node), Span(start, self.end))

    def suite(self, node: Any) -> list[ast.stmt]:
        """The block of a clause; nothing when there is no clause."""
        return [] if node is None else self.block(node.body.body)

    # --- definitions ---

    def function(self, node: cst.FunctionDef) -> ast.stmt:
        kind: Any = ast.FunctionDef if node.asynchronous is None else ast.AsyncFunctionDef
        made: ast.FunctionDef = kind(
            name=identifier(node.name),
            args=self.parameters(node.params),
            body=self.suite(node),
            decorator_list=[self.expr(decorator.decorator) for decorator in node.decorators],
            returns=None if node.returns is None else self.expr(node.returns.annotation),
        )
        return _with_type_parameters(made, node.type_parameters)

    def klass(self, node: cst.ClassDef) -> ast.stmt:
        bases, keywords = self.arguments((*node.bases, *node.keywords))
        decorators = [self.expr(decorator.decorator) for decorator in node.decorators]
        made = ast.ClassDef(  # type: ignore[call-arg,unused-ignore]  # type_params are set below
            name=identifier(node.name),
            bases=bases,
            keywords=keywords,
            body=self.suite(node),
            decorator_list=decorators,
        )
        return _with_type_parameters(made, node.type_parameters)

    # --- compound statements ---

    def branched(self, node: cst.If) -> ast.stmt:
        test, body = self.expr(node.test), self.suite(node)
        if isinstance(node.orelse, cst.If):
            return ast.If(test, body, [self.compound(node.orelse)])
        return ast.If(test, body, self.suite(node.orelse))

    def tried(self, node: Any) -> ast.stmt:
        body = self.suite(node)
        handlers = [self.handler(handler) for handler in node.handlers]
        orelse, final = self.suite(node.orelse), self.suite(node.finalbody)
        kind = ast.Try if isinstance(node, cst.Try) else ast.TryStar
        return kind(body, handlers, orelse, final)

    def handler(self, node: Any) -> ast.ExceptHandler:
        name = None if node.name is None else identifier(node.name.name)
        made = ast.ExceptHandler(self.maybe(node.type), name, self.suite(node))
        return self.put(made, Span(self.positions.inner(node).start, self.end))

    def looped(self, node: cst.For) -> ast.stmt:
        kind: Any = ast.For if node.asynchronous is None else ast.AsyncFor
        target, items = self.target(node.target), self.expr(node.iter)
        made: ast.stmt = kind(target, items, self.suite(node), self.suite(node.orelse))
        return made

    def managed(self, node: cst.With) -> ast.stmt:
        kind: Any = ast.With if node.asynchronous is None else ast.AsyncWith
        items = []
        for item in node.items:
            bound = None if item.asname is None else self.target(item.asname.name)
            items.append(ast.withitem(self.expr(item.item), bound))
        made: ast.stmt = kind(items, self.suite(node))
        return made

    def matched(self, node: cst.Match) -> ast.stmt:
        return ast.Match(self.expr(node.subject), [self.case(case) for case in node.cases])

    def case(self, node: cst.MatchCase) -> ast.match_case:
        return ast.match_case(self.pattern(node.pattern), self.maybe(node.guard), self.suite(node))

    # --- simple statements ---

    def assigned(self, node: cst.Assign) -> ast.stmt:
        return ast.Assign([self.target(part.target) for part in node.targets], self.expr(node.value))

    def annotated(self, node: cst.AnnAssign) -> ast.stmt:
        is_simple = int(isinstance(node.target, cst.Name) and not node.target.lpar)
        annotation = self.expr(node.annotation.annotation)
        return ast.AnnAssign(self.target(node.target), annotation, self.maybe(node.value), is_simple)

    def raised(self, node: cst.Raise) -> ast.stmt:
        return ast.Raise(self.maybe(node.exc), None if node.cause is None else self.expr(node.cause.item))

    def imported(self, node: Any) -> ast.stmt:
        return ast.Import([self.alias(alias) for alias in node.names])

    def imported_from(self, node: Any) -> ast.stmt:
        if isinstance(node.names, cst.ImportStar):
            names = [self.put(ast.alias("*"), self.positions.inner(node.names))]
        else:
            names = [self.alias(alias) for alias in node.names]
        module = None if node.module is None else _dotted(node.module)
        return ast.ImportFrom(module, names, len(node.relative))

    def alias(self, node: cst.ImportAlias) -> ast.alias:
        bound = identifier(node.asname.name) if node.asname and isinstance(node.asname.name, cst.Name) else None
        return self.put(ast.alias(_dotted(node.name), bound), self.positions.inner(node))

    def named_type(self, node: cst.TypeAlias) -> ast.stmt:
        return newer.type_alias(self.target(node.name), self.expr(node.value))


_Simple = Callable[[Conversion, Any], ast.stmt]

_SIMPLE: Final[dict[type[cst.CSTNode], _Simple]] = {
    cst.Expr: lambda do, node: ast.Expr(do.expr(node.value)),
    cst.Assign: Conversion.assigned,
    cst.AnnAssign: Conversion.annotated,
    cst.AugAssign: lambda do, node: ast.AugAssign(
        do.target(node.target), AUGMENTED[type(node.operator)](), do.expr(node.value)
    ),
    cst.Return: lambda do, node: ast.Return(do.maybe(node.value)),
    cst.Raise: Conversion.raised,
    cst.Del: lambda do, node: ast.Delete(do.deleted(node.target)),
    cst.Pass: lambda _, _node: ast.Pass(),
    cst.Break: lambda _, _node: ast.Break(),
    cst.Continue: lambda _, _node: ast.Continue(),
    cst.Assert: lambda do, node: ast.Assert(do.expr(node.test), do.maybe(node.msg)),
    cst.Global: lambda _, node: ast.Global([identifier(item.name) for item in node.names]),
    cst.Nonlocal: lambda _, node: ast.Nonlocal([identifier(item.name) for item in node.names]),
    cst.Import: Conversion.imported,
    cst.ImportFrom: Conversion.imported_from,
    cst.TypeAlias: Conversion.named_type,
}
for _newer, _handler in (("LazyImport", Conversion.imported), ("LazyImportFrom", Conversion.imported_from)):
    if hasattr(cst, _newer):  # later releases of LibCST
        _SIMPLE[getattr(cst, _newer)] = _handler

_COMPOUND: Final[dict[type[cst.CSTNode], _Simple]] = {
    cst.FunctionDef: Conversion.function,
    cst.ClassDef: Conversion.klass,
    cst.If: Conversion.branched,
    cst.While: lambda do, node: ast.While(do.expr(node.test), do.suite(node), do.suite(node.orelse)),
    cst.For: Conversion.looped,
    cst.With: Conversion.managed,
    cst.Try: Conversion.tried,
    cst.TryStar: Conversion.tried,
    cst.Match: Conversion.matched,
}


def _with_type_parameters(made: ast.stmt, node: cst.TypeParameters | None) -> ast.stmt:
    names = [] if node is None else [identifier(each.param.name) for each in node.params]
    vars(made)["type_params"] = [newer.type_parameter(name) for name in names]
    return made


def _dotted(node: cst.BaseExpression) -> str:
    parts: list[str] = []
    while isinstance(node, cst.Attribute):
        parts.append(identifier(node.attr))
        node = node.value
    if isinstance(node, cst.Name):
        parts.append(identifier(node))
    return ".".join(reversed(parts))
