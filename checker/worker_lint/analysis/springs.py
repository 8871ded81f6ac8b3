"""Where what comes out of a call is raised: the steps below it, in the functions that it runs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from worker_lint.analysis.entity import Class, Function
from worker_lint.analysis.flow import Edge, Graph, Step
from worker_lint.analysis.visit import unawaited
from worker_lint.source import ir

_DEPTH: Final = 10
_LIMIT: Final = 200


class Spring(NamedTuple):
    """The step that raises some of these classes, the function it is in, and the calls that lead to it."""

    function: Function
    me: Class | None
    step: Step
    names: frozenset[str]
    above: tuple[tuple[Function, ir.Node], ...]


def springs(function: Function, me: Class | None, step: Step, names: frozenset[str]) -> tuple[Spring, ...]:
    """Where the classes that leave a step come up; where that is too deep to follow, the call that it was left at."""
    project = function.project
    found: list[Spring] = []
    pending: list[Spring] = [Spring(function, me, step, names, ())]
    while pending:
        one = pending.pop()
        inside = project.routines.inside(one.function, one.me)
        running = inside.running(one.step)
        runs = project.routines.function(running[0]) if running is not None else None
        graph = project.routines.graph(*runs) if runs is not None else None
        if runs is None or graph is None or len(one.above) >= _DEPTH or len(found) + len(pending) > _LIMIT:
            found.append(one)
        else:
            above = (*one.above, (one.function, unawaited(one.step.node)))
            entered = {(each.function, each.step) for each in (*found, *pending)}
            for source, thrown in _raising(graph, one.names):
                if (runs.function, source) not in entered and all(runs.function is not each for each, _ in above):
                    pending.append(Spring(*runs, source, thrown, above))
    return tuple(found)


def _raising(graph: Graph, names: frozenset[str]) -> Iterator[tuple[Step, frozenset[str]]]:
    """The steps whose errors of these classes leave a function, those that go on after a finally body included."""
    seen: set[Step] = set()
    direct = [edge for edge in graph.raised.into if edge.step is not None]
    passing = {one.name for edge in graph.raised.into if edge.step is None for one in edge.thrown}
    every = [edge for block in graph.blocks if passing for edge in block.out if _goes_on(edge)]
    for edge, wanted in (*((edge, names) for edge in direct), *((edge, names & passing) for edge in every)):
        thrown = wanted & {one.name for one in edge.thrown}
        if thrown and edge.step is not None and edge.step not in seen:
            seen.add(edge.step)
            yield edge.step, thrown


def _goes_on(edge: Edge) -> bool:
    """Whether this is an error that no handler takes where it arises."""
    first = edge.target.steps[:1]
    return edge.kind == "exception" and not (first and first[0].kind == "catch")
