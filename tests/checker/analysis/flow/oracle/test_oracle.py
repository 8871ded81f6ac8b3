"""
The executable oracle: generated functions are run by Python itself, with exceptions injected by a
schedule, and the graph must agree. Every run is a path of the graph; every path of the graph can
be run; a step is reported as skipped exactly when a run can skip it.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator, Sequence
from typing import Any, Literal, NamedTuple

import pytest
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from worker_lint.analysis.flow import (
    Edge,
    Graph,
    Hierarchy,
    Path,
    Policy,
    Raises,
    Split,
    Step,
    Thrown,
    Unknown,
    Watch,
    build,
    find_path,
    solve,
)
from worker_lint.source import ir
from worker_lint.source.parse import parse_body, parse_module
from worker_lint.source.text import Text

BASES = {"E1": ("Exception",), "E2": ("E1",), "F": ("Exception",)}


class Event(NamedTuple):
    """A choice that is made on a path: what, its number, and the outcomes that it may have."""

    kind: str
    number: int
    outcomes: frozenset[str]


class Injected(Policy):
    """What the machine may do."""

    faults = Raises(frozenset(Thrown(name, exact=True) for name in BASES))

    def raises(self, step: Step) -> Raises:
        if step.kind == "call" and called(step.node)[0] == "step":
            return self.faults
        return self.faults if step.kind in ("enter", "exit") else super().raises(step)

    def suppressed(self, item: ir.WithItem, thrown: Thrown) -> Split:
        if called(item.context)[0] == "quiet":
            return self.hierarchy.split(thrown, ["E1"])
        return super().suppressed(item, thrown)


def called(node: ir.Node) -> tuple[str, int]:
    """The name of a called function and the number that it is given."""
    if isinstance(node, ir.Call) and isinstance(node.func, ir.Name) and node.args:
        argument = node.args[0]
        if isinstance(argument, ir.Constant) and isinstance(argument.value, int):
            return node.func.id, argument.value
    return "", 0


class Program:
    """A program with its graph."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.text = Text(source)
        definition = parse_module(source).body[0]
        assert isinstance(definition, ir.FunctionDef)
        graph = build(parse_body(self.text, definition), Injected(Hierarchy(BASES)))
        assert isinstance(graph, Graph)
        self.graph: Graph = graph

    def numbers(self) -> set[int]:
        return {called(step.node)[1] for step in self.graph.steps() if called(step.node)[0] == "step"}

    def events(self, edge: Edge) -> list[Event]:
        """What happens on an edge and in its source."""
        found: list[Event] = []
        for step in edge.source.steps:
            raising = edge.is_interrupted and step is edge.step
            outcomes = frozenset(one.name for one in edge.thrown) if raising else frozenset({""})
            decided = frozenset({"true" if edge.kind == "true" else ""})
            if step.kind == "call" and called(step.node)[0] == "step":
                found.append(Event("step", called(step.node)[1], outcomes))
            elif isinstance(step.node, ir.WithItem) and step.kind in ("enter", "exit"):
                found.append(Event(step.kind, called(step.node.context)[1], outcomes))
            elif step.kind == "test" and called(step.node)[0] == "cond":
                found.append(Event("test", called(step.node)[1], decided))
            elif isinstance(step.node, (ir.For, ir.Generator)) and step.kind == "next":
                found.append(Event("next", called(step.node.iter)[1], decided))
            elif isinstance(step.node, ir.Case) and edge.kind == "true":
                arm = self.text.segment(step.node.pattern.at)
                found.append(Event("case", 0, frozenset({"2" if arm == "_" else arm})))
        return found

    def accepts(self, trace: Sequence[Any], ending: str) -> bool:
        """Whether a run is a path of the graph."""
        pending, seen = [(self.graph.entry, 0)], set()
        while pending:
            block, done = pending.pop()
            if (block.index, done) in seen:
                continue
            seen.add((block.index, done))
            if done == len(trace) and block is (self.graph.raised if ending else self.graph.exit):
                escaping = {one.name for one in self.graph.escaping}
                return not ending or ending in escaping
            for edge in block.out:
                events = self.events(edge)
                real = trace[done : done + len(events)]
                if len(real) == len(events) and all(map(_agree, real, events)):
                    pending.append((edge.target, done + len(events)))
        return False

    def can_run(self, path: Path, machine: Any) -> bool:
        """Whether Python takes this path under some schedule."""
        expected = [event for edge in path.edges for event in self.events(edge)]
        raised = bool(path.edges) and path.edges[-1].target is self.graph.raised
        for chosen in itertools.product(*(sorted(event.outcomes) for event in expected)):
            pairs = zip(expected, chosen, strict=True)
            running = machine([machine.outcomes[event.kind].index(outcome) for event, outcome in pairs])
            ending = running.run(self.source)
            same = len(running.trace) == len(expected) and all(map(_agree, running.trace, expected))
            if same and bool(ending) == raised:
                return True
        return False

    def skipping_path(self, number: int) -> Path | None:
        """A path on which a step is never tried."""
        ends = (self.graph.exit, self.graph.raised)
        path = find_path(self.graph, _Without(number), lambda block, _: block in ends)
        assert not isinstance(path, Unknown)
        return path


