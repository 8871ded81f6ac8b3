"""
Dataflow over a graph: a worklist that goes round until nothing changes.

Use it for facts that hold at a point whatever the path (what is certainly open here, what will
be read later). For a single path to show in a message, see `paths`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from typing import Final, Generic, Literal, Protocol, TypeVar

from msgspec import Struct

from worker_lint.analysis.flow.graph import Block, Edge, Graph, Step, Unknown

S = TypeVar("S")

BUDGET: Final = 100_000
"""Visits of blocks in one solution."""


class Analysis(Protocol[S]):
    """
    A lattice with its transfer functions. States are values compared by `==`; `join` moves one
    way only and reaches an end.
    """

    @property
    def direction(self) -> Literal["forward", "backward"]:
        """Along the edges, or against them."""

    def start(self) -> S:
        """The state at the entry; backward, where the function returns or raises."""

    def join(self, left: S, right: S) -> S:
        """What holds where two paths meet."""

    def step(self, step: Step, state: S) -> S:
        """The state on the far side of a step that completes."""

    def interrupted(self, step: Step, state: S) -> S:
        """The state on the far side of a step that raises instead of completing."""

    def along(self, edge: Edge, state: S) -> S | None:
        """The state as an edge changes it (a test is known to be true); None where it cannot be taken."""


class Solution(Struct, Generic[S], frozen=True, eq=False):
    """The state at the beginning of each block that the analysis reaches, by block index."""

    graph: Graph
    analysis: Analysis[S]
    states: dict[int, S]

    def at(self, block: Block) -> S | None:
        """The state before the first step of the block, or None where the analysis never comes."""
        return self.states.get(block.index)

    def before(self, block: Block, step: Step) -> S | None:
        """The state just before a step of the block."""
        place = block.steps.index(step)
        state = self.at(block)
        if self.analysis.direction == "forward":
            return None if state is None else through(self.analysis, block.steps[:place], state)
        found: S | None = None
        for edge in block.out:
            after = self.at(edge.target)
            earlier = None if after is None else against(self.analysis, edge, after, block.steps[place:])
            if earlier is not None:
                found = earlier if found is None else self.analysis.join(found, earlier)
        return found


def solve(graph: Graph, analysis: Analysis[S], *, budget: int = BUDGET) -> Solution[S] | Unknown:
    """The least solution, or Unknown when it takes more than `budget` visits of blocks."""
    forward = analysis.direction == "forward"
    begin = [graph.entry] if forward else [graph.exit, graph.raised]
    states = {block.index: analysis.start() for block in begin}
    waiting, queued = deque(begin), {block.index for block in begin}
    while waiting:
        budget -= 1
        if budget < 0:
            return Unknown("the dataflow of the function takes too many steps")
        block = waiting.popleft()
        queued.discard(block.index)
        ways = _onward if forward else _back
        for target, state in ways(analysis, block, states[block.index]):
            if state is None or not _merge(analysis, states, target.index, state):
                continue
            if target.index not in queued:
                queued.add(target.index)
                waiting.append(target)
    return Solution(graph, analysis, states)


def _onward(analysis: Analysis[S], block: Block, state: S) -> Iterator[tuple[Block, S | None]]:
    """The states at the targets of a block, given the one before its first step; each step is gone through once."""
    steps = block.steps
    before = through(analysis, steps[:-1], state)
    completed: list[S] = []
    for edge in block.out:
        if edge.is_interrupted:
            yield edge.target, analysis.along(edge, analysis.interrupted(steps[-1], before))
            continue
        if not completed:
            completed.append(through(analysis, steps[-1:], before))
        yield edge.target, analysis.along(edge, completed[0])


def _back(analysis: Analysis[S], block: Block, state: S) -> Iterator[tuple[Block, S | None]]:
    for edge in block.into:
        yield edge.source, against(analysis, edge, state)


def through(analysis: Analysis[S], steps: Sequence[Step], state: S) -> S:
    """The state after steps that complete."""
    for step in steps:
        state = analysis.step(step, state)
    return state


def against(analysis: Analysis[S], edge: Edge, state: S, steps: Sequence[Step] | None = None) -> S | None:
    """The state before the source's steps (all, or these last ones), given the one at the edge's target."""
    steps = edge.source.steps if steps is None else steps
    earlier = analysis.along(edge, state)
    if earlier is None:
        return None
    if steps and edge.is_interrupted:
        earlier, steps = analysis.interrupted(steps[-1], earlier), steps[:-1]
    return through(analysis, steps[::-1], earlier)


def _merge(analysis: Analysis[S], states: dict[int, S], index: int, state: S) -> bool:
    """Adds a state to what reaches a block; whether that changed anything."""
    if index not in states:
        states[index] = state
        return True
    joined = analysis.join(states[index], state)
    changed = bool(joined != states[index])
    states[index] = joined
    return changed
