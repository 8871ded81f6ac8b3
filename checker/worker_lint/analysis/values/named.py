"""What the names of other analyses denote: annotations, resolved targets, modelled classes; answers are kept."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

from worker_lint.analysis.entity import Class, External, Instance, Scope, Target, Value
from worker_lint.analysis.kept import Kept
from worker_lint.analysis.models import ModelFunction
from worker_lint.analysis.values.kind import ABSENT, UNKNOWN, Awaitable, Items, Kind, join
from worker_lint.source import ir

if TYPE_CHECKING:
    from worker_lint.analysis.project import Project

Key: TypeAlias = tuple[int, str, Class | None]


class Named(ABC):
    """The part of the answers that follows no flow."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self._kept: Kept[Kind] = Kept()

    @abstractmethod
    def of(self, scope: Scope, expr: ir.Expr | None, me: Class | None = None) -> Kind:
        """What an expression denotes where it stands."""

    def once(self, key: Key, ask: Callable[[], Kind]) -> Kind:
        """A kept answer; a question that leads back to itself adds nothing to its own answer (see `Kept`)."""
        return self._kept.once(key, ABSENT, ask)

    def annotated(self, scope: Scope, expr: ir.Expr) -> Kind:
        """Objects of the class that an annotation names, or collections of them."""
        if isinstance(expr, ir.Subscript):
            held = self._held(scope, expr)
            if held is not None:
                return held
        return self.target(self.project.names.annotation(scope, expr))

    def _held(self, scope: Scope, expr: ir.Subscript) -> Kind | None:
        """`list[Thread]`, `dict[str, Thread]` and their kin."""
        named = self.project.names.expr(scope, expr.value)
        names = {target.dotted.rpartition(".")[2].lower() for target in named if isinstance(target, External)}
        parts = expr.index.items if isinstance(expr.index, ir.Collection) else (expr.index,)
        if names & {"list", "set", "frozenset", "weakset", "deque", "sequence", "iterable", "iterator", "collection"}:
            return Items(self.annotated(scope, parts[0]))
        if names & {"dict", "mapping", "mutablemapping", "defaultdict", "ordereddict"} and len(parts) == 2:
            return Items(self.annotated(scope, parts[1]))
        return None

    def target(self, targets: tuple[Target, ...]) -> Kind:
        """The one thing that resolved names stand for."""
        return join(self._target(target) for target in targets) if targets else UNKNOWN

    def _target(self, target: Target) -> Kind:
        if isinstance(target, Value):
            return self.of(target.scope, target.expr)
        if isinstance(target, Instance) and isinstance(target.of, External):
            return self.object_of(target.of.dotted, exact=target.exact)
        return target

    def object_of(self, dotted: str, *, exact: bool = False) -> Kind:
        """An object of a modelled class, under the class's own name; Unknown for others."""
        model = self.project.models.find_class(dotted)
        return UNKNOWN if model is None else Instance(External(model.name), exact=exact)

    def given(self, function: ModelFunction) -> Kind:
        """What a modelled call gives."""
        kind = self.object_of(function.returns) if function.returns else UNKNOWN
        return Awaitable(kind) if function.coroutine else kind
