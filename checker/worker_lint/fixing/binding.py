# ruff: noqa: N802 - LibCST finds the methods of a visitor by these names
"""What the names of a file stand for: its imports, and every other name that a block binds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

import libcst as cst

from worker_lint.fixing.expression import dotted
from worker_lint.fixing.tree import Tree, suites
from worker_lint.rule.edits import ImportNeed

Block = Sequence[cst.BaseStatement | cst.BaseSmallStatement]


@dataclass(frozen=True, slots=True)
class Binding:
    """
    One name that a module-level import binds: `bound` stands for `attribute` of `module`, or for
    the module itself. `level` counts the dots of a relative import. `typing_only` ones exist
    for type checkers alone.
    """

    bound: str
    module: str
    attribute: str
    level: int
    offset: int
    typing_only: bool


@dataclass(frozen=True, slots=True)
class ImportLine:
    """An import statement outside functions and classes, with the line that holds it."""

    statement: cst.Import | cst.ImportFrom
    line: cst.SimpleStatementLine
    top_level: bool
    typing_only: bool


def import_lines(tree: Tree) -> Iterator[ImportLine]:
    """The imports that run with the module, those in `if` and `try` too, in source order."""
    yield from _import_lines(tree.module.body, top_level=True, typing_only=False)


def _import_lines(block: Block, *, top_level: bool, typing_only: bool) -> Iterator[ImportLine]:
    for statement in block:
        if isinstance(statement, cst.SimpleStatementLine):
            for small in statement.body:
                if isinstance(small, (cst.Import, cst.ImportFrom)):
                    yield ImportLine(small, statement, top_level, typing_only)
        elif isinstance(statement, cst.If) and is_type_checking(statement):
            yield from _import_lines(statement.body.body, top_level=False, typing_only=True)
            if statement.orelse is not None:
                yield from _nested(statement.orelse, typing_only=typing_only)
        elif not isinstance(statement, (cst.FunctionDef, cst.ClassDef)):
            yield from _nested(statement, typing_only=typing_only)


def _nested(statement: cst.CSTNode, *, typing_only: bool) -> Iterator[ImportLine]:
    for suite in suites(statement):
        yield from _import_lines(suite.body, top_level=False, typing_only=typing_only)


def is_type_checking(statement: cst.If) -> bool:
    """Whether an `if` is `if TYPE_CHECKING` or `if typing.TYPE_CHECKING`."""
    name = dotted(statement.test)
    return name is not None and name.rpartition(".")[2] == "TYPE_CHECKING"


def bindings(tree: Tree) -> Iterator[Binding]:
    """The names that the imports of a module bind, star imports left aside."""
    for found in import_lines(tree):
        statement, offset = found.statement, tree.start(found.statement)
        if isinstance(statement.names, cst.ImportStar):
            continue
        module, level = "", 0
        if isinstance(statement, cst.ImportFrom):
            module = (dotted(statement.module) if statement.module else None) or ""
            level = len(statement.relative)
        for alias in statement.names:
            name, bound = alias.evaluated_name, alias.evaluated_alias
            if isinstance(statement, cst.ImportFrom):
                yield Binding(bound or name, module, name, level, offset, found.typing_only)
            else:
                yield Binding(bound or name, name, "", 0, offset, found.typing_only)


def names_module(binding: Binding, module: str, path: str) -> bool:
    """Whether the module part of a binding is this module; a relative one is placed by the file's path."""
    return is_same_module(binding.module, binding.level, module, path)


def is_same_module(written: str, level: int, module: str, path: str) -> bool:
    """
    Whether `written`, as it stands after `from` with so many dots, is this module.

    Where the package root lies is not known here, so the last parts must agree; a relative
    import lies in a package, so one part more than written is asked for.
    """
    if not level:
        return written == module
    folders = PurePosixPath(path).parent.parts
    if level - 1 > len(folders):
        return False
    tail = tuple(written.split(".")) if written else ()
    full = folders[: len(folders) - level + 1] + tail
    parts = tuple(module.split("."))
    return len(parts) > len(tail) and full[-len(parts) :] == parts


def is_own_module(need: ImportNeed, path: str) -> bool:
    """Whether the module that is to be imported is the file itself."""
    file = f"{need.module.replace('.', '/')}"
    return any(f"/{path}".endswith(f"/{file}{tail}") for tail in (".py", ".pyi", "/__init__.py", "/__init__.pyi"))


class _Bound(cst.CSTVisitor):
    """Collects the names that one scope binds; inner scopes are entered for their own name only."""

    def __init__(self) -> None:
        self.names: set[str] = set()

    def visit_FunctionDef(self, node: cst.FunctionDef) -> bool:
        self.names.add(node.name.value)
        return False

    def visit_ClassDef(self, node: cst.ClassDef) -> bool:
        self.names.add(node.name.value)
        return False

    def visit_Lambda(self, node: cst.Lambda) -> bool:  # noqa: ARG002 - LibCST's signature
        return False

    def visit_AssignTarget(self, node: cst.AssignTarget) -> None:
        self._target(node.target)

    def visit_AnnAssign(self, node: cst.AnnAssign) -> None:
        self._target(node.target)

    def visit_AugAssign(self, node: cst.AugAssign) -> None:
        self._target(node.target)

    def visit_NamedExpr(self, node: cst.NamedExpr) -> None:
        self._target(node.target)

    def visit_For(self, node: cst.For) -> None:
        self._target(node.target)

    def visit_AsName(self, node: cst.AsName) -> None:
        self._target(node.name)

    def visit_TypeAlias(self, node: cst.TypeAlias) -> None:
        self._target(node.name)

    def visit_ImportAlias(self, node: cst.ImportAlias) -> None:
        if node.asname is None:
            self.names.add(node.evaluated_name.partition(".")[0])

    def _target(self, node: cst.CSTNode) -> None:
        if isinstance(node, cst.Name):
            self.names.add(node.value)
        elif isinstance(node, (cst.Tuple, cst.List)):
            for element in node.elements:
                self._target(element.value)


def bound_names(body: Block) -> set[str]:
    """The names that the statements of one scope bind, inner blocks included, inner scopes not."""
    collector = _Bound()
    for statement in body:
        statement.visit(collector)
    return collector.names


def parameter_names(function: cst.FunctionDef) -> set[str]:
    """The names of a function's parameters."""
    params = function.params
    plain = [*params.posonly_params, *params.params, *params.kwonly_params]
    plain += [param for param in (params.star_arg, params.star_kwarg) if isinstance(param, cst.Param)]
    return {param.name.value for param in plain}
