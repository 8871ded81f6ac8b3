"""Names along paths: what a step binds, and a graph in which each read of a name is a step."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from worker_lint.analysis.flow import Edge, Policy, Raises, Step, Watch, find, may_raise
from worker_lint.analysis.no_return import is_ending, never_returns
from worker_lint.analysis.visit import unawaited
from worker_lint.source import ir

if TYPE_CHECKING:
    from worker_lint.analysis.entity import Scope


class NameReads(Policy):
    """
    Reads of names are steps and every call may raise anything, so that no way into a clause is
    missed; what never comes back, `sys.exit()` or a method that is declared `NoReturn`, always does.
    """

    observed = frozenset({ir.Name})

    def __init__(self, scope: Scope) -> None:
        super().__init__()
        self._scope = scope
        clauses = [node.body for node in find(ir.Handler, scope.statements)]
        self._last_words = {unawaited(node.value).at for body in clauses for node in find(ir.Expression, body)}
        """What clauses call without taking an answer: to ask of every call what it runs would cost too much."""

    def raises(self, step: Step) -> Raises:
        """What a step may raise when nothing is known of what it calls."""
        call = step.node.value if isinstance(step.node, ir.Await) else step.node
        if step.kind in ("call", "await") and isinstance(call, ir.Call) and self._ends(call, step.kind == "await"):
            return Raises(may_raise("BaseException").thrown, always=True)
        return may_raise("BaseException") if step.kind in ("call", "await", "yield") else super().raises(step)

    def _ends(self, call: ir.Call, awaited: bool) -> bool:  # noqa: FBT001 - one caller
        if call.at in self._last_words:
            return never_returns(self._scope, call, awaited=awaited)
        return is_ending(call)


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
