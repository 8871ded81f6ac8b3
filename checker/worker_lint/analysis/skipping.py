"""
Releases that an error leaves out: something raises, and what was to be released after it never is.

Two shapes: a sequence of steps, followed along the paths of the control-flow graph; and a loop over
children, where one that fails keeps the others from their turn.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Final

from worker_lint.analysis.calls import NOBODY, is_abstract
from worker_lint.analysis.entity import Class, Function
from worker_lint.analysis.flow import (
    Block,
    Edge,
    Effect,
    Effects,
    Graph,
    Inside,
    Path,
    Place,
    Step,
    Summary,
    ThrownSet,
    find,
    find_path,
)
from worker_lint.analysis.guard import within
from worker_lint.analysis.joining import is_mere_wait
from worker_lint.analysis.looping import loops_around, roots, targets
from worker_lint.analysis.process_ids import asks_whether_gone, is_mere_signal
from worker_lint.analysis.refusing import MISTAKES, is_mistake
from worker_lint.analysis.resources.duty import Duty, owns_socket
from worker_lint.analysis.routines import RELEASE, REQUEST, USER_CODE
from worker_lint.analysis.routines.threaded import run_in_thread
from worker_lint.analysis.single_item import holds_one
from worker_lint.analysis.skipped_paths import LeftLoop, Skipped
from worker_lint.analysis.springs import Spring, springs
from worker_lint.analysis.stopping import is_child_stop, is_stop_name
from worker_lint.analysis.usual import leading_to, usual_after
from worker_lint.analysis.visit import encloses, unawaited
from worker_lint.source import ir

if TYPE_CHECKING:
    from worker_lint.analysis.project import Project

_NO_DUTY: Final = frozenset({"lock", "event", "queue"})
KILLS: Final = frozenset({"os.kill", "os.killpg"})
_VAGUE: Final = frozenset({USER_CODE, "Exception", "BaseException"})
PLACES_LIMIT: Final = 12
"""Resources of one function that are followed; a function with more is not looked at."""


@dataclass(frozen=True, slots=True)
class Skip:
    """
    What is left out after an error.

    Attributes:
        cause: The call that raises.
        thrown: What it throws.
        places: The resources that are then not released, with where they would have been.
        is_loop: They are the other items of the collection that a loop goes over.
        step: The step of the function that raises.
    """

    cause: ir.Node
    thrown: ThrownSet
    places: tuple[tuple[Place, ir.At], ...]
    is_loop: bool = False
    step: Step | None = None


class Skipping:
    """The releases of one function, on objects of class `me`."""

    def __init__(self, project: Project, function: Function, me: Class | None) -> None:
        self.project = project
        self.function = function
        self.me = me
        self.inside: Inside = project.routines.inside(function, me)
        self.graph: Graph | None = project.routines.graph(function, me)
        self._released: dict[Step, frozenset[Place]] = {}
        self._duties: dict[Place, Duty | None] = {}
        self._later: dict[Step, dict[Place, ir.At]] = {}
        self._undecided: dict[Place, frozenset[int]] = {}
        self._springs: dict[tuple[Step, frozenset[str]], tuple[Spring, ...]] = {}

    def skips(self) -> Iterator[Skip]:
        """What errors leave out, in source order of what raises; one entry for each cause."""
        if self.graph is None:
            return
        found: dict[ir.At, Skip] = {}
        for skip in (*self._in_loops(self.graph), *self._in_sequence(self.graph)):
            known = found.get(skip.cause.at)
            if known is None:
                found[skip.cause.at] = skip
            elif not known.is_loop:
                places = (*known.places, *skip.places)
                found[skip.cause.at] = replace(known, places=places)
        yield from (found[at] for at in sorted(found))

    # --- what is released ---

    def released(self, step: Step) -> frozenset[Place]:
        """The resources of the object, and those that the function made, that a step may release."""
        known = self._released.get(step)
        if known is None:
            effects = self.inside.possible(step)
            places = {effect.place for effect in effects if effect.verb in (RELEASE, REQUEST)}
            if step.kind == "next" and isinstance(step.node, ir.For):
                places |= self._all_released(step.node)
            self._released[step] = known = frozenset(place for place in places if self._is_done(step, place, effects))
        return known

    def _is_done(self, step: Step, place: Place, effects: Effects) -> bool:
        """Whether this gets rid of a resource: of a socket only a close does, of a thread no mere wait for a time."""
        duty = self.duty(place)
        if duty is None or (duty.role == "thread" and is_mere_wait(self.function, unawaited(step.node), bounded=True)):
            return False
        return duty.role != "socket" or Effect(RELEASE, place) in effects

    def _all_released(self, loop: ir.For) -> set[Place]:
        """The collections all of whose items a loop releases: when there are none, that is done, too."""
        over = self._places(loop.iter)
        inner = [step for step in self.graph.steps() if encloses(loop.at, step.node.at)] if self.graph else []
        effects = [effect for step in inner if step.kind == "call" for effect in self.inside.possible(step)]
        return {effect.place for effect in effects if effect.verb in (RELEASE, REQUEST)} & over

    def _places(self, expr: ir.Expr) -> set[Place]:
        """The places of an expression, with the first parameter's own name, and with their items."""
        params = self.function.node.params
        found = self.project.places.denotes(self.function, expr, self.me)
        if params and self.me is not None:
            found = frozenset((params[0].name, *place[1:]) if place[0] == "self" else place for place in found)
        return {*found, *((*place, "*") for place in found)}

    def tells_absent(self, edge: Edge, place: Place) -> bool:
        """Whether a test that came out in this way says that nothing is at the place."""
        if edge.step is None or edge.kind not in ("true", "false"):
            return False
        match edge.step.node:
            case ir.Compare(left=left, ops=(op,), operands=(ir.Constant(kind="none"),)) if op in ("is", "is not"):
                return (op == "is") == (edge.kind == "true") and place in self._places(left)
            case ir.Name() | ir.Attribute() as tested:
                return edge.kind == "false" and place in self._places(tested)
            case _:
                return False

    def duty(self, place: Place) -> Duty | None:
        """The duty of what a place holds; None for locks and for locals that only stand for something else."""
        if place not in self._duties:
            self._duties[place] = self._duty(place)
        return self._duties[place]

    def _duty(self, place: Place) -> Duty | None:
        params = self.function.node.params
        resources, values = self.project.resources, self.project.values
        duty = None
        if len(place) == 2 and params and place[0] == params[0].name and self.me is not None:
            duty = resources.duty(values.field(self.me, place[1]))
        elif len(place) == 1:
            duty = next((one.duty for one in resources.local(self.function, self.me) if one.place == place), None)
        return None if duty is None or duty.role in _NO_DUTY else duty

    # --- sequences ---

    def _in_sequence(self, graph: Graph) -> Iterator[Skip]:
        watched = sorted({place for step in graph.steps() for place in self.released(step)})
        if len(watched) > PLACES_LIMIT:
            return
        for place in watched:
            path = find_path(
                graph, Skipped(self, place), lambda block, state: _ends(graph, block) and state == "skipping"
            )
            if not isinstance(path, Path):
                continue
            cause, edge = next((e.step, e) for e in path.raising if e.is_interrupted and self.leaves_out(e, place))
            site = self._follows(cause, place) if cause is not None else None
            if cause is not None and site is not None:
                yield Skip(unawaited(cause.node), edge.thrown, ((place, site),), step=cause)

    def is_cause(self, step: Step) -> bool:
        """Whether the step ends something, or runs what somebody else supplied, so that its failure is expected."""
        call = unawaited(step.node)
        if step.kind == "exit":
            return isinstance(call, ir.WithItem)  # of an exit stack: no other context is known to raise
        if not isinstance(call, ir.Call) or step.kind not in ("call", "await"):
            return False
        return bool(self.released(step)) or is_stop_name(self.function.name)

    def is_cause_on(self, edge: Edge) -> bool:
        """
        Whether the error on this edge is one to expect of a teardown. What user code raises, and what
        has no class that is known, counts where it is raised, not in those that call the caller.
        """
        return edge.step is not None and self.is_cause(edge.step) and self.is_failure(edge)

    def is_failure(self, edge: Edge) -> bool:
        """Whether the error on an edge is a failure to prepare for; of user code only in a teardown."""
        names = frozenset(name for name in failures(edge) if not name.endswith("CancelledError"))  # that is on purpose
        if edge.step is None:
            return bool(names - _VAGUE)
        if _is_kill(edge.step) and asks_whether_gone(self.function, unawaited(edge.step.node)):
            return False
        if self.inside.running(edge.step) is not None:
            return any(not is_mistake(spring) for spring in self.springs(edge.step, names - _VAGUE))
        if names == {USER_CODE}:
            return is_stop_name(self.function.name) and self._may_fail(unawaited(edge.step.node))
        return bool(names)

    def springs(self, step: Step, names: frozenset[str]) -> tuple[Spring, ...]:
        """Where the errors of these classes that leave a step come up."""
        key = (step, names)
        if key not in self._springs:
            found = springs(self.function, self.me, step, names) if names else ()
            self._springs[key] = found or ((Spring(self.function, self.me, step, names, ()),) if names else ())
        return self._springs[key]

    def _may_fail(self, call: ir.Node) -> bool:
        """Whether user code may fail: where all that can run is known, one of these must throw something."""
        callee = NOBODY
        if isinstance(call, ir.Call):
            func = run_in_thread(self.project, self.function, call, self.me) or call.func
            callee = self.project.calls.handed(self.function, func, self.me)
        real = [runs for runs in callee.runs if not is_abstract(runs.function)]
        if not real:
            return True
        summaries = [self.project.routines.summary(*runs) for runs in real]
        return any(
            one.name not in _VAGUE and one.name.rpartition(".")[2] not in MISTAKES
            for summary in summaries
            if isinstance(summary, Summary)
            for one in summary.thrown
        )

    def births(self, place: Place) -> frozenset[ir.At]:
        """Where a local is made; nothing for fields, which are there from the start."""
        if len(place) != 1:
            return frozenset()
        held = (one for one in self.project.resources.local(self.function, self.me) if one.place == place)
        return frozenset(site.at for one in held for site in one.created)

    def _is_its_own(self, cause: Step, place: Place) -> bool:
        """Whether what raises is a step of ending the very thing: a stop before the join of the same thread."""
        call = unawaited(cause.node)
        if not isinstance(call, ir.Call) or not isinstance(call.func, ir.Attribute):
            return False
        duty = self.duty(place)
        if duty is not None and duty.role == "socket":
            if call.func.name == "shutdown":
                return False  # a peer that has gone makes it raise, and the descriptor is still there
            if owns_socket(self.project, self.project.values.of(self.function, call.func.value, self.me)):
                return True
        denoted = self.project.places.denotes(self.function, call.func.value, self.me)
        return any(each[1:] == place[1:] and len(each) == len(place) for each in denoted)

    def _follows(self, first: Step, place: Place) -> ir.At | None:
        """Where the place is released when the step does complete; None when it is not."""
        if first not in self._later:
            self._later[first] = dict(self._released_after(first))
        return self._later[first].get(place)

    def _released_after(self, first: Step) -> Iterator[tuple[Place, ir.At]]:
        """What is released somewhere after the step has completed and nothing else failed, what comes first last."""
        for step in reversed(self.steps_after(first)):
            yield from ((place, step.node.at) for place in self.released(step))

    def steps_after(self, first: Step) -> list[Step]:
        """The steps that may follow when a step has completed and nothing else fails, the nearest first."""
        start = self._block_of[first]
        seen = usual_after(edge.target for edge in start.out if not edge.is_interrupted)
        rest = start.steps[start.steps.index(first) + 1 :]
        return [
            step for step in (*rest, *(step for block in seen.values() for step in block.steps)) if step is not first
        ]

    def is_undecided(self, block: Block, place: Place) -> bool:
        """Whether the way without an error leads here, too, and may still release the place: then no error keeps it."""
        if place not in self._undecided:
            holds = [one for one in self._usual.values() if any(place in self.released(step) for step in one.steps)]
            self._undecided[place] = leading_to(holds, self._usual)
        return block.index in self._undecided[place]

    @cached_property
    def _usual(self) -> dict[int, Block]:
        return usual_after([self.graph.entry]) if self.graph is not None else {}

    @cached_property
    def _block_of(self) -> dict[Step, Block]:
        blocks = self.graph.blocks if self.graph is not None else ()
        return {step: block for block in blocks for step in block.steps}

    def leaves_out(self, edge: Edge, place: Place) -> bool:
        """Whether the error on an edge may be why the place is not released: it is, where the step completes."""
        step = edge.step
        if step is None or not self.is_cause_on(edge) or self._is_its_own(step, place):
            return False
        return self._follows(step, place) is not None and not self._is_in_finally(step, place)

    def _is_in_finally(self, cause: Step, place: Place) -> bool:
        """
        Whether a `finally` that the error goes through releases the place, if only under a condition: then it is the
        condition that keeps it, on the way without an error, too.
        """
        return any(
            place in self.released(step)
            for tried in find(ir.Try, self.function.statements)
            if tried.final and encloses(tried.at, cause.node.at) and not within(tried.final, cause.node)
            for step in (self.graph.steps() if self.graph is not None else ())
            if within(tried.final, step.node)
        )

    # --- loops ---

    def _in_loops(self, graph: Graph) -> Iterator[Skip]:
        for step in graph.steps():
            call = unawaited(step.node)
            if step.kind not in ("call", "await") or not isinstance(call, ir.Call) or not self._ends_a_child(call):
                continue
            loop = self._loop_around(call)
            if loop is None or holds_one(self.function, loop.iter):
                continue
            watch = LeftLoop(self, step, loop)
            path = find_path(graph, watch, lambda block, state: block is graph.raised and state)
            if isinstance(path, Path):
                thrown = next((edge.thrown for edge in path.raising if edge.step is step), frozenset())
                yield Skip(call, thrown, (), is_loop=True, step=step)

    def _ends_a_child(self, call: ir.Call) -> bool:
        callee = self.project.calls.of(self.function, call, self.me)
        if callee.dotted in KILLS:
            return not is_mere_signal(call)
        return isinstance(call.func, ir.Attribute) and is_child_stop(call.func.name)

    def _loop_around(self, call: ir.Call) -> ir.For | ir.Generator | None:
        """The innermost loop over a collection, of whose items the call ends one."""
        subject = call.func.value if isinstance(call.func, ir.Attribute) else None
        callee = self.project.calls.of(self.function, call, self.me)
        ended = list(call.args[:1]) if callee.dotted in KILLS else [subject]
        names = {name for one in ended for name in roots(one)}
        found: ir.For | ir.Generator | None = None
        for loop in loops_around(self.function.statements, call.at):
            if names & set(targets(loop.target)):
                found = loop
        return found


def _is_kill(step: Step) -> bool:
    call = unawaited(step.node)
    return isinstance(call, ir.Call) and (ir.dotted_name(call.func) or "") in KILLS


def failures(edge: Edge) -> frozenset[str]:
    """
    What an edge throws that one has to prepare for, not the signs of a mistake in the code. Of a
    kill it is that the process has gone: that it may not be killed is no matter for its parent.
    """
    names = to_prepare_for(edge.thrown)
    return names & {"ProcessLookupError"} if edge.step is not None and _is_kill(edge.step) else names


def to_prepare_for(thrown: ThrownSet) -> frozenset[str]:
    """The classes that are no signs of a mistake in the code."""
    return frozenset(one.name for one in thrown if one.name.rpartition(".")[2] not in MISTAKES)


def _ends(graph: Graph, block: Block) -> bool:
    return block is graph.exit or block is graph.raised
