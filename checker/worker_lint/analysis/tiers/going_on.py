"""Clauses that report a failure and let the code go on: what they do, and what of it a path passes."""

from __future__ import annotations

from collections.abc import Container

from worker_lint.analysis.entity import Function, Scope
from worker_lint.analysis.flow import Path, Step, find
from worker_lint.analysis.tiers.handling import is_logging, log_calls, raises_anything
from worker_lint.analysis.tiers.loops import leaves_loop
from worker_lint.analysis.tiers.names import NameWatch, bound_names
from worker_lint.analysis.tiers.sites import TrySite
from worker_lint.analysis.visit import encloses
from worker_lint.source import ir

_TEXTS = ("str", "repr", "len", "type", "format")


def first_bound(site: TrySite, function: Function) -> frozenset[str]:
    """The names that the body of the statement binds first, and nothing before it."""
    first = site.node.at[:2]
    params = {param.name for param in function.node.params}
    outer = {name for node in find(ir.Scope, function.statements) for name in node.names}
    before: set[str] = set(params | outer)
    for node in find(ir.Node, function.statements):
        if node.at[:2] < first and not isinstance(node, ir.Try):
            before.update(bound_names(node))
    inside = {name for node in find(ir.Node, site.node.body) for name in bound_names(node)}
    before.update(name for node in find(ir.Handler, function.statements) for name in bound_names(node))
    tests = [node.test for node in find(ir.Node, function.statements) if isinstance(node, (ir.If, ir.While))]
    if any(read.id in before & inside for read in find(ir.Name, tests)):
        return frozenset()  # the body sets a flag by which success is told later
    return frozenset(inside - before)


def only_logs(handler: ir.Handler) -> bool:
    """
    Whether the clause reports the failure and calls nothing else that could end the path; a `yield` does that where
    what is yielded tells of the failure, and whoever runs the generator asks for no more.
    """
    if not any(True for _ in log_calls(handler.body)) or any(True for _ in find(ir.Yield, handler.body)):
        return False
    if any(isinstance(node, (ir.Assign, ir.AugAssign)) for node in find(ir.Node, handler.body)):
        return False  # it keeps in mind that something has failed
    return all(is_logging(call) or _is_text(call) for call in find(ir.Call, handler.body))


def read_later(site: TrySite, function: Function, names: frozenset[str]) -> frozenset[str]:
    """Those of some names that the text of the function holds in a clause, behind it, or in the loop around it."""
    text = site.scope.project.store.text(site.scope.path)
    first = site.loops[-1].at[0] if site.loops else site.node.handlers[0].at[0]
    return frozenset(name for name in names if text.has_word(name, first, function.node.at[2]))


def tries_alternatives(site: TrySite, handler: ir.Handler) -> bool:
    """
    Whether a loop tries one after the other until one works, and the clause raises or leaves the loop in some turns:
    in the last one, as its author means, so that no failure goes on behind the loop.
    """
    if not site.loops or not (leaves_loop(site.node.orelse) or leaves_loop(site.node.body)):
        return False
    return raises_anything(handler.body) or leaves_loop(handler.body)


def raises_in_the_last_turn(site: TrySite, handler: ir.Handler, read: ir.Name) -> bool:
    """
    Whether a condition of the clause about the turn of the loop, such as `url == urls[-1]`, decides whether it raises
    or leaves, and the read stands behind the loop: the last turn, as its author means, lets no failure go on.
    """
    loop = site.loops[0] if site.loops else None
    if loop is None or encloses(loop.at, read.at):
        return False
    turns = {name for node in find(ir.AugAssign, loop.body) for name in bound_names(node)}
    turns |= bound_names(loop) if isinstance(loop, ir.For) else set()
    return any(
        any(one.id in turns for one in find(ir.Name, (branch.test,)))
        and any(raises_anything(part) or leaves_loop(part) for part in (branch.body, branch.orelse))
        for branch in find(ir.If, handler.body)
    )


def has_known_logger(scope: Scope, line: ir.Call) -> bool:
    """Whether the file says where its logger comes from; one out of `import *` may be the project's, that raises."""
    root: ir.Expr = line.func
    while isinstance(root, (ir.Attribute, ir.Call)):
        root = root.value if isinstance(root, ir.Attribute) else root.func
    if not isinstance(root, ir.Name) or root.id in scope.module.block.names:
        return True
    around: Scope | None = scope
    while isinstance(around, Function):
        if any(one.name == root.id for one in around.node.params) or (root.id,) in _places(around):
            return True
        around = around.parent
    return False


def _places(function: Function) -> Container[tuple[str, ...]]:
    return function.project.values.bindings(function).places


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


def may_raise_at_the_end(site: TrySite, read: ir.Name) -> bool:
    """
    Whether the read stands behind a loop that asks a helper for each turn, `while proceed():`, which may raise instead
    of saying no: then only a jump leads out of the loop, and those of the block come after the name is bound.
    """
    for loop in site.loops:
        if encloses(loop.at, read.at) or not isinstance(loop, ir.While) or not isinstance(loop.test, ir.Call):
            continue
        runs = site.scope.project.calls.of(site.scope, loop.test).runs
        if not runs or any(True for one in runs for _ in find(ir.Raise, one.function.body)):
            return not loop.test.args and not loop.test.keywords and isinstance(loop.test.func, ir.Name)
    return False
