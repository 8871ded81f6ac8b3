"""
Summaries of routines on demand, callees first.

Routines that call one another are computed together, from "never comes back, does nothing"
upwards until nothing changes: the result depends on the code alone, not on the order of the
questions.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from msgspec.structs import replace

from worker_lint.analysis.flow.graph import Graph, Unknown
from worker_lint.analysis.flow.inside import Called, Inside, Surely
from worker_lint.analysis.flow.routine import BOTTOM, Knowledge, Routine, Summary, Truth
from worker_lint.analysis.flow.solver import solve
from worker_lint.analysis.flow.visit import find
from worker_lint.source import ir

CIRCLE_LIMIT: Final = 40
"""Routines that may call one another in a circle; larger circles stay unknown."""

ROUNDS_LIMIT: Final = 12
"""Times that a circle is gone through before it stays unknown."""


class Summaries:
    """
    The summaries of all routines that were asked for, and of those they call. Without `effects` they tell of
    exceptions and results alone.
    """

    def __init__(self, knowledge: Knowledge, *, effects: bool = True) -> None:
        self._knowledge = knowledge
        self._with_effects = effects
        self._callees: dict[str, dict[ir.At, Routine]] = {}
        self._found: dict[str, Summary | Unknown] = {}
        self._latest: dict[str, Inside] = {}

    def of(self, routine: Routine) -> Summary | Unknown:
        """What a call of the routine means."""
        if routine.key not in self._found:
            for circle in self._circles(routine):
                self._settle(circle)
        return self._found[routine.key]

    def inside(self, routine: Routine) -> Inside:
        """The routine from within, its callees summarised."""
        self.of(routine)
        return self._latest.get(routine.key) or self._inside(routine)

    def _inside(self, routine: Routine) -> Inside:
        callees = self._callees_of(routine)

        def called(call: ir.Call) -> Called | None:
            callee = callees.get(call.at)
            summary = None if callee is None else self._found.get(callee.key, BOTTOM)
            return None if callee is None or not isinstance(summary, Summary) else (callee, summary)

        return Inside(routine, self._knowledge, called)

    def _callees_of(self, routine: Routine) -> dict[ir.At, Routine]:
        """The routines that the body calls, by the span of the call."""
        known = self._callees.get(routine.key)
        if known is None:
            known = {}
            for call in find(ir.Call, routine.body or ()):
                callee = self._knowledge.callee(routine, call)
                if callee is not None:
                    known[call.at] = callee
            self._callees[routine.key] = known
        return known

    def _settle(self, circle: list[Routine]) -> None:
        """Finds the summaries of routines that call one another; all other callees are known."""
        if len(circle) > CIRCLE_LIMIT:
            unknown = Unknown(f"more than {CIRCLE_LIMIT} functions call one another")
            self._found.update((routine.key, unknown) for routine in circle)
            return
        self._found.update((routine.key, BOTTOM) for routine in circle)
        alone = len(circle) == 1 and all(callee.key != circle[0].key for callee in self._callees_of(circle[0]).values())
        for _ in range(ROUNDS_LIMIT):
            before = [self._found[routine.key] for routine in circle]
            for routine in circle:
                self._found[routine.key] = self._summarise(routine)
            if alone:
                return
            self._latest = {}  # made while another one of the circle was not yet known
            if before == [self._found[routine.key] for routine in circle]:
                return
        unknown = Unknown("the functions call one another in too many ways")
        self._found.update((routine.key, unknown) for routine in circle)

    def _summarise(self, routine: Routine) -> Summary | Unknown:
        if routine.body is None:
            return Unknown("the body cannot be read")
        inside = self._inside(routine)
        self._latest = {routine.key: inside}
        graph = inside.graph
        if isinstance(graph, Unknown):
            return graph
        plain = Summary(
            thrown=graph.escaping,
            returns=graph.returns,
            results=frozenset(_results(graph)),
            complete=all(self._is_complete(callee) for callee in self._callees_of(routine).values()),
        )
        return _with_effects(plain, inside, graph) if self._with_effects else plain

    def _is_complete(self, routine: Routine) -> bool:
        found = self._found.get(routine.key, BOTTOM)
        return isinstance(found, Summary) and found.complete

    def _circles(self, root: Routine) -> Iterator[list[Routine]]:
        """
        The routines below `root` that are not yet known, callees first; those that call one
        another together (strongly connected components, R. Tarjan 1972, without recursion).
        """
        order: dict[str, int] = {}
        lowest: dict[str, int] = {}
        open_: dict[str, Routine] = {}
        stack: list[tuple[Routine, Iterator[Routine]]] = []

        def visit(routine: Routine) -> None:
            order[routine.key] = lowest[routine.key] = len(order)
            open_[routine.key] = routine
            stack.append((routine, iter(self._callees_of(routine).values())))

        visit(root)
        while stack:
            routine, callees = stack[-1]
            callee = next((other for other in callees if other.key not in self._found), None)
            if callee is None:
                stack.pop()
                if stack:
                    above = stack[-1][0].key
                    lowest[above] = min(lowest[above], lowest[routine.key])
                if lowest[routine.key] == order[routine.key]:
                    yield _cut(open_, routine.key)
            elif callee.key not in order:
                visit(callee)
            elif callee.key in open_:
                lowest[routine.key] = min(lowest[routine.key], order[callee.key])


def _with_effects(plain: Summary, inside: Inside, graph: Graph) -> Summary | Unknown:
    """The summary with what the routine does to the places that its callers see."""
    surely = solve(graph, Surely(inside)) if inside.does_anything(graph) else None
    if isinstance(surely, Unknown):
        return surely
    done, raising = (surely.at(graph.exit), surely.at(graph.raised)) if surely is not None else (None, None)
    return replace(
        plain,
        may=inside.visible(inside.tried(graph)),
        must=inside.visible(done or frozenset()),
        must_raising=inside.visible(raising or frozenset()),
    )


def _cut(open_: dict[str, Routine], key: str) -> list[Routine]:
    """Takes this routine and all that were opened after it, in the order in which they were."""
    taken: list[Routine] = []
    while key in open_:
        taken.append(open_.popitem()[1])
    return taken[::-1]


def _results(graph: Graph) -> Iterator[Truth]:
    """The truth of what can be returned."""
    if any(edge.kind == "next" for edge in graph.exit.into):
        yield "none"
    for step in graph.steps():
        if isinstance(step.node, ir.Return):
            value = step.node.value
            if value is None or (isinstance(value, ir.Constant) and value.kind == "none"):
                yield "none"
            elif isinstance(value, ir.Constant) and value.kind not in ("ellipsis", "other"):
                yield "true" if value.value else "false"
            else:
                yield "other"
