"""Clauses that report a failure and let the code go on: what they do, and what of it a path passes."""

from __future__ import annotations

from worker_lint.analysis.flow import Path, Step, find
from worker_lint.analysis.tiers.handling import ends_process, is_logging, log_calls, raises_anything
from worker_lint.analysis.tiers.loops import leaves_loop
from worker_lint.analysis.tiers.names import NameWatch, bound_names
from worker_lint.analysis.tiers.sites import TrySite
from worker_lint.analysis.visit import encloses
from worker_lint.source import ir

_TEXTS = ("str", "repr", "len", "type", "format")


def only_logs(site: TrySite, handler: ir.Handler) -> bool:
    """
    Whether the clause reports the failure and calls nothing else that could end the path; a `yield` does that where
    what is yielded tells of the failure, and whoever runs the generator asks for no more.
    """
    if not any(True for _ in log_calls(handler.body)) or ends_process(site.scope, handler.body):
        return False
    if any(True for _ in find(ir.Yield, handler.body)):
        return False
    if any(isinstance(node, (ir.Assign, ir.AugAssign)) for node in find(ir.Node, handler.body)):
        return False  # it keeps in mind that something has failed
    return all(is_logging(call) or _is_text(call) for call in find(ir.Call, handler.body))


def tries_alternatives(site: TrySite, handler: ir.Handler) -> bool:
    """
    Whether a loop tries one after the other until one works, and the clause raises or leaves the loop in some turns:
    in the last one, as its author means, so that no failure goes on behind the loop.
    """
    if not site.loops or not (leaves_loop(site.node.orelse) or leaves_loop(site.node.body)):
        return False
    return raises_anything(handler.body) or leaves_loop(handler.body)


def logged_on(path: Path, handler: ir.Handler, read: ir.Name) -> ir.Call | None:
    """The last log line of the clause that a path passes before a name is read."""
    found: ir.Call | None = None
    for step, is_done in path.steps():
        if step.node is read:
            break
        node = step.node
        if is_done and isinstance(node, ir.Call) and is_logging(node) and encloses(handler.at, node.at):
            found = node
    return found


class Unbound(NameWatch):
    """
    Whether the clause was entered; the path ends where the name is bound, and where another name is read that is
    not bound either: the error comes there.
    """

    def __init__(self, handler: ir.Handler, name: str, others: frozenset[str] = frozenset()) -> None:
        super().__init__(name)
        self._handler = handler
        self._others = others

    def interrupted(self, step: Step, state: tuple[ir.At, ...]) -> tuple[ir.At, ...] | None:  # type: ignore[override]
        """A second failure, while the first is being reported, is another matter."""
        return None if state else super().interrupted(step, state)

    def step(self, step: Step, state: tuple[ir.At, ...]) -> tuple[ir.At, ...] | None:
        """Entering the clause is kept; a binding ends the path."""
        if step.kind == "catch" and state:
            return None
        if step.kind == "catch" and step.node is self._handler:
            return (self._handler.at,)
        if state and step.kind == "read" and isinstance(step.node, ir.Name) and step.node.id in self._others:
            return None
        if step.kind in ("bind", "catch", "case") and self.name in bound_names(step.node):
            return None
        return state


def _is_text(call: ir.Call) -> bool:
    return isinstance(call.func, ir.Name) and call.func.id in _TEXTS
