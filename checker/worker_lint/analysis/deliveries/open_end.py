"""Paths on which a delivery stays open: which errors count, and where such a path leaves the way to a settlement."""

from __future__ import annotations

from typing import Final

from worker_lint.analysis.deliveries.delivery import Delivery, Held
from worker_lint.analysis.deliveries.settlement import own_method, settlements_in
from worker_lint.analysis.deliveries.typestate import State, Typestate
from worker_lint.analysis.entity import External, Instance
from worker_lint.analysis.flow import Edge, Graph, Path, Step, find
from worker_lint.analysis.tiers.handling import clause_at
from worker_lint.source import ir

_MISTAKES: Final = frozenset(
    {"TypeError", "AssertionError", "NotImplementedError", "AttributeError", "RecursionError", "RuntimeError"}
)
"""Errors that no message brings about, as long as the code is right."""
_CLOSES: Final = frozenset({"close", "aclose", "disconnect", "release"})
_CHANNELS: Final = ("channel", "connection", "conn", "consumer", "subscriber")


class OpenEnd(Typestate):
    """Paths without a settlement; an error leaves the handler only if it may be the fault of a message."""

    def __init__(self, delivery: Delivery, graph: Graph) -> None:
        super().__init__(delivery, frozenset({"settled", "managed"}))
        self._graph = graph

    def step(self, step: Step, state: State) -> State | None:
        """Ends where the channel or connection does: what is unsettled goes back to the broker then."""
        if state.status == "open" and (is_loss(self.held, step.node) or closes_channel(self.held, step)):
            return None
        return super().step(step, state)

    def interrupted(self, step: Step, state: State) -> State | None:
        """Making the library's own context raises nothing: it is its block that does."""
        call = step.node if step.kind == "call" and isinstance(step.node, ir.Call) else None
        func = call.func if call is not None else None
        if isinstance(func, ir.Attribute) and self.held.is_whole(func.value):
            model = own_method(self.held, func.name)
            if model is not None and model.facts.settles_on_exit:
                return None
        return super().interrupted(step, state)

    def along(self, edge: Edge, state: State) -> State | None:
        """Leaves out errors that are mistakes of the code, whatever the message."""
        if edge.target is self._graph.raised and not _of_messages(edge):
            return None
        return super().along(edge, state)


def is_loss(held: Held, node: ir.Node) -> bool:
    """Whether a clause takes nothing but errors with which the connection or channel of the delivery ends."""
    lost_with = held.facts.lost_with
    if not isinstance(node, ir.Handler) or node.exception is None or not lost_with:
        return False
    project = held.function.project

    def ends(name: str | None) -> bool:
        if name is None or name.startswith("builtins."):
            return False
        above = {one.name for one in project.models.resolution_order(name) or ()} | {name}
        below = {one.name for lost in lost_with for one in project.models.resolution_order(lost) or ()}
        return not above.isdisjoint(lost_with) or ("." in name and name in below)

    return all(map(ends, project.tiers.caught(held.function, node)))


def closes_channel(held: Held, step: Step) -> bool:
    """Whether a call closes the channel or connection that the delivery came by, as the names say or its model does."""
    call = step.node
    if step.kind != "call" or not isinstance(call, ir.Call) or not isinstance(call.func, ir.Attribute):
        return False
    if call.func.name not in _CLOSES:
        return False
    place = (ir.dotted_name(call.func.value) or "").lower()
    if any(word in place.rpartition(".")[2] for word in _CHANNELS):
        return True
    if isinstance(held, Delivery) and held.channel and place.partition(".")[0] == held.channel.lower():
        return True
    kind = held.function.project.values.of(held.function, call.func.value, held.me)
    model = (
        held.function.project.models.find_class(kind.of.dotted)
        if isinstance(kind, Instance) and isinstance(kind.of, External)
        else None
    )
    return model is not None and model.resource is not None and model.resource.role in ("channel", "connection")


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
        return delivery.beginning, ""
    edge = path.edges[turns[-1]]
    for later in path.edges[turns[-1] :] if edge.kind == "exception" else ():
        for step in later.target.steps[:1]:
            if step.kind == "catch" and isinstance(step.node, ir.Handler):
                return clause_at(step.node), "the error is caught here"
    names = [name for name in _of_messages(edge) if name.isidentifier() and name != "Exception"]
    thrown = f"this may raise {' or '.join(names[:2])}" if names else "this may raise"
    why = thrown if edge.kind == "exception" else f"this is {edge.kind}"
    return (edge.step.node.at if edge.step is not None else delivery.beginning), why


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
