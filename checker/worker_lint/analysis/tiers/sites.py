"""The `try` statements of a file, each with the scope and the statements that it stands in."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

from worker_lint.analysis.entity import Function, Scope
from worker_lint.analysis.statements import definitions
from worker_lint.source import ir
from worker_lint.source.parts import may_hold

if TYPE_CHECKING:
    from worker_lint.analysis.project import Project
    from worker_lint.source.text import Text

Part: TypeAlias = Literal["body", "handler", "orelse", "final"]


class Around(NamedTuple):
    """A compound statement around another one, and the part of it that the other stands in."""

    node: ir.Stmt
    part: Part


@dataclass(frozen=True, slots=True, eq=False)
class TrySite:
    """
    One `try` statement.

    Attributes:
        node: The statement.
        scope: The module, class or function whose own statement it is.
        around: The compound statements of that scope around it, the outermost first.
        block: The block that holds it.
    """

    node: ir.Try
    scope: Scope
    around: tuple[Around, ...]
    block: tuple[ir.Stmt, ...]

    @property
    def function(self) -> Function | None:
        """The function whose statement it is."""
        return self.scope if isinstance(self.scope, Function) else None

    @property
    def is_async(self) -> bool:
        """Whether it stands in a coroutine function."""
        return isinstance(self.scope, Function) and self.scope.node.is_async

    @property
    def loops(self) -> tuple[ir.While | ir.For, ...]:
        """The loops whose body it is part of, the innermost first."""
        found = [one.node for one in reversed(self.around) if one.part == "body"]
        return tuple(node for node in found if isinstance(node, (ir.While, ir.For)))

    @property
    def is_in_handler(self) -> bool:
        """Whether it deals with trouble that comes up while an exception is handled or cleaned up after."""
        return any(isinstance(one.node, ir.Try) and one.part in ("handler", "final") for one in self.around)


class Sites:
    """The `try` statements of the files of one project; each scope is walked once."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._of_file: dict[tuple[str, str], tuple[TrySite, ...]] = {}
        self._of_scope: dict[Scope, tuple[TrySite, ...]] = {}

    def of(self, path: str, shape: str) -> tuple[TrySite, ...]:
        """Those of a file, in the order of the scopes that hold them: see `Tiers.sites`."""
        found = self._of_file.get((path, shape))
        if found is None:
            scopes = scopes_with(self._project, path, "try", shape=shape)
            self._of_file[path, shape] = found = tuple(site for scope in scopes for site in self._own(scope))
        return found

    def _own(self, scope: Scope) -> tuple[TrySite, ...]:
        found = self._of_scope.get(scope)
        if found is None:
            self._of_scope[scope] = found = tuple(_below(scope, scope.statements, ()))
        return found


def scopes_with(project: Project, path: str, *words: str, shape: str = "") -> Iterator[Scope]:
    """
    The module, and the classes and functions of a file in whose text a word stands, inner ones included; with a shape
    (`source.parts`) only those whose text may have it: of the others no body need be parsed.
    """
    module = project.module(path)
    if module is None:
        return
    text = project.store.text(path)
    words = tuple(word for word in words if word in text.source)
    pending: list[Scope] = [module]
    while pending:
        scope = pending.pop()
        yield scope
        inner: list[Scope] = []
        for node in definitions(scope.statements) if _may_define(scope, text) else ():
            if not any(text.has_word(word, node.at[0], node.at[2]) for word in words):
                continue
            if shape and not may_hold(shape, text.between(node.at[0], node.at[2])):
                continue
            if isinstance(node, ir.ClassDef):
                inner.append(project.class_of(scope, node))
            else:
                inner.append(project.function_of(scope, node))
        pending.extend(reversed(inner))


def _may_define(scope: Scope, text: Text) -> bool:
    """Whether a definition can stand in a scope, by its text: most functions need not be parsed to know."""
    if not isinstance(scope, Function):
        return True
    first, last = scope.node.name_at[0] + 1, scope.node.at[2]
    return text.has_word("def", first, last) or text.has_word("class", first, last)


def _below(scope: Scope, block: tuple[ir.Stmt, ...], around: tuple[Around, ...]) -> Iterator[TrySite]:
    for node in block:
        if isinstance(node, ir.Try):
            yield TrySite(node, scope, around, block)
        for part, inner in _parts(node):
            yield from _below(scope, inner, (*around, Around(node, part)))


def _parts(node: ir.Stmt) -> Iterator[tuple[Part, tuple[ir.Stmt, ...]]]:
    match node:
        case ir.Try():
            yield "body", node.body
            for handler in node.handlers:
                yield "handler", handler.body
            yield "orelse", node.orelse
            yield "final", node.final
        case ir.If() | ir.While() | ir.For():
            yield "body", node.body
            yield "orelse", node.orelse
        case ir.With():
            yield "body", node.body
        case ir.Match():
            for case in node.cases:
                yield "body", case.body
        case _:
            pass
