"""
The executable oracle: generated functions are run by Python itself, with exceptions injected by a
schedule, and the graph must agree. Every run is a path of the graph; every path of the graph can
be run; a step is reported as skipped exactly when a run can skip it.
"""

from __future__ import annotations

import itertools
import random
import warnings
from collections.abc import Iterator, Sequence
from textwrap import indent
from types import TracebackType
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


class E1(Exception):  # noqa: N818 -- short names keep failing programs legible
    pass


class E2(E1):
    pass


class F(Exception):  # noqa: N818 -- as above
    pass


CLASSES: dict[str, type[Exception]] = {"E1": E1, "E2": E2, "F": F}
DEPTH = 3
FAULTS = ("", *CLASSES)
BASES = {"E1": ("Exception",), "E2": ("E1",), "F": ("Exception",)}
CATCHERS = ("except E1", "except E2", "except (E2, F)", "except Exception", "except F as error", "except")


# --- generated programs ---


class Programs:
    """Draws function bodies whose every choice is made by the schedule at run time."""

    def __init__(self, draw: Any) -> None:
        self.draw = draw
        self.count = 0

    def number(self) -> int:
        self.count += 1
        return self.count

    def block(self, depth: int, **around: bool) -> str:
        size = self.draw(st.integers(1, 3 if 0 < depth < DEPTH else 2))
        return "\n".join(self.statement(depth, **around) for _ in range(size))

    def inside(self, depth: int, **around: bool) -> str:
        return indent(self.block(depth - 1, **around), "    ")

    def statement(self, depth: int, **around: bool) -> str:
        kinds = ["step", "step", "value", "jump", "jump", "assert"]
        if depth:
            kinds += ["if", "while", "for", "try", "try", "finally", "finally", "with", "match", "group"]
        if depth == DEPTH:
            kinds = ["while", "for", "try", "finally", "with"]
        return str(getattr(self, "make_" + self.draw(st.sampled_from(kinds)))(depth, **around))

    def make_step(self, _depth: int, **_around: bool) -> str:
        return f"step({self.number()})"

    def make_value(self, _depth: int, **_around: bool) -> str:
        first, second, third = self.number(), self.number(), self.number()
        forms = (
            f"x = cond({first}) and step({second})",
            f"x = step({first}, step({second}))",
            f"x = step({first}) if cond({second}) and not cond({third}) else step({third})",
            f"x = [step({first}) for _ in items({second}) if cond({third})]",
            f"x = (y := step({first}), [step({second})])",
            f"x = cond({first}) or (cond({second}) and step({third}))",
            f"box[step({first})] = step({second})",
        )
        return str(self.draw(st.sampled_from(forms)))

    def make_assert(self, _depth: int, **_around: bool) -> str:
        return f"assert cond({self.number()}), step({self.number()})"

    def make_jump(self, _depth: int, *, loop: bool = False, handler: bool = False, free: bool = True) -> str:
        forms = [f"raise {self.draw(st.sampled_from(FAULTS[1:]))}()"]
        forms += [f"return step({self.number()})", "return"] * free
        forms += ["break", "continue"] * 2 * (free and loop)
        forms += ["raise"] * 2 * handler
        jump = self.draw(st.sampled_from(forms))
        return f"if cond({self.number()}):\n    {jump}" if self.draw(st.booleans()) else str(jump)

    def make_if(self, depth: int, **around: bool) -> str:
        first, second = self.inside(depth, **around), self.inside(depth, **around)
        return f"if cond({self.number()}) or cond({self.number()}):\n{first}\nelse:\n{second}"

    def make_while(self, depth: int, **around: bool) -> str:
        endless = self.draw(st.booleans()) and around.get("free", True)
        body = self.inside(depth, **{**around, "loop": True})
        if endless:
            return f"while True:\n    if not cond({self.number()}):\n        break\n{body}"
        return f"while cond({self.number()}):\n{body}\nelse:\n{self.inside(depth, **around)}"

    def make_for(self, depth: int, **around: bool) -> str:
        body = self.inside(depth, **{**around, "loop": True})
        return f"for item in items({self.number()}):\n{body}\nelse:\n{self.inside(depth, **around)}"

    def make_try(self, depth: int, **around: bool) -> str:
        clauses = sorted(self.draw(st.sets(st.sampled_from(range(len(CATCHERS))), min_size=1, max_size=3)))
        text = f"try:\n{self.inside(depth, **around)}"
        for clause in clauses:
            text += f"\n{CATCHERS[clause]}:\n{self.inside(depth, **{**around, 'handler': True})}"
        if self.draw(st.booleans()):
            text += f"\nelse:\n{self.inside(depth, **around)}"
        return text + (self.ending(depth, **around) if self.draw(st.booleans()) else "")

    def make_finally(self, depth: int, **around: bool) -> str:
        return f"try:\n{self.inside(depth, **around)}{self.ending(depth, **around)}"

    def ending(self, depth: int, **around: bool) -> str:
        return f"\nfinally:\n{self.inside(min(depth, 2), **around)}"

    def make_group(self, depth: int, **around: bool) -> str:
        text = f"try:\n{self.inside(depth, **around)}"
        for catcher in ("except* E2", "except* (E1, F)"):
            text += f"\n{catcher}:\n    step({self.number()})\n    if cond({self.number()}):\n        raise F()"
        return text

    def make_with(self, depth: int, **around: bool) -> str:
        kinds = self.draw(st.lists(st.sampled_from(("guard", "quiet")), min_size=1, max_size=2))
        items = ", ".join(f"{kind}({self.number()}) as c" for kind in kinds)
        return f"with {items}:\n{self.inside(depth, **around)}"

    def make_match(self, depth: int, **around: bool) -> str:
        arms = [f"    case {arm}:\n{indent(self.inside(depth, **around), '    ')}" for arm in ("0", "1", "_")]
        return f"match value({self.number()}):\n" + "\n".join(arms)


