"""
The control-flow graph of one function: basic blocks of steps, joined by labelled edges.

A step is one thing that happens: a call returns, a name is bound, a context is entered. Only the
last step of a block can raise, so that its exception edges leave where the effect did not happen.
A `finally` body and a context's exit stand in the graph once for each way in which they are
reached: every path through the graph is a path of the language.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, TypeAlias

from msgspec import Struct

from worker_lint.analysis.flow.exceptions import NOTHING, ThrownSet
from worker_lint.source import ir

StepKind: TypeAlias = Literal[
    "call",  # ir.Call: the callee has returned
    "await",  # ir.Await: the awaited has its result
    "yield",  # ir.Yield: the consumer asked for the next value
    "read",  # another expression of a kind that the policy observes
    "bind",  # a statement, ir.Walrus, ir.For, ir.WithItem or ir.Generator whose targets are now bound or deleted
    "test",  # an expression whose truth decides: true and false edges follow
    "next",  # ir.For or ir.Generator: an item came (true) or the iteration ended (false)
    "enter",  # ir.WithItem
    "exit",  # ir.WithItem; `pending` tells whether an exception is passing
    "catch",  # ir.Handler: its body begins
    "case",  # ir.Case: the pattern matched (true) or not (false)
    "raise",  # ir.Raise, or ir.Assert that failed
    "return",  # ir.Return: its value is computed
]

EdgeKind: TypeAlias = Literal["next", "true", "false", "exception", "finally", "return", "break", "continue"]
"""`finally`: a finally body or a context's exit is done and hands on what was pending."""


class Step(Struct, frozen=True, eq=False):
    """
    One thing that happens. Look at `kind` and `node` both: a call in a condition is the node of its
    `call` step and of the `test` that follows. `awaits` marks the points where a coroutine can be cancelled;
    `pending` the exceptions that pass while a context exits. Steps are compared by identity:
    one node has several where its code is copied.
    """

    kind: StepKind
    node: ir.Node
    awaits: bool = False
    pending: ThrownSet = NOTHING


class Edge(Struct, frozen=True, eq=False):
    """
    A way from block to block. On an exception edge `step` is what raises and `thrown` what; on a
    true or false edge `step` is what decided; on a finally edge `thrown` is what goes on.
    """

    source: Block
    target: Block
    kind: EdgeKind
    step: Step | None = None
    thrown: ThrownSet = NOTHING

    @property
    def is_interrupted(self) -> bool:
        """Whether the last step of the source block did not complete."""
        return self.kind == "exception" and self.step is not None and self.step.kind != "raise"


class Block(Struct, eq=False):
    """Steps that follow one another without a choice."""

    index: int
    steps: list[Step] = []
    out: list[Edge] = []
    into: list[Edge] = []

    def __repr__(self) -> str:
        ways = ", ".join(f"{edge.kind}->{edge.target.index}" for edge in self.out)
        return f"<Block {self.index}: {' '.join(step.kind for step in self.steps)} ({ways})>"


class Graph(Struct, frozen=True, eq=False):
    """
    The graph of one function. Only blocks that can be reached are kept, in reverse postorder
    from `entry`; `exit` is where it returns, `raised` where an exception leaves it. Those two
    are always there, also when nothing leads to them.
    """

    blocks: tuple[Block, ...]
    entry: Block
    exit: Block
    raised: Block

    def steps(self) -> Iterator[Step]:
        """All steps, block by block."""
        for block in self.blocks:
            yield from block.steps

    @property
    def returns(self) -> bool:
        """Whether the function can return."""
        return bool(self.exit.into)

    @property
    def escaping(self) -> ThrownSet:
        """What can leave the function as an exception."""
        return NOTHING.union(*(edge.thrown for edge in self.raised.into))


class Unknown(Struct, frozen=True):
    """No answer, because the budget was spent or the code is nested too deeply. Silences, never guesses."""

    reason: str


def finished(entry: Block, exit_block: Block, raised: Block) -> Graph:
    """The graph of what can be reached from `entry`, renumbered."""
    order = _reverse_postorder(entry)
    reached = set(map(id, order))
    for block in (exit_block, raised):
        if id(block) not in reached:
            reached.add(id(block))
            order.append(block)
    for index, block in enumerate(order):
        block.index = index
        block.into = [edge for edge in block.into if id(edge.source) in reached]
    return Graph(tuple(order), entry, exit_block, raised)


def _reverse_postorder(entry: Block) -> list[Block]:
    done: list[Block] = []
    seen = {id(entry)}
    stack = [(entry, iter(entry.out))]
    while stack:
        block, ways = stack[-1]
        for edge in ways:
            if id(edge.target) not in seen:
                seen.add(id(edge.target))
                stack.append((edge.target, iter(edge.target.out)))
                break
        else:
            stack.pop()
            done.append(block)
    done.reverse()
    return done
