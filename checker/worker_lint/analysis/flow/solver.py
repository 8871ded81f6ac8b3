"""
Dataflow over a graph: a worklist that goes round until nothing changes.

Use it for facts that hold at a point whatever the path (what is certainly open here, which
assignment reaches). For a single path to show in a message, see `paths`.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Final, Generic, Literal, Protocol, TypeVar

from worker_lint.analysis.flow.graph import Block, Edge, Graph, Step, Unknown

S = TypeVar("S")

BUDGET: Final = 100_000
"""Visits of blocks in one solution."""


class Analysis(Protocol[S]):
    """
    A lattice with its transfer functions. States are values compared by `==`; `join` must only
    ever move one way, and there must be no endless way up.
    """

    direction: Literal["forward", "backward"]

    def start(self) -> S:
        """The state at the entry; backward, at both ends."""

    def join(self, left: S, right: S) -> S:
        """What holds where two paths meet."""

    def step(self, step: Step, state: S) -> S:
        """The state on the far side of a step that completes."""

    def interrupted(self, step: Step, state: S) -> S:
        """The state on the far side of a step that raises instead of completing."""

    def along(self, edge: Edge, state: S) -> S | None:
        """The state as an edge changes it (a test is known to be true); None where it cannot be taken."""


@dataclass(frozen=True, slots=True, eq=False)
class Solution(Generic[S]):
    """
    The state at each end of each block, by block index: `into` on the side that the analysis
    comes from (forward: before the first step), without an entry where it never comes.
    """

    graph: Graph
    analysis: Analysis[S]
    into: dict[int, S]

    def at(self, block: Block) -> S | None:
        """The state where the analysis enters the block."""
        return self.into.get(block.index)

    def before(self, block: Block, step: Step) -> S | None:
        """The state on the near side of a step of the block: before it, in the analysis's direction."""
        state = self.at(block)
        if state is None:
            return None
        forward = self.analysis.direction == "forward"
        for other in block.steps if forward else reversed(block.steps):
            if other is step:
                return state
            state = self.analysis.step(other, state)
        return None


def solve(graph: Graph, analysis: Analysis[S], *, budget: int = BUDGET) -> Solution[S] | Unknown:
    """The least solution, or Unknown when it takes more than `budget` visits of blocks."""
    forward = analysis.direction == "forward"
    begin = [graph.entry] if forward else [graph.exit, graph.raised]
    into = {block.index: analysis.start() for block in begin}
    waiting = deque(begin)
    queued = {block.index for block in begin}
    while waiting:
        budget -= 1
        if budget < 0:
            return Unknown("the dataflow of the function takes too many steps")
        block = waiting.popleft()
        queued.discard(block.index)
        for target, state in _onward(analysis, block, into[block.index], forward=forward):
            if _merge(analysis, into, target.index, state) and target.index not in queued:
                queued.add(target.index)
                waiting.append(target)
    return Solution(graph, analysis, into)


def flow_through(analysis: Analysis[S], edge: Edge, state: S) -> S | None:
    """The state at the target of an edge, from the state before the first step of its source; forward only."""
    *earlier, last = edge.source.steps or [None]
    for step in earlier:
        if step is not None:
            state = analysis.step(step, state)
    if last is not None:
        state = (analysis.interrupted if edge.is_interrupted else analysis.step)(last, state)
    return analysis.along(edge, state)


def _onward(analysis: Analysis[S], block: Block, state: S, *, forward: bool) -> list[tuple[Block, S]]:
    reached: list[tuple[Block, S]] = []
    if forward:
        for edge in block.out:
            after = flow_through(analysis, edge, state)
            if after is not None:
                reached.append((edge.target, after))
        return reached
    for step in reversed(block.steps):
        state = analysis.step(step, state)
    ...
    return reached


def _merge(analysis: Analysis[S], into: dict[int, S], index: int, state: S) -> bool:
    """Adds a state to what reaches a block; whether that changed anything."""
    if index not in into:
        into[index] = state
        return True
    joined = analysis.join(into[index], state)
    changed = joined != into[index]
    into[index] = joined
    return changed
