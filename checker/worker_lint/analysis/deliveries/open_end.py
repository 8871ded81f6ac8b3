"""Paths on which a delivery stays open: which errors count, and where such a path leaves the way to a settlement."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from worker_lint.analysis.deliveries.settlement import settlements_in
from worker_lint.analysis.deliveries.typestate import State, Typestate
from worker_lint.analysis.flow import Edge, Graph, Path, find
from worker_lint.analysis.tiers.handling import clause_at
from worker_lint.source import ir

if TYPE_CHECKING:
    from worker_lint.analysis.deliveries.delivery import Delivery

_MISTAKES: Final = frozenset(
    {"TypeError", "AssertionError", "NotImplementedError", "AttributeError", "RecursionError", "RuntimeError"}
)
"""Errors that no message brings about, as long as the code is right."""


class OpenEnd(Typestate):
    """Paths without a settlement; an error leaves the handler only if it may be the fault of a message."""

    def __init__(self, delivery: Delivery, graph: Graph) -> None:
        super().__init__(delivery, frozenset({"settled", "managed"}))
        self._graph = graph

    def along(self, edge: Edge, state: State) -> State | None:
        """Leaves out errors that are mistakes of the code, whatever the message."""
        if edge.target is self._graph.raised and not _of_messages(edge):
            return None
        return super().along(edge, state)


def _of_messages(edge: Edge) -> list[str]:
    """The bare names of what an edge throws, mistakes of the code left out."""
    names = (one.name.rpartition(".")[2] for one in edge.thrown)
    return sorted(name for name in names if name not in _MISTAKES)


def turning_point(delivery: Delivery, graph: Graph, path: Path) -> tuple[ir.At, str]:
    """Where the path leaves the way to a settlement, and what happens there; "" when there is no such way."""
    hopeful = _before_settlement(delivery, graph)
    turns = [
        index
        for index, edge in enumerate(path.edges)
        if edge.source.index in hopeful and edge.target.index not in hopeful and edge.step is not None
    ]
    if not turns:
        return _beginning(delivery), ""
    edge = path.edges[turns[-1]]
    for later in path.edges[turns[-1] :] if edge.kind == "exception" else ():
        for step in later.target.steps[:1]:
            if step.kind == "catch" and isinstance(step.node, ir.Handler):
                return clause_at(step.node), "the error is caught here"
    names = [name for name in _of_messages(edge) if name.isidentifier() and name != "Exception"]
    thrown = f"this may raise {' or '.join(names[:2])}" if names else "this may raise"
    why = thrown if edge.kind == "exception" else f"this is {edge.kind}"
    return (edge.step.node.at if edge.step is not None else _beginning(delivery)), why


def _before_settlement(delivery: Delivery, graph: Graph) -> set[int]:
    """The blocks from which a settlement of this delivery, not of the next, can be reached."""
    settling = {found.call.at for found in settlements_in(delivery)}
    pending = [
        block
        for block in graph.blocks
        if any(call.at in settling for step in block.steps for call in find(ir.Call, (step.node,)))
    ]
    found: set[int] = set()
    while pending:
        block = pending.pop()
        if block.index in found or any(step.node is delivery.begins and step.kind == "next" for step in block.steps):
            continue
        found.add(block.index)
        pending.extend(edge.source for edge in block.into)
    return found


def _beginning(delivery: Delivery) -> ir.At:
    begins = delivery.begins
    if isinstance(begins, ir.For):
        return begins.target.at
    return begins.at if begins is not None else delivery.function.node.name_at