@st.composite
def programs(draw: Any) -> str:
    return "def program():\n" + indent(Programs(draw).block(DEPTH), "    ") + "\n"


# --- running them ---


class Event(NamedTuple):
    """A choice that the schedule made: what, its number, and the outcome."""

    kind: str
    number: int
    outcome: str


class Machine:
    """The world of a program. Beyond its schedule nothing raises and every loop ends."""

    def __init__(self, schedule: Sequence[int]) -> None:
        self.schedule = iter(schedule)
        self.trace: list[Event] = []

    def choose(self, kind: str, number: int, outcomes: Sequence[str]) -> str:
        outcome = outcomes[next(self.schedule, 0) % len(outcomes)]
        self.trace.append(Event(kind, number, outcome))
        return outcome

    def step(self, number: int, *_: object) -> None:
        self.fail_at("step", number)

    def fail_at(self, kind: str, number: int) -> None:
        if fault := self.choose(kind, number, FAULTS):
            raise CLASSES[fault]

    def items(self, number: int) -> Iterator[None]:
        while self.choose("next", number, ("", "true")):
            yield

    def world(self) -> dict[str, Any]:
        """The names that a program uses."""
        return {
            **CLASSES,
            "step": self.step,
            "items": self.items,
            "cond": lambda number: bool(self.choose("test", number, ("", "true"))),
            "value": lambda number: int(self.choose("case", number, ("0", "1", "2"))),
            "guard": lambda number: Guard(self, number, swallows=False),
            "quiet": lambda number: Guard(self, number, swallows=True),
            "box": {},
        }

    def run(self, source: str) -> str:
        """Runs the program; gives the class of the exception that left it, or nothing."""
        world = self.world()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SyntaxWarning)  # jumps in finally are what we want to see
            exec(source, world)  # noqa: S102 -- our own text, made a moment ago
        try:
            world["program"]()
        except Exception as error:  # noqa: BLE001 -- whatever the program raised is the result
            return type(error).__name__
        return ""


class Guard:
    """A context manager that may fail, and may swallow E1."""

    def __init__(self, machine: Machine, number: int, *, swallows: bool) -> None:
        self.machine = machine
        self.number = number
        self.swallows = swallows

    def __enter__(self) -> None:
        self.machine.fail_at("enter", self.number)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        self.machine.fail_at("exit", self.number)
        return kind is not None and self.swallows and issubclass(kind, E1)


# --- the graph of the same program ---


