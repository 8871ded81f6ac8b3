"""Except clauses: which exception goes to which handler."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence

from msgspec.structs import replace

from worker_lint.analysis.flow.cursor import Caught, Jump, sorted_by_exceptions, thrown_by
from worker_lint.analysis.flow.evaluate import Evaluation
from worker_lint.analysis.flow.exceptions import NOTHING, ThrownSet
from worker_lint.analysis.flow.graph import Block
from worker_lint.analysis.flow.visit import find
from worker_lint.source import ir


class Handling(Evaluation, ABC):
    """Builds handlers."""

    @abstractmethod
    def stmts(self, body: Iterable[ir.Stmt]) -> None:
        """The statements of a block."""

    def arrive(self, group: Sequence[Jump]) -> ThrownSet:
        """Begins the copy of a body that these jumps share; gives what they throw."""
        self.here = self.block()
        for jump in group:
            self.land(jump, self.here)
        return thrown_by(group)

    def handler(self, node: ir.Handler, caught: ThrownSet) -> None:
        """The body of a handler that deals with these exceptions."""
        self.caught.append(Caught(node.name, caught))
        self.emit("catch", node)
        self.stmts(node.body)
        self.caught.pop()

    def split(self, handler: ir.Handler, thrown: ThrownSet) -> tuple[ThrownSet, ThrownSet]:
        """What the handler catches of all that is thrown, and the rest."""
        parts = [self.policy.split(handler, one) for one in thrown]
        return NOTHING.union(*(part.caught for part in parts)), NOTHING.union(*(part.rest for part in parts))

    def catch(self, handlers: Sequence[ir.Handler], jumps: Iterable[Jump], after: Block) -> None:
        """Leads each exception to the handlers that may take it, the rest further out."""
        arrivals: list[list[Jump]] = [[] for _ in handlers]
        for jump in jumps:
            rest = jump.thrown
            for handler, arrived in zip(handlers, arrivals, strict=True):
                caught, rest = self.split(handler, rest)
                if caught:
                    arrived.append(replace(jump, thrown=caught))
            if rest:
                self.jump(replace(jump, thrown=rest))
        for handler, arrived in zip(handlers, arrivals, strict=True):
            for group in sorted_by_exceptions(arrived, apart=_raises_again(handler)):
                self.handler(handler, self.arrive(group))
                self.connect(self.here, after)


def _raises_again(handler: ir.Handler) -> bool:
    """Whether the handler raises what it caught: then it is copied for each kind of exception."""
    for statement in find(ir.Raise, handler.body):
        raised = statement.exception
        if raised is None or (isinstance(raised, ir.Name) and raised.id == handler.name):
            return True
    return False
