"""
What is open and in nobody's hands yet, when an error passes: made, and neither released nor handed over.

In a function it is a local on its way to the caller or to a field; in the methods that build an object it is a
field, since nobody gets the object when they fail.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final, NamedTuple

from worker_lint.analysis.entity import Class, Function
from worker_lint.analysis.flow import Edge, Inside, Path, Place, Step, ThrownSet, Watch, find_path, walk
from worker_lint.analysis.resources.held import Held
from worker_lint.analysis.routines import RELEASE, REQUEST, USER_CODE
from worker_lint.analysis.skipping import failures
from worker_lint.source import ir

if TYPE_CHECKING:
    from worker_lint.analysis.project import Project

BUILDERS: Final = frozenset({"__init__", "__enter__", "__aenter__"})
"""Methods after whose failure nobody has the object, or nothing will leave it."""


class Unhanded(NamedTuple):
    """What is left open, the call that raises, and what it throws."""

    held: Held
    cause: ir.Node
    thrown: ThrownSet


def unhanded(project: Project, function: Function, me: Class | None) -> Iterator[Unhanded]:
    """The locals that an error leaves open on their way to the caller or to a field."""
    inside = project.routines.inside(function, me)
    for held in project.resources.local(function, me):
        if held.is_collection or not held.acquired or held.derived_from is not None:
            continue
        if any(use.how in ("returned", "stored") for use in held.escapes):
            gone = frozenset((*(use.at for use in held.escapes), *(end.site.at for end in held.ends)))
            yield from _left_open(project, function, me, inside, held, gone)


def in_construction(project: Project, function: Function, me: Class) -> Iterator[Unhanded]:
    """The fields that an error in a method that builds the object leaves open."""
    if function.name not in BUILDERS:
        return
    inside = project.routines.inside(function, me)
    for held in project.resources.held(me):
        is_here = any(site.method == function for site in held.acquired)
        if is_here and not held.is_collection and held.derived_from is None and not held.escapes:
            yield from _left_open(project, function, me, inside, held)


def _left_open(
    project: Project,
    function: Function,
    me: Class | None,
    inside: Inside,
    held: Held,
    gone: frozenset[ir.At] = frozenset(),
) -> Iterator[Unhanded]:
    graph = project.routines.graph(function, me)
    if graph is None:
        return
    params = function.node.params
    place = (params[0].name, *held.place[1:]) if len(held.place) > 1 and params else held.place
    watch = _Open(inside, held, place, gone)
    path = find_path(graph, watch, lambda block, state: block is graph.raised and state == "left")
    if isinstance(path, Path):
        edge, step = next((edge, edge.step) for edge in reversed(path.raising) if edge.step and watch.is_cause(edge))
        yield Unhanded(held, _call_of(step.node), edge.thrown)


class _Open(Watch[str]):
    """`unborn`, `open`, then `left` once something raises; handed over or released it is of no more interest."""

    def __init__(self, inside: Inside, held: Held, place: Place, gone: frozenset[ir.At]) -> None:
        super().__init__(start="unborn")
        self._inside = inside
        self._place = place
        self._born = {site.at for site in held.acquired}
        self._gone = gone

    def step(self, step: Step, state: str) -> str | None:
        if state == "unborn":
            return "open" if step.kind in ("call", "await") and _call_of(step.node).at in self._born else state
        return None if self._ends(step) else state

    def interrupted(self, step: Step, state: str) -> str | None:
        return None if state != "unborn" and self._ends(step) else state

    def along(self, edge: Edge, state: str) -> str | None:
        """One error only, and one to expect."""
        if not edge.is_interrupted:
            return state
        if state != "open":
            return "unborn" if state == "unborn" else None
        return "left" if self.is_cause(edge) else None

    def is_cause(self, edge: Edge) -> bool:
        """Whether an edge is an error that one has to expect, of something else than user code."""
        if edge.step is None or edge.step.kind not in ("call", "await"):
            return False
        names = failures(edge)
        return bool(names - {USER_CODE, "Exception", "BaseException"})

    def _ends(self, step: Step) -> bool:
        """Whether the step releases it, or hands it to somebody."""
        done = self._inside.possible(step)
        if any(effect.verb in (RELEASE, REQUEST) and effect.place == self._place for effect in done):
            return True
        return any(node.at in self._gone for node in walk(step.node, inner=False))


def _call_of(node: ir.Node) -> ir.Node:
    return node.value if isinstance(node, ir.Await) else node
