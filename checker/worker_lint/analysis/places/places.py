"""The uses of places, by function."""

from __future__ import annotations

from typing import TYPE_CHECKING

from worker_lint.analysis.entity import Class, Function, Scope
from worker_lint.analysis.flow.visit import Place
from worker_lint.analysis.places.denoted import Denoted
from worker_lint.analysis.places.use import Use, Walk
from worker_lint.source import ir

if TYPE_CHECKING:
    from worker_lint.analysis.project import Project


class Places:
    """Answers for one project; every result is kept."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self._uses: dict[tuple[Function, Class | None], tuple[Use, ...]] = {}
        self._denoted: dict[tuple[Scope, Class | None], Denoted] = {}

    def denotes(self, scope: Scope, expr: ir.Expr | None, me: Class | None = None) -> frozenset[Place]:
        """The fields and locals that an expression may mean; see the package."""
        return self._denoted_in(scope, me).of(expr)

    def uses(self, function: Function, me: Class | None = None) -> tuple[Use, ...]:
        """Every use of a place in a function and in those defined inside it."""
        key = (function, me)
        found = self._uses.get(key)
        if found is None:
            blocks = (function, *self.project.values.fields.inner(function))
            self._uses[key] = found = tuple(use for block in blocks for use in self._of_block(block, me))
        return found

    def _denoted_in(self, scope: Scope, me: Class | None) -> Denoted:
        found = self._denoted.get((scope, me))
        if found is None:
            self._denoted[scope, me] = found = Denoted(self.project, scope, me)
        return found

    def _of_block(self, block: Function, me: Class | None) -> list[Use]:
        denoted = self._denoted_in(block, me)
        known: dict[tuple[ir.At, type[ir.Node]], frozenset[Place]] = {}

        def denotes(expr: ir.Expr) -> frozenset[Place]:
            key = (expr.at, type(expr))  # hashing the expression itself would walk all of it
            found = known.get(key)
            if found is None:
                known[key] = found = denoted.of(expr)
            return found

        return list(Walk(block, denotes).block(block.statements))