class _Without(Watch[bool]):
    """Paths on which a step is never tried."""

    def __init__(self, number: int) -> None:
        super().__init__(start=False)
        self.number = number

    def step(self, step: Step, state: bool) -> bool | None:  # noqa: FBT001 -- the state
        return None if is_step(step, self.number) else state


class Surely:
    """The steps that are tried on every path up to here; backward, from here on."""

    def __init__(self, direction: Literal["forward", "backward"]) -> None:
        self.direction = direction

    def start(self) -> frozenset[int]:
        return frozenset()

    def join(self, left: frozenset[int], right: frozenset[int]) -> frozenset[int]:
        return left & right

    def step(self, step: Step, state: frozenset[int]) -> frozenset[int]:
        name, number = called(step.node)
        return state | {number} if step.kind == "call" and name == "step" else state

    def interrupted(self, step: Step, state: frozenset[int]) -> frozenset[int]:
        return self.step(step, state)

    def along(self, edge: Edge, state: frozenset[int]) -> frozenset[int]:
        del edge
        return state


def is_step(step: Step, number: int) -> bool:
    return step.kind == "call" and called(step.node) == ("step", number)


def _agree(real: Any, expected: Event) -> bool:
    same = real.number == expected.number or real.kind == "case"
    return same and real.kind == expected.kind and real.outcome in expected.outcomes


def random_paths(graph: Graph, seed: int) -> Iterator[Path]:
    """Some paths from the entry to an end."""
    dice = random.Random(seed)  # noqa: S311 -- no secret
    for _ in range(20):
        edges: list[Edge] = []
        block = graph.entry
        while block.out and len(edges) < 120:
            edges.append(dice.choice(block.out))
            block = edges[-1].target
        if block in (graph.exit, graph.raised):
            yield Path(tuple(edges))


def draw(data: st.DataObject, sources: Any) -> Program:
    program = Program(data.draw(sources()))
    note(program.source)
    return program


ORACLE = settings(deadline=None, max_examples=80, suppress_health_check=list(HealthCheck))


def random_schedules(seed: int) -> Iterator[list[int]]:
    """Some schedules: most steps succeed, conditions are even."""
    dice = random.Random(seed)  # noqa: S311 -- no secret
    for _ in range(30):
        yield [dice.choice((0, 0, 0, 0, 1, 1, 1, 2, 3)) for _ in range(dice.randrange(40))]


@pytest.mark.slow
@ORACLE
@given(st.data(), st.integers(0, 2**32))
def test_every_run_is_a_path_and_what_it_skips_is_reported(
    machine: Any, sources: Any, data: st.DataObject, seed: int
) -> None:
    program = draw(data, sources)
    for schedule in random_schedules(seed):
        running = machine(schedule)
        ending = running.run(program.source)
        assert program.accepts(running.trace, ending), (running.trace, ending)
        tried = {event.number for event in running.trace if event.kind == "step"}
        for number in program.numbers() - tried:
            assert program.skipping_path(number) is not None, (number, running.trace)


@pytest.mark.slow
@ORACLE
@given(st.data(), st.integers(0, 2**32))
def test_every_path_can_be_run(machine: Any, sources: Any, data: st.DataObject, seed: int) -> None:
    program = draw(data, sources)
    for path in random_paths(program.graph, seed):
        assert program.can_run(path, machine), [event for edge in path.edges for event in program.events(edge)]


@pytest.mark.slow
@ORACLE
@given(st.data())
def test_a_step_is_reported_as_skipped_only_with_a_path_that_python_takes(
    machine: Any, sources: Any, data: st.DataObject
) -> None:
    program = draw(data, sources)
    for number in program.numbers():
        path = program.skipping_path(number)
        if path is not None:
            assert not any(is_step(step, number) for step, _ in path.steps())
            assert program.can_run(path, machine), (number, path)


@pytest.mark.slow
@ORACLE
@given(st.data())
def test_the_solver_agrees_with_the_search_for_paths(sources: Any, data: st.DataObject) -> None:
    program = draw(data, sources)
    graph = program.graph
    forward, backward = solve(graph, Surely("forward")), solve(graph, Surely("backward"))
    assert not isinstance(forward, Unknown)
    assert not isinstance(backward, Unknown)
    ends = [state for end in (graph.exit, graph.raised) if (state := forward.at(end)) is not None]
    surely = frozenset(program.numbers()) if not ends else frozenset.intersection(*ends)
    assert surely == {number for number in program.numbers() if program.skipping_path(number) is None}
    assert backward.at(graph.entry) == surely


@pytest.mark.parametrize("budget", [0, 1, 5])
def test_over_budget_is_unknown(budget: int) -> None:
    source = "def program():\n    for item in items(1):\n        step(2)\n        step(3)\n"
    program = Program(source)
    definition = parse_module(source).body[0]
    assert isinstance(definition, ir.FunctionDef)
    assert isinstance(build(parse_body(Text(source), definition), Policy(), budget=budget), Unknown)
    assert isinstance(solve(program.graph, Surely("forward"), budget=min(budget, 2)), Unknown)
    assert isinstance(find_path(program.graph, Watch(start=0), lambda *_: False, budget=min(budget, 2)), Unknown)
