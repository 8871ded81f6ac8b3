"""
Parents of forked processes whose loop an error ends: what comes after it, and sees to the children, is left out.

The children go on without the one who looks after them. That a field holds them is taken from the class: it forks, and
sends its items signals.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from worker_lint.analysis.failing_end import is_of_the_world
from worker_lint.analysis.flow import find
from worker_lint.analysis.in_use import is_called
from worker_lint.analysis.looping import roots, targets
from worker_lint.analysis.membership import fields_walked
from worker_lint.analysis.skipping import Skipping
from worker_lint.analysis.visit import encloses, last_name, unawaited
from worker_lint.source import ir

if TYPE_CHECKING:
    from collections.abc import Iterator

    from worker_lint.analysis.entity import Class, Function
    from worker_lint.analysis.flow import Edge

_SIGNALS: Final = frozenset({"kill", "killpg", "terminate", "send_signal"})


class Orphaned(NamedTuple):
    """The call in the loop that may raise, the field with the children, and what would see to them after the loop."""

    call: ir.Call
    field: str
    after: ir.Stmt


def orphaned(cls: Class, method: Function) -> Iterator[Orphaned]:
    """The first call of a parent's loop that fails one day, where no clause takes the error."""
    text = cls.project.store.text(cls.path)
    if not text.holds("fork(") or not method.node.params or not is_called(method):
        return
    for index, loop in enumerate(method.statements):
        if isinstance(loop, ir.While):
            children = _children(cls)
            found = _seen_to(method, method.statements[index + 1 :], children) if children else None
            call = _failing(Skipping(cls.project, method, cls), loop) if found is not None else None
            if found is not None and call is not None:
                yield Orphaned(call, *found)
                return


def _children(cls: Class) -> set[str]:
    """The fields whose items the class sends signals, if it forks."""
    methods = tuple(cls.project.values.fields.methods(cls))
    calls = [call for method in methods for call in find(ir.Call, method.statements)]
    if not any(last_name(call.func) == "fork" for call in calls):
        return set()
    return {
        walked.field
        for method in methods
        for walked in fields_walked(method)
        if walked.loop is not None and _signals_items(walked.loop)
    }


def _signals_items(loop: ir.For) -> bool:
    names = set(targets(loop.target))
    calls = (call for call in find(ir.Call, loop.body) if last_name(call.func) in _SIGNALS)
    return any(names & set(roots(one)) for call in calls for one in (call.func, *call.args[:1]))


def _seen_to(method: Function, rest: tuple[ir.Stmt, ...], children: set[str]) -> tuple[str, ir.Stmt] | None:
    """The children that statements after the loop go through or wait for, and where they do."""
    subject = method.node.params[0].name
    for statement in rest:
        if any(isinstance(one, (ir.For, ir.While)) for one in (statement, *_below(statement))):
            for node in find(ir.Attribute, (statement,)):
                if node.name in children and ir.dotted_name(node.value) == subject:
                    return node.name, statement
    return None


def _below(statement: ir.Stmt) -> Iterator[ir.Stmt]:
    yield from find(ir.For, (statement,))
    yield from find(ir.While, (statement,))


def _failing(skipping: Skipping, loop: ir.While) -> ir.Call | None:
    """The first call of a loop whose error, of the system or a peer, leaves the function."""
    graph, project = skipping.graph, skipping.project
    for edge in sorted(graph.raised.into if graph is not None else (), key=_place):
        call = unawaited(edge.step.node) if edge.step is not None else None
        if not isinstance(call, ir.Call) or not edge.is_interrupted or not encloses(loop.at, call.at):
            continue
        if skipping.is_failure(edge) and any(is_of_the_world(project, one.name) for one in edge.thrown):
            return call
    return None


def _place(edge: Edge) -> ir.At:
    return edge.step.node.at if edge.step is not None else (0, 0, 0, 0)
