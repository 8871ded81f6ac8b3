"""
What a stop method does, step by step, and what happens when a step raises.

The steps stand in source order, which is the order in which they run as long as nothing goes wrong.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from msgspec import Struct

from worker_lint.analysis.calls import Runs
from worker_lint.analysis.flow import Block, Graph, Inside, Step
from worker_lint.analysis.flow.visit import find
from worker_lint.analysis.routines.effects import RELEASE, REQUEST, WAIT
from worker_lint.analysis.skipping import Skipping
from worker_lint.source import ir

if TYPE_CHECKING:
    from worker_lint.analysis.project import Project

_VERBS = {RELEASE: "releases", REQUEST: "asks to end", WAIT: "waits for"}


class StopStep(Struct, frozen=True):
    """
    One step of a stop.

    Attributes:
        line: Where it stands, from 1.
        does: What it does, in a few words: ``releases self._channel``.
        raises: The exceptions that it may raise, as qualified names.
        caught: The line of the handler or finally block where they go on; None when they leave the method.
        skipped: The resources that are then not released.
    """

    line: int
    does: str
    raises: tuple[str, ...] = ()
    caught: int | None = None
    skipped: tuple[str, ...] = ()


def timeline(project: Project, runs: Runs) -> tuple[StopStep, ...] | None:
    """The steps of a stop method on objects of a class; None when its flow cannot be told."""
    graph = project.routines.graph(*runs)
    if graph is None:
        return None
    found = [*_Steps(project, runs, graph), *_flags(runs)]
    return tuple(sorted(found, key=lambda step: (step.line, step.does)))


class _Steps:
    """The calls of a stop method that end something or may raise, in the order of its graph."""

    def __init__(self, project: Project, runs: Runs, graph: Graph) -> None:
        self.inside: Inside = project.routines.inside(*runs)
        self.graph = graph
        self.skips = {skip.cause.at: skip for skip in Skipping(project, *runs).skips()}

    def __iter__(self) -> Iterator[StopStep]:
        seen: set[ir.At] = set()
        for block in self.graph.blocks:
            for step in block.steps:
                call = step.node.value if isinstance(step.node, ir.Await) else step.node
                if step.kind not in ("call", "await") or not isinstance(call, ir.Call) or call.at in seen:
                    continue
                if step.kind == "call" and _is_awaited(self.graph, call):
                    continue  # creating the coroutine does nothing yet
                does = self._does(step) or _sets(call)
                raised, caught = _raised(self.graph, step)
                if does or raised:
                    seen.add(call.at)
                    skipped = self._skipped(block, step, call) if raised and caught is None else ()
                    yield StopStep(call.at[0], does or f"calls {_callee(call)}", raised, caught, skipped)

    def _does(self, step: Step) -> str:
        places: dict[str, dict[str, None]] = {}
        for effect in sorted(self.inside.possible(step)):
            if effect.verb in _VERBS:
                places.setdefault(_VERBS[effect.verb], {})[_written(effect.place)] = None
        if "releases" in places:  # asking and waiting are parts of it
            places = {"releases": places["releases"]}
        return ", ".join(f"{verb} {' and '.join(names)}" for verb, names in places.items())

    def _skipped(self, block: Block, step: Step, call: ir.Call) -> tuple[str, ...]:
        """What is released after the step, and not when its error leaves the method."""
        skip = self.skips.get(call.at)
        if skip is not None and skip.is_loop:
            return ("the rest of the loop",)
        mine = {effect.place for effect in self.inside.possible(step)}
        after = (effect for other in _after(block, step) for effect in self.inside.possible(other))
        places = {effect.place: None for effect in after if effect.verb == RELEASE and effect.place not in mine}
        return tuple(map(_written, places))


def _after(block: Block, step: Step) -> Iterator[Step]:
    """The steps that may follow once this one has completed."""
    yield from block.steps[block.steps.index(step) + 1 :]
    seen = {block.index}
    pending = [edge.target for edge in block.out if edge.kind != "exception"]
    while pending:
        current = pending.pop(0)
        if current.index not in seen:
            seen.add(current.index)
            yield from current.steps
            pending.extend(edge.target for edge in current.out if edge.kind != "exception")


def _sets(call: ir.Call) -> str:
    """`event.set()`: how most stops are asked for."""
    if isinstance(call.func, ir.Attribute) and call.func.name == "set" and not (call.args or call.keywords):
        return f"sets {ir.dotted_name(call.func.value) or 'an event'}"
    return ""


def _is_awaited(graph: Graph, call: ir.Call) -> bool:
    awaits = (step.node for step in graph.steps() if step.kind == "await")
    return any(isinstance(node, ir.Await) and node.value is call for node in awaits)


def _raised(graph: Graph, step: Step) -> tuple[tuple[str, ...], int | None]:
    """What the step throws, and the line where that goes on inside the function."""
    edges = [edge for block in graph.blocks for edge in block.out if edge.kind == "exception" and edge.step is step]
    names = sorted({thrown.name for edge in edges for thrown in edge.thrown})
    inner = [edge.target for edge in edges if edge.target is not graph.raised and edge.target.steps]
    return tuple(names), (inner[0].steps[0].node.at[0] if inner else None)


def _flags(runs: Runs) -> Iterator[StopStep]:
    """Fields that are set to a constant, as stop flags are."""
    params = runs.function.node.params
    for node in find(ir.Assign, runs.function.statements):
        for target in node.targets:
            name = ir.dotted_name(target) or ""
            if params and name.startswith(f"{params[0].name}.") and isinstance(node.value, ir.Constant):
                yield StopStep(node.at[0], f"sets {name} to {node.value.value}")


def _callee(call: ir.Call) -> str:
    return ir.dotted_name(call.func) or (f"….{call.func.name}" if isinstance(call.func, ir.Attribute) else "a value")


def _written(place: tuple[str, ...]) -> str:
    return f"each of {'.'.join(place[:-1])}" if place[-1] == "*" else ".".join(place)
