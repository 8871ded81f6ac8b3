"""
What is open and in nobody's hands yet, when an error passes: made, and neither released nor handed over.

In a function it is a local on its way to the caller or to a field; in the methods that build an object it is a
field, since nobody gets the object when they fail.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final, NamedTuple

from worker_lint.analysis.entity import Class, Function
from worker_lint.analysis.fixed_flags import is_never_taken
from worker_lint.analysis.flow import Edge, Inside, Path, Place, Step, ThrownSet, Watch, find, find_path, walk
from worker_lint.analysis.guard import within
from worker_lint.analysis.resources.duty import RUNNING
from worker_lint.analysis.resources.held import Held, Site
from worker_lint.analysis.routines import RELEASE, REQUEST, USER_CODE
from worker_lint.analysis.skipping import failures
from worker_lint.analysis.springs import Spring, springs
from worker_lint.analysis.stopping import is_stop_name
from worker_lint.analysis.sure_link import is_sure
from worker_lint.analysis.visit import unawaited
from worker_lint.source import ir

if TYPE_CHECKING:
    from worker_lint.analysis.project import Project

BUILDERS: Final = frozenset({"__init__", "__enter__", "__aenter__"})
"""Methods after whose failure nobody has the object, or nothing will leave it."""
_AT_ONCE: Final = frozenset({"process", "socket", "thread"})
_LATER: Final = frozenset({"connection", "channel", "consumer", "producer"})
"""Many clients connect at the first use only: those whose creation may fail do it at once."""


class Unhanded(NamedTuple):
    """
    What is left open, the call that raises, what it throws, and where that comes up. `is_direct`: this error leaves
    the function, or what a clause makes of it; a clause that swallows it leaves the end to another one.
    """

    held: Held
    cause: ir.Node
    thrown: ThrownSet
    springs: tuple[Spring, ...] = ()
    is_direct: bool = True


class LeftOpen(NamedTuple):
    """What is left open by a step that may fail after it was given: nobody releases it, and that is only likely."""

    name: str
    given: ir.Call
    cause: ir.Call
    release: None = None
    is_certain: bool = False


def is_open(held: Held, project: Project) -> bool:
    """Whether there is something to close as soon as the object is there, or has been started."""
    duty = held.duty
    model = project.models.find_function(duty.model.name) if duty.model is not None else None
    is_made_open = model is not None and bool(model.raises)
    return duty.role in _AT_ONCE or (duty.role in _LATER and (is_made_open or not duty.when_created))


def unhanded(project: Project, function: Function, me: Class | None) -> Iterator[Unhanded]:
    """The locals that an error leaves open on their way to the caller or to a field."""
    for held in project.resources.modelled(function, me):
        if held.is_collection or not held.acquired or held.derived_from is not None:
            continue
        if any(use.how in ("returned", "stored") for use in held.escapes):
            gone = frozenset((*(use.at for use in held.escapes), *(end.site.at for end in held.ends)))
            yield from _left_open(project, function, me, held, gone)


def unreleased(project: Project, function: Function, me: Class | None) -> Iterator[Unhanded]:
    """The links that the function closes itself, but not on the way of an error; a plain socket goes with the frame."""
    for held in project.resources.modelled(function, me):
        if held.is_collection or not held.acquired or held.derived_from is not None or held.escapes:
            continue
        if held.duty.role in _LATER and any(end.kind == "release" for end in held.ends):
            yield from _left_open(project, function, me, held, frozenset(end.site.at for end in held.ends))


def in_construction(project: Project, function: Function, me: Class) -> Iterator[Unhanded]:
    """
    The fields that an error in a method that builds the object leaves open: in `__init__` and the like, and in
    a method that `__enter__` does nothing else but call: when that fails, `__exit__` is not called.
    """
    if function.name not in BUILDERS and not _is_entered_by(project, function, me):
        return
    for held in project.resources.modelled_fields(me):
        is_here = any(site.method == function for site in held.acquired)
        if is_here and not held.is_collection and held.derived_from is None and not held.escapes:
            yield from _left_open(project, function, me, held)


def only_here(project: Project, function: Function, me: Class) -> Iterator[Unhanded]:
    """
    The fields that one method alone ever releases, at the end of its work, and that an error on the way there
    leaves open: no stop of the class, and nobody else, would release them then.
    """
    if function.name in BUILDERS or is_stop_name(function.name):
        return
    for held in project.resources.modelled_fields(me):
        if held.is_collection or held.derived_from is not None or not held.is_ours or not held.acquired:
            continue
        if held.duty.role in RUNNING:
            continue  # a wait for its end is no clean-up
        releases = [end.site for end in held.ends if end.kind == "release"]
        if all(end.site.method == function for end in held.ends) and not all(_is_in_clause(one) for one in releases):
            here = [site for site in held.acquired if site.method == function]
            if here and all(end.at < min(site.at for site in here) for end in releases):
                continue  # the next call of the method closes it, before it opens another one
            if not here or not all(_is_made_when_missing(site, held) for site in here):
                yield from _left_open(project, function, me, held, start="unborn" if here else "open")


def _is_in_clause(site: Site) -> bool:
    """Whether a release stands in an `except` clause: it undoes what failed there, and is not the end of the work."""
    return any(within(handler.body, site) for one in find(ir.Try, site.function.statements) for handler in one.handlers)


def _is_made_when_missing(site: Site, held: Held) -> bool:
    """Whether a test of the field decides if it is made: the next call of the method goes on with what is there."""
    return any(
        within(branch.body, site) and any(node.name == held.place[-1] for node in find(ir.Attribute, (branch.test,)))
        for branch in find(ir.If, site.function.statements)
    )


def _is_entered_by(project: Project, function: Function, me: Class) -> bool:
    """Whether entering the object as a context is to run this method, unguarded; and it registers no way to end it."""
    if function.owner is not me or not _is_run_by_entering(project, function, me):
        return False
    uses = project.places.uses(function, me)
    return not any(use.how == "passed" and use.place[0] == "self" and is_stop_name(use.place[-1]) for use in uses)


def _is_run_by_entering(project: Project, function: Function, me: Class) -> bool:
    for method in project.values.fields.methods(me):
        if method.name in ("__enter__", "__aenter__") and not any(True for _ in find(ir.Try, method.statements)):
            params = method.node.params
            names = {ir.dotted_name(call.func) for call in find(ir.Call, method.statements)}
            if params and f"{params[0].name}.{function.name}" in names:
                return True
    return False


def _left_open(
    project: Project,
    function: Function,
    me: Class | None,
    held: Held,
    gone: frozenset[ir.At] = frozenset(),
    *,
    start: str = "unborn",
) -> Iterator[Unhanded]:
    graph = project.routines.graph(function, me)
    if graph is None:
        return
    inside = project.routines.inside(function, me)
    params = function.node.params
    place = (params[0].name, *held.place[1:]) if len(held.place) > 1 and params else held.place
    watch = _Open(inside, held, place, gone, start, (function, me))
    path = find_path(graph, watch, lambda block, state: block is graph.raised and state == "left")
    if isinstance(path, Path):
        edge, step = next((edge, edge.step) for edge in reversed(path.raising) if edge.step and watch.is_cause(edge))
        cause, last = unawaited(step.node), path.raising[-1]
        is_direct = last is edge or _is_made_of_it(function, cause, last)
        yield Unhanded(held, cause, edge.thrown, springs(function, me, step, failures(edge)), is_direct)


def _is_made_of_it(function: Function, cause: ir.Node, last: Edge) -> bool:
    """Whether what leaves the function is raised by a clause around the cause, or while its finally body runs."""
    if last.step is None:
        return False
    around = [tried for tried in find(ir.Try, function.statements) if within(tried.body, cause)]
    return any(
        within(body, last.step.node)
        for tried in around
        for body in (*(handler.body for handler in tried.handlers), tried.final)
    )


def tells_absent(edge: Edge, name: str) -> bool:
    """Whether a test that came out in this way says that nothing is at the place of this name."""
    if edge.step is None or edge.kind not in ("true", "false"):
        return False
    match edge.step.node:
        case ir.Compare(left=left, ops=(op,), operands=(ir.Constant(kind="none"),)) if op in ("is", "is not"):
            return (op == "is") == (edge.kind == "true") and ir.dotted_name(left) == name
        case ir.Name() | ir.Attribute() as tested:
            return edge.kind == "false" and ir.dotted_name(tested) == name
        case _:
            return False


class _Open(Watch[str]):
    """`unborn`, `open`, then `left` once something raises; handed over or released it is of no more interest."""

    def __init__(
        self,
        inside: Inside,
        held: Held,
        place: Place,
        gone: frozenset[ir.At],
        start: str,
        where: tuple[Function, Class | None],
    ) -> None:
        super().__init__(start=start)
        self._inside = inside
        self._function, self._me = where
        self._place = place
        self._born = {site.at for site in held.acquired}
        awaits = find(ir.Await, inside.routine.body or ())
        self._awaited = {node.value.at for node in awaits}
        self._gone = gone

    def step(self, step: Step, state: str) -> str | None:
        if state == "unborn":
            call = unawaited(step.node)
            kind = "await" if call.at in self._awaited else "call"
            return "open" if step.kind == kind and self._is_birth(call) else state
        return None if self._ends(step) else state

    def _is_birth(self, call: ir.Node) -> bool:
        """Whether a call makes it, or is the start of what was made before."""
        started = call.func.value.at if isinstance(call, ir.Call) and isinstance(call.func, ir.Attribute) else call.at
        return call.at in self._born or started in self._born

    def interrupted(self, step: Step, state: str) -> str | None:
        return None if state != "unborn" and self._ends(step) else state

    def along(self, edge: Edge, state: str) -> str | None:
        """One error only, and one to expect; behind it a test may say that there is nothing to close."""
        if not edge.is_interrupted:
            is_moot = state == "left" and tells_absent(edge, ".".join(self._place))
            return None if is_moot or is_never_taken(self._function, edge) else state
        if state != "open":
            return "unborn" if state == "unborn" else None
        return "left" if self.is_cause(edge) else None

    def is_cause(self, edge: Edge) -> bool:
        """Whether an edge is an error that one has to expect, of something else than user code and its own making."""
        if edge.step is None or edge.step.kind not in ("call", "await"):
            return False
        call = unawaited(edge.step.node)
        if self._is_birth(call) or is_sure(self._function, call, self._me):
            return False
        names = failures(edge)
        return bool(names - {USER_CODE, "Exception", "BaseException"})

    def _ends(self, step: Step) -> bool:
        """Whether the step releases it, or hands it to somebody."""
        done = self._inside.possible(step)
        if any(effect.verb in (RELEASE, REQUEST) and effect.place == self._place for effect in done):
            return True
        return any(node.at in self._gone for node in walk(step.node, inner=False))