class Injected(Policy):
    """What the machine may do."""

    faults = Raises(frozenset(Thrown(name, exact=True) for name in FAULTS[1:]))

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

    def events(self, edge: Edge) -> list[tuple[Event, frozenset[str]]]:
        """What happens on an edge and in its source: each event with the outcomes that it may have."""
        found: list[tuple[Event, frozenset[str]]] = []
        for step in edge.source.steps:
            raising = edge.is_interrupted and step is edge.step
            outcomes = frozenset(one.name for one in edge.thrown) if raising else frozenset({""})
            decided = "true" if edge.kind == "true" else ""
            if step.kind == "call" and called(step.node)[0] == "step":
                found.append((Event("step", called(step.node)[1], ""), outcomes))
            elif isinstance(step.node, ir.WithItem) and step.kind in ("enter", "exit"):
                found.append((Event(step.kind, called(step.node.context)[1], ""), outcomes))
            elif step.kind == "test" and called(step.node)[0] == "cond":
                found.append((Event("test", called(step.node)[1], ""), frozenset({decided})))
            elif isinstance(step.node, (ir.For, ir.Generator)) and step.kind == "next":
                found.append((Event("next", called(step.node.iter)[1], ""), frozenset({decided})))
            elif isinstance(step.node, ir.Case) and edge.kind == "true":
                arm = self.text.segment(step.node.pattern.at)
                found.append((Event("case", 0, ""), frozenset({"2" if arm == "_" else arm})))
        return found

    def accepts(self, trace: Sequence[Event], ending: str) -> bool:
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

    def can_run(self, path: Path) -> bool:
        """Whether Python takes this path under some schedule."""
        expected = [event for edge in path.edges for event in self.events(edge)]
        raised = bool(path.edges) and path.edges[-1].target is self.graph.raised
        for outcomes in itertools.product(*(sorted(outcomes) for _, outcomes in expected)):
            choices = {"step": FAULTS, "enter": FAULTS, "exit": FAULTS, "case": ("0", "1", "2")}
            kinds = [event.kind for event, _ in expected]
            schedule = [
                choices.get(kind, ("", "true")).index(outcome) for kind, outcome in zip(kinds, outcomes, strict=True)
            ]
            machine = Machine(schedule)
            ending = machine.run(self.source)
            same = len(machine.trace) == len(expected) and all(map(_agree, machine.trace, expected))
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


def _agree(real: Event, expected: tuple[Event, frozenset[str]]) -> bool:
    event, outcomes = expected
    return real.kind == event.kind and (real.number == event.number or real.kind == "case") and real.outcome in outcomes


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


ORACLE = settings(deadline=None, max_examples=80, suppress_health_check=list(HealthCheck))


def random_schedules(seed: int) -> Iterator[list[int]]:
    """Some schedules: most steps succeed, conditions are even."""
    dice = random.Random(seed)  # noqa: S311 -- no secret
    for _ in range(30):
        yield [dice.choice((0, 0, 0, 0, 1, 1, 1, 2, 3)) for _ in range(dice.randrange(40))]


@pytest.mark.slow
@ORACLE
@given(programs(), st.integers(0, 2**32))
def test_every_run_is_a_path_and_what_it_skips_is_reported(source: str, seed: int) -> None:
    note(source)
    program = Program(source)
    for schedule in random_schedules(seed):
        machine = Machine(schedule)
        ending = machine.run(source)
        assert program.accepts(machine.trace, ending), (machine.trace, ending)
        tried = {event.number for event in machine.trace if event.kind == "step"}
        for number in program.numbers() - tried:
            assert program.skipping_path(number) is not None, (number, machine.trace)


@pytest.mark.slow
@ORACLE
@given(programs(), st.integers(0, 2**32))
def test_every_path_can_be_run(source: str, seed: int) -> None:
    note(source)
    program = Program(source)
    for path in random_paths(program.graph, seed):
        assert program.can_run(path), [event for edge in path.edges for event in program.events(edge)]


@pytest.mark.slow
@ORACLE
@given(programs())
def test_a_step_is_reported_as_skipped_only_with_a_path_that_python_takes(source: str) -> None:
    note(source)
    program = Program(source)
    for number in program.numbers():
        path = program.skipping_path(number)
        if path is not None:
            assert not any(is_step(step, number) for step, _ in path.steps())
            assert program.can_run(path), (number, path)


@pytest.mark.slow
@ORACLE
@given(programs())
def test_the_solver_agrees_with_the_search_for_paths(source: str) -> None:
    note(source)
    program = Program(source)
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
