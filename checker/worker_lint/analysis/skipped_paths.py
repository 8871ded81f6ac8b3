"""The two kinds of path on which an error leaves a release out: past a later step, and out of a loop."""

from __future__ import annotations

from typing import Protocol

from worker_lint.analysis.flow import Block, Edge, Place, Step, Watch
from worker_lint.analysis.handing_on import hands_on
from worker_lint.source import ir


class Releases(Protocol):
    """What is asked of the releases of a function; `skipping` answers."""

    def births(self, place: Place) -> frozenset[ir.At]:
        """Where a local is made."""

    def released(self, step: Step) -> frozenset[Place]:
        """What a step may release."""

    def is_failure(self, edge: Edge) -> bool:
        """Whether the error on an edge is one to prepare for."""

    def leaves_out(self, edge: Edge, place: Place) -> bool:
        """Whether the error on an edge may be why the place is not released."""

    def is_undecided(self, block: Block, place: Place) -> bool:
        """Whether the way without an error leads here, too, and may still release the place."""

    def tells_absent(self, edge: Edge, place: Place) -> bool:
        """Whether a test that came out in this way says that nothing is at the place."""


class Skipped(Watch[str]):
    """
    Paths on which something raises and the watched place is never tried: `skipping` then. A local
    is watched from where it is made; before that it is `unborn`.
    """

    def __init__(self, skipping: Releases, place: Place) -> None:
        self._born = skipping.births(place)
        super().__init__(start="unborn" if self._born else "before")
        self._skipping = skipping
        self._place = place

    def step(self, step: Step, state: str) -> str | None:
        """A path ends where the place is released, or handed to code that may do it."""
        if self._place in self._skipping.released(step) or (state == "skipping" and hands_on(step, self._place)):
            return None
        return "before" if state == "unborn" and step.kind == "call" and step.node.at in self._born else state

    def interrupted(self, step: Step, state: str) -> str | None:
        """A release that fails was tried."""
        return None if self._place in self._skipping.released(step) else state

    def along(self, edge: Edge, state: str) -> str | None:
        """One error only: what a second one does is not the doing of the first."""
        if not edge.is_interrupted:
            is_back = state == "skipping" and self._skipping.is_undecided(edge.target, self._place)
            return None if is_back or self._skipping.tells_absent(edge, self._place) else state
        return "skipping" if state == "before" and self._skipping.leaves_out(edge, self._place) else None


class LeftLoop(Watch[bool]):
    """Paths on which a step raises and the loop around it does not go on."""

    def __init__(self, skipping: Releases, cause: Step, loop: ir.For | ir.Generator) -> None:
        super().__init__(start=False)
        self._skipping = skipping
        self._cause = cause
        self._loop = loop

    def step(self, step: Step, state: bool) -> bool | None:  # noqa: FBT001 - the state
        """A path ends where the loop goes on."""
        return None if state and step.kind == "next" and step.node is self._loop else state

    def along(self, edge: Edge, state: bool) -> bool | None:  # noqa: FBT001 - the state
        """One error only, that of the call in question."""
        if not edge.is_interrupted:
            return state
        return True if not state and edge.step is self._cause and self._skipping.is_failure(edge) else None
