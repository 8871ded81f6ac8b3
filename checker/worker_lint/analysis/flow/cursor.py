"""
The place where the builder is: the open block, and the frames that jumps run through.

A jump (an exception, `return`, `break`, `continue`) is noted in the innermost frame that takes
its kind. When the protected statement is built, its frame is popped and the jumps are led on: to
a handler, through a copy of the finally body, to the end of the loop. So each finds the frames
around it just as they are at run time.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, Literal, NamedTuple, TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from worker_lint.analysis.flow.exceptions import ANY, NOTHING, ThrownSet
from worker_lint.analysis.flow.graph import Block, Edge, EdgeKind, Graph, Step, StepKind, finished
from worker_lint.analysis.flow.policy import Policy
from worker_lint.source import ir

JumpKind: TypeAlias = Literal["exception", "return", "break", "continue"]
ALL_JUMPS: Final[frozenset[JumpKind]] = frozenset({"exception", "return", "break", "continue"})

COPIES_LIMIT = 8
"""Different sets of exceptions for which one finally body or handler is copied; more share a copy."""


class OverBudgetError(Exception):
    """The function has more steps than the budget allows. Never leaves this package."""


class Jump(Struct, frozen=True, eq=False):
    """A jump on its way. `resumed`: it comes out of a finally body or a context's exit."""

    kind: JumpKind
    source: Block
    step: Step | None
    thrown: ThrownSet = NOTHING
    resumed: bool = False


class Frame(Struct, eq=False):
    """What takes jumps of certain kinds while it is open."""

    takes: frozenset[JumpKind]
    jumps: list[Jump] = []


class Caught(NamedTuple):
    """The exceptions that a handler (or a finally body) deals with, and the name they have there."""

    name: str | None
    thrown: ThrownSet


class Cursor:
    """Adds blocks, steps and edges at one place; `here` is None where nothing can be reached."""

    def __init__(self, policy: Policy, budget: int) -> None:
        self.policy = policy
        self.budget = budget
        self.exit = Block(-1)
        self.raised = Block(-1)
        self.entry = Block(0)
        self.here: Block | None = self.entry
        self.frames: list[Frame] = [Frame(ALL_JUMPS)]
        self.caught: list[Caught] = []

    def spend(self) -> None:
        """Counts one block or step."""
        self.budget -= 1
        if self.budget < 0:
            raise OverBudgetError

    def block(self) -> Block:
        """A new block that nothing leads to yet."""
        self.spend()
        return Block(-1)

    def enter(self, block: Block) -> None:
        """Goes on in this block, if anything leads to it."""
        self.here = block if block.into else None

    def connect(
        self, source: Block | None, target: Block, kind: EdgeKind = "next", step: Step | None = None,
        thrown: ThrownSet = NOTHING,
    ) -> None:  # fmt: skip
        """An edge, unless its source cannot be reached."""
        if source is not None:
            edge = Edge(source, target, kind, step, thrown)
            source.out.append(edge)
            target.into.append(edge)

    def emit(self, kind: StepKind, node: ir.Node, *, awaits: bool = False, pending: ThrownSet = NOTHING) -> Step | None:
        """Adds a step and, as the policy says, its exception edges."""
        if self.here is None:
            return None
        source, step = self.here, self._step(self.here, kind, node, awaits=awaits, pending=pending)
        raises = self.policy.raises(step)
        if raises.thrown:
            self.jump(Jump("exception", source, step, raises.thrown))
        if raises.thrown or raises.always:
            self.here = None if raises.always else self.block()
            if self.here is not None:
                self.connect(source, self.here)
        return step

    def fail(self, node: ir.Raise | ir.Assert, thrown: ThrownSet = NOTHING) -> None:
        """Raises what is `thrown` or, when that is nothing, what the policy says."""
        if self.here is not None:
            step = self._step(self.here, "raise", node)
            self.leave("exception", step, thrown or self.policy.raises(step).thrown)

    def _step(
        self, block: Block, kind: StepKind, node: ir.Node, *, awaits: bool = False, pending: ThrownSet = NOTHING
    ) -> Step:
        self.spend()
        step = Step(kind, node, awaits, pending)
        block.steps.append(step)
        return step

    def branch(self, kind: StepKind, node: ir.Node, yes: Block, no: Block, *, awaits: bool = False) -> None:
        """Adds a step that decides between two blocks; ends the open block."""
        step = self.emit(kind, node, awaits=awaits)
        self.connect(self.here, yes, "true", step)
        self.connect(self.here, no, "false", step)
        self.here = None

    # --- jumps ---

    def open(self, takes: Iterable[JumpKind]) -> Frame:
        """A frame around what is built next."""
        frame = Frame(frozenset(takes))
        self.frames.append(frame)
        return frame

    def close(self, frame: Frame) -> list[Jump]:
        """The jumps that arrived in the frame, which is open no more."""
        self.frames.pop()
        return frame.jumps

    def jump(self, jump: Jump) -> None:
        """Sends a jump to the innermost frame that takes it."""
        next(frame for frame in reversed(self.frames) if jump.kind in frame.takes).jumps.append(jump)

    def leave(self, kind: JumpKind, step: Step | None = None, thrown: ThrownSet = NOTHING) -> None:
        """A jump from here that always happens."""
        if self.here is not None:
            if thrown or kind != "exception":
                self.jump(Jump(kind, self.here, step, thrown))
            self.here = None

    def resume(self, pending: Jump, thrown: ThrownSet) -> None:
        """What was pending goes on from here."""
        if self.here is not None:
            self.jump(replace(pending, source=self.here, step=None, thrown=thrown, resumed=True))
            self.here = None

    def land(self, jump: Jump, target: Block) -> None:
        """The jump ends in this block."""
        self.connect(jump.source, target, "finally" if jump.resumed else jump.kind, jump.step, jump.thrown)

    def finish(self) -> Graph:
        """The graph, when the whole body is built."""
        self.connect(self.here, self.exit)
        for jump in self.close(self.frames[0]):
            self.land(jump, self.raised if jump.kind == "exception" else self.exit)
        return finished(self.entry, self.exit, self.raised)

    def current_exception(self) -> ThrownSet:
        """What a bare `raise` raises here; in a function called by a handler it could be anything."""
        return self.caught[-1].thrown if self.caught else frozenset({ANY})


def sorted_by_exceptions(jumps: Iterable[Jump], *, apart: bool = True) -> list[list[Jump]]:
    """
    The jumps in groups that share a copy: by kind and, when `apart`, by what is thrown, until
    there are more different sets than `COPIES_LIMIT`.
    """
    jumps = list(jumps)
    apart = apart and len({jump.thrown for jump in jumps}) <= COPIES_LIMIT
    groups: dict[tuple[JumpKind, ThrownSet], list[Jump]] = {}
    for jump in jumps:
        groups.setdefault((jump.kind, jump.thrown if apart else NOTHING), []).append(jump)
    return list(groups.values())


def thrown_by(jumps: Iterable[Jump]) -> ThrownSet:
    """All that these jumps throw."""
    return NOTHING.union(*(jump.thrown for jump in jumps))
