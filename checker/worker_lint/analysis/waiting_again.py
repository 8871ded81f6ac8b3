"""Where a task waits again after a clause has taken its cancellation: along the paths of the loop around it."""

from __future__ import annotations

from typing import Final, NamedTuple

from worker_lint.analysis.entity import Function
from worker_lint.analysis.flow import (
    Block,
    DerivedPolicy,
    Edge,
    Path,
    Policy,
    Raises,
    Step,
    Thrown,
    Watch,
    build,
    find,
    find_path,
    may_raise,
)
from worker_lint.analysis.flow import Unknown as OverBudget
from worker_lint.analysis.no_return import never_returns
from worker_lint.analysis.standing.truth import NOTHING, State, Truth, put
from worker_lint.analysis.tiers import TrySite, hands_on, raises_anything, tells_exception
from worker_lint.analysis.tiers.handling import hands_on_in, is_logging
from worker_lint.analysis.tiers.loops import is_always, leaves_loop
from worker_lint.analysis.tiers.names import bound_names
from worker_lint.analysis.visit import encloses, given_to, unawaited
from worker_lint.source import ir

CANCELLED: Final = "asyncio.CancelledError"


def waits_again(site: TrySite, handler: ir.Handler, loop: ir.While | ir.For) -> ir.Node | None:
    """The first place in the loop, outside the clause, where the task waits again."""
    function = site.scope
    if not isinstance(function, Function):
        return None
    project = function.project
    policy = _Cancelled(function, handler, project.routines.policy(project.routines.of(function)))
    graph = build(function.statements, policy)
    if isinstance(graph, OverBudget):
        return None
    aside = (handler, *_final_statements(site))

    def goes_on(step: Step) -> bool:
        at = step.node.at
        return step.awaits and encloses(loop.at, at) and not any(encloses(block.at, at) for block in aside)

    def again(block: Block, state: _Since) -> bool:
        return state.taken and any(goes_on(step) for step in block.steps)

    path = find_path(graph, _Taken(handler), again)
    if not isinstance(path, Path):
        return None
    return next(step.node for step in path.edges[-1].target.steps if goes_on(step))


def is_answered_for(site: TrySite, handler: ir.Handler, loop: ir.While | ir.For) -> bool:
    """
    Whether the clause hands the exception to an object that the loop gives to something outside the statement:
    that one can tell from it what came, and decides whether there is a next turn.
    """
    told = (call for call in find(ir.Call, handler.body) if tells_exception(handler, given_to(call)))
    holders = {ir.dotted_name(call.func.value) for call in told if isinstance(call.func, ir.Attribute)} - {None, "self"}
    outside = (call for call in find(ir.Call, loop.body) if not encloses(site.node.at, call.at))
    return any(ir.dotted_name(value) in holders for call in outside for value in given_to(call))


def goes_on_for_sure(site: TrySite, handler: ir.Handler, loop: ir.While | ir.For) -> bool:
    """
    Whether the next turn follows whatever becomes of the exception: nothing but a jump ends the loop, and the clause
    keeps what it caught to itself; or functions of the project that do not raise get it to clean up, and no jump
    stands outside of the statement, that something which they set could lead to.
    """
    if isinstance(loop, ir.While) and not is_always(loop.test):
        return False
    if not hands_on(handler):
        return True
    around = [one for one in loop.body if one is not site.node]
    can_leave = leaves_loop(tuple(around)) or any(True for _ in find(ir.Raise, around))
    return site.block is loop.body and not can_leave and _cleans_up_with_it(site, handler)


def _cleans_up_with_it(site: TrySite, handler: ir.Handler) -> bool:
    """Whether calls of functions of the project, whose answers nobody takes, are all that gets the exception."""
    for statement in handler.body:
        call = unawaited(statement.value) if isinstance(statement, ir.Expression) else None
        if not isinstance(call, ir.Call) or is_logging(call):
            if hands_on_in(handler, (statement,)):
                return False
            continue
        runs = site.scope.project.calls.of(site.scope, call).runs
        if hands_on_in(handler, (statement,)) and (not runs or any(_raises(one.function) for one in runs)):
            return False
    return True


def _raises(function: Function) -> bool:
    return raises_anything(function.statements)


class _Cancelled(DerivedPolicy):
    """
    Each point at which a coroutine waits may raise CancelledError, and what the clause calls to raise for it, a
    function declared `NoReturn`, always does.
    """

    def __init__(self, function: Function, handler: ir.Handler, inner: Policy) -> None:
        super().__init__(inner)
        self._function = function
        last_words = (unawaited(node.value) for node in find(ir.Expression, handler.body))
        self._called = {node.at for node in last_words if isinstance(node, ir.Call)}

    def raises(self, step: Step) -> Raises:
        """What the step may raise, a cancellation among it."""
        call = step.node.value if isinstance(step.node, ir.Await) else step.node
        if step.kind in ("call", "await") and isinstance(call, ir.Call) and call.at in self._called:
            if never_returns(self._function, call, awaited=step.kind == "await"):
                return Raises(may_raise("BaseException").thrown, always=True)
        known = self.inner.raises(step)
        if not step.awaits:
            return known
        return Raises(known.thrown | {Thrown(CANCELLED, exact=True)}, always=known.always)


class _Since(NamedTuple):
    """Whether the clause has taken the cancellation, and which constants are set since."""

    taken: bool
    known: State


class _Taken(Watch[_Since]):
    """What is so since the clause has taken the cancellation: the test of a flag that it set comes out in one way."""

    def __init__(self, handler: ir.Handler) -> None:
        super().__init__(_Since(taken=False, known=NOTHING))
        self._handler = handler
        self._truth = Truth("", lambda _: False, lambda _: None)

    def step(self, step: Step, state: _Since) -> _Since:
        if not state.taken or step.kind != "bind":
            return state
        known = state.known
        for name in bound_names(step.node):
            known = put(known, (name,), None)
        if isinstance(step.node, ir.Assign):
            value = self._truth.value(step.node.value, known)
            for target in step.node.targets:
                known = put(known, self._truth.place(target), value)
        return _Since(taken=True, known=known)

    def along(self, edge: Edge, state: _Since) -> _Since | None:
        first = edge.target.steps[0] if edge.target.steps else None
        cancelled = any(thrown.name == CANCELLED for thrown in edge.thrown)
        if cancelled and first is not None and first.kind == "catch" and first.node is self._handler:
            return _Since(taken=True, known=NOTHING)
        if state.taken and edge.kind in ("true", "false") and edge.step is not None and edge.step.kind == "test":
            came_out = self._truth.test(edge.step.node, state.known) if isinstance(edge.step.node, ir.Expr) else None
            if came_out is not None and came_out != (edge.kind == "true"):
                return None
        return state


def _final_statements(site: TrySite) -> tuple[ir.Stmt, ...]:
    """What runs on every way out, of this statement and of those around it."""
    around = [one.node for one in site.around if isinstance(one.node, ir.Try)]
    return tuple(statement for node in (site.node, *around) for statement in node.final)
