"""Names along paths: what a step binds, and a graph in which each read of a name is a step."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from worker_lint.analysis.flow import Edge, Policy, Raises, Step, Watch, always_raises, may_raise
from worker_lint.source import ir

_ENDINGS: Final = frozenset({"sys.exit", "exit", "quit", "os._exit", "os.abort"})


class NameReads(Policy):
    """
    Reads of names are steps and every call may raise anything, so that no way into a clause is
    missed; `sys.exit()` and its kin, as written, always do.
    """

    observed = frozenset({ir.Name})

    def raises(self, step: Step) -> Raises:
        """What a step may raise when nothing is known of what it calls."""
        if step.kind == "call" and isinstance(step.node, ir.Call) and ir.dotted_name(step.node.func) in _ENDINGS:
            return always_raises("SystemExit")
        return may_raise("BaseException") if step.kind in ("call", "await", "yield") else super().raises(step)


class NameWatch(Watch[tuple[ir.At, ...]]):
    """A name along a path: the state is empty, or holds the place of the clause that was entered."""

    def __init__(self, name: str) -> None:
        super().__init__(start=())
        self.name = name

    def interrupted(self, step: Step, state: tuple[ir.At, ...]) -> tuple[ir.At, ...]:
        """What does not complete binds nothing."""
        del step
        return state

    def along(self, edge: Edge, state: tuple[ir.At, ...]) -> tuple[ir.At, ...]:
        """Edges change nothing."""
        del edge
        return state


def bound_names(node: ir.Node) -> frozenset[str]:
    """The bare names that a statement, loop, context, clause or pattern itself binds."""
    match node:
        case ir.Walrus():
            return frozenset({node.target})
        case ir.FunctionDef() | ir.ClassDef():
            return frozenset({node.name})
        case ir.Import():
            return frozenset(one.bound for one in node.names)
        case ir.Handler():
            return frozenset({node.name}) if node.name is not None else frozenset()
        case ir.Case():
            return frozenset(node.binds)
        case _:
            return frozenset(one.id for one in _names_in(_targets(node)))


def _targets(node: ir.Node) -> tuple[ir.Expr, ...]:
    if isinstance(node, ir.Assign):
        return node.targets if node.value is not None else ()
    if isinstance(node, (ir.AugAssign, ir.For, ir.Generator)):
        return (node.target,)
    return (node.target,) if isinstance(node, ir.WithItem) and node.target is not None else ()


def _names_in(targets: tuple[ir.Expr, ...]) -> Iterator[ir.Name]:
    for target in targets:
        if isinstance(target, ir.Name):
            yield target
        elif isinstance(target, ir.Collection):
            yield from _names_in(target.items)
        elif isinstance(target, ir.Starred):
            yield from _names_in((target.value,))
