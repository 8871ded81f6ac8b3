"""
Single paths through a graph: the shortest on which something happens, and how to tell it.

The search keeps states of different paths apart, so an automaton with few states (settled or
not, released or not) is followed exactly. A join is never made.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Hashable, Iterator
from typing import Final, Generic, Protocol, TypeVar

from msgspec import Struct

from worker_lint.analysis.flow.graph import Block, Edge, Graph, Step, Unknown

H = TypeVar("H", bound=Hashable)

BUDGET: Final = 100_000
"""Pairs of block and state that one search may see."""


class Automaton(Protocol[H]):
    """What to keep in mind along a path."""

    def start(self) -> H:
        """The state at the entry."""

    def step(self, step: Step, state: H) -> H | None:
        """The state after a step that completes; None ends the path (it is of no interest)."""

    def interrupted(self, step: Step, state: H) -> H | None:
        """The state after a step that raises instead; None ends the path."""

    def along(self, edge: Edge, state: H) -> H | None:
        """The state as an edge changes it; None where it cannot be taken."""


class Watch(Generic[H]):
    """An automaton to derive from: every path is of interest, and nothing on it changes the state."""

    def __init__(self, start: H) -> None:
        self._start = start

    def start(self) -> H:
        """The state at the entry."""
        return self._start

    def step(self, step: Step, state: H) -> H | None:
        """The state after a step that completes."""
        del step
        return state

    def interrupted(self, step: Step, state: H) -> H | None:
        """By default as if the step had completed: what raises has at least been tried."""
        return self.step(step, state)

    def along(self, edge: Edge, state: H) -> H | None:
        """The state as an edge changes it."""
        del edge
        return state


class Path(Struct, frozen=True):
    """A path from the entry, as the edges that it takes."""

    edges: tuple[Edge, ...]

    @property
    def raising(self) -> tuple[Edge, ...]:
        """The edges on which a step raised: what to show as the cause."""
        return tuple(edge for edge in self.edges if edge.kind == "exception")

    def steps(self) -> Iterator[tuple[Step, bool]]:
        """The steps in order, and whether each completed (a `raise` that raises did)."""
        for edge in self.edges:
            steps = edge.source.steps
            for step in steps[:-1]:
                yield step, True
            if steps:
                yield steps[-1], not edge.is_interrupted
        if self.edges:
            for step in self.edges[-1].target.steps:
                yield step, True


def find_path(
    graph: Graph, automaton: Automaton[H], goal: Callable[[Block, H], bool], *, budget: int = BUDGET
) -> Path | Unknown | None:
    """
    The shortest path (in edges, then in the order of the source) to a block where `goal` holds of
    the state before its first step; None when there is none, Unknown when the budget is spent.
    """
    start = (graph.entry, automaton.start())
    came_from: dict[tuple[int, H], tuple[Edge, tuple[int, H]] | None] = {(0, start[1]): None}
    waiting = deque([start])
    while waiting:
        block, state = waiting.popleft()
        if goal(block, state):
            return _trace(came_from, (block.index, state))
        for edge in block.out:
            after = _follow(automaton, edge, state)
            if after is None or (edge.target.index, after) in came_from:
                continue
            budget -= 1
            if budget < 0:
                return Unknown("the function has too many states to follow")
            came_from[edge.target.index, after] = (edge, (block.index, state))
            waiting.append((edge.target, after))
    return None


def _follow(automaton: Automaton[H], edge: Edge, state: H) -> H | None:
    last = len(edge.source.steps) - 1
    for place, step in enumerate(edge.source.steps):
        raising = place == last and edge.is_interrupted
        after = (automaton.interrupted if raising else automaton.step)(step, state)
        if after is None:
            return None
        state = after
    return automaton.along(edge, state)


def _trace(came_from: dict[tuple[int, H], tuple[Edge, tuple[int, H]] | None], end: tuple[int, H]) -> Path:
    edges: list[Edge] = []
    link = came_from[end]
    while link is not None:
        edge, before = link
        edges.append(edge)
        link = came_from[before]
    return Path(tuple(reversed(edges)))
