"""
What is done after something has been released, along the paths of one function.

A place counts by the names that the code writes: `self._connection`, `sock`. Giving it a new value, calling
something that may do so, and any test that asks for it end the search.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, NamedTuple

from worker_lint.analysis.entity import Class, Function
from worker_lint.analysis.flow import WRITE, Edge, Inside, Path, Place, Step, Watch, find_path, place_of, walk
from worker_lint.analysis.routines import RELEASE
from worker_lint.source import ir

if TYPE_CHECKING:
    from worker_lint.analysis.project import Project


class Afterwards(NamedTuple):
    """A release, and a call that comes after it."""

    release: ir.Call
    call: ir.Call


def calls_after(
    project: Project, function: Function, me: Class | None, released: Place, wanted: Callable[[ir.Call], bool]
) -> Iterator[Afterwards]:
    """The first wanted call of each kind that comes after the place was released for certain and nothing was raised."""
    graph = project.routines.graph(function, me)
    if graph is None:
        return
    inside = project.routines.inside(function, me)
    steps = [step for step in graph.steps() if step.kind == "call" and isinstance(step.node, ir.Call)]
    seen: set[ir.At] = set()
    for step in steps:
        call = step.node
        if not isinstance(call, ir.Call) or call.at in seen or not wanted(call):
            continue
        watch = _After(inside, released, step)
        path = find_path(graph, watch, lambda _, state: state == "met")
        if isinstance(path, Path) and watch.release is not None:
            seen.add(call.at)
            yield Afterwards(watch.release, call)


class _After(Watch[str]):
    """`before`, `released`, and `met` once the wanted call comes after that."""

    def __init__(self, inside: Inside, released: Place, wanted: Step) -> None:
        super().__init__(start="before")
        self._inside = inside
        self._place = released
        self._wanted = wanted
        func = wanted.node.func if isinstance(wanted.node, ir.Call) else None
        self._asked = {released, place_of(func.value) if isinstance(func, ir.Attribute) else released}
        self.release: ir.Call | None = None

    def step(self, step: Step, state: str) -> str | None:
        if step is self._wanted and state == "released":
            return "met"
        if step.kind == "bind" and self._is_rebound(step.node):
            return "before"
        if step.kind not in ("call", "await"):
            return state
        if self._is_release(step):
            self.release = self.release or (step.node if isinstance(step.node, ir.Call) else None)
            return "released"
        if any(effect.verb == WRITE and effect.place == self._place for effect in self._inside.possible(step)):
            return "before"
        return state

    def _is_release(self, step: Step) -> bool:
        """Whether the step itself releases the place: not one that only has it released later."""
        func = step.node.func if isinstance(step.node, ir.Call) else None
        if not isinstance(func, ir.Attribute) or place_of(func.value) != self._place:
            return False
        return any(one.verb == RELEASE and one.place == self._place for one in self._inside.done(step))

    def interrupted(self, step: Step, state: str) -> str | None:
        return "met" if step is self._wanted and state == "released" else state

    def along(self, edge: Edge, state: str) -> str | None:
        """Without errors, and without whatever asks for the place first."""
        if state == "met":
            return state
        if edge.is_interrupted:
            return None
        is_test = edge.step is not None and edge.step.kind == "test"
        if is_test and edge.step is not None and any(place_of(one) in self._asked for one in walk(edge.step.node)):
            return None
        return state

    def _is_rebound(self, node: ir.Node) -> bool:
        if isinstance(node, ir.Assign):
            targets: tuple[ir.Expr | None, ...] = node.targets
        else:
            targets = (getattr(node, "target", None),)
        return any(place_of(part) == self._place for one in targets if isinstance(one, ir.Node) for part in walk(one))
