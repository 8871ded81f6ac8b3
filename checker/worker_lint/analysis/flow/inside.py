"""A routine from within: its graph with what its callees throw, and the effects of its steps."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Literal, TypeAlias

from worker_lint.analysis.flow.aliases import ANY_ITEM, Aliases
from worker_lint.analysis.flow.build import build
from worker_lint.analysis.flow.effects import READ, WRITE, Effect, Effects, bind_arguments, translated
from worker_lint.analysis.flow.exceptions import NEVER, Raises
from worker_lint.analysis.flow.graph import Edge, Graph, Step, Unknown
from worker_lint.analysis.flow.policy import DerivedPolicy, Policy
from worker_lint.analysis.flow.routine import Knowledge, Routine, Summary
from worker_lint.analysis.flow.visit import Place, find
from worker_lint.analysis.visit import children
from worker_lint.source import ir

Called: TypeAlias = tuple[Routine, Summary]
CalledAt: TypeAlias = Callable[[ir.Call], Called | None]

_NO_EFFECTS: Effects = frozenset()


class Inside:
    """
    One routine and what it calls. `called` gives the callee of a call with its summary, or None
    where none is known. `graph` knows what the callees throw.
    """

    def __init__(self, routine: Routine, knowledge: Knowledge, called: CalledAt) -> None:
        self.routine = routine
        self.knowledge = knowledge
        self.called = called
        body = routine.body or ()
        self.aliases = Aliases(routine.params, body)
        self.graph: Graph | Unknown = build(
            body, CallingPolicy(knowledge.policy(routine), self), budget=knowledge.steps_limit
        )

    def running(self, step: Step) -> Called | None:
        """The routine that runs to its end in this step: a call, or the await of an async call."""
        node = step.node
        if isinstance(node, ir.Await) and isinstance(node.value, ir.Call):
            found = self.called(node.value)
            return found if found is not None and found[0].is_async and not found[0].is_generator else None
        if isinstance(node, ir.Call) and step.kind == "call":
            found = self.called(node)
            return found if found is not None and not found[0].is_async and not found[0].is_generator else None
        return None

    def done(self, step: Step) -> Effects:
        """What is surely tried when the step completes."""
        return self._effects(step, lambda summary: summary.must)

    def done_when_raising(self, step: Step) -> Effects:
        """What is surely tried when the step raises."""
        return self._effects(step, lambda summary: summary.must_raising)

    def does_anything(self, graph: Graph) -> bool:
        """Whether a step has an effect for certain; in most functions none has, and no path need be followed."""
        return any(self._known(step) or self._runs_anything(step) for step in graph.steps())

    def _runs_anything(self, step: Step) -> bool:
        running = self.running(step)
        if running is None or not (running[1].must or running[1].must_raising):
            return False
        return bool(self.done(step) or self.done_when_raising(step))

    def possible(self, step: Step) -> Effects:
        """What may be tried in the step, also by a coroutine or generator that it only creates."""
        if isinstance(step.node, ir.Call):  # what runs in it is what is called there
            return self._known(step) | self.possible_in(step.node)
        return self._effects(step, lambda summary: summary.may)

    def tried(self, graph: Graph) -> Effects:
        """All that may be tried or accessed somewhere in the routine."""
        found: set[Effect] = set()
        reached: set[int] = set()
        for step in graph.steps():
            found |= self._known(step)
            node = step.node.value if isinstance(step.node, ir.Await) else step.node
            if isinstance(node, ir.Call) and (node is step.node or self.running(step) is not None):
                if id(node) not in reached:
                    reached.add(id(node))
                    found |= self.possible_in(node)
        body = self.routine.body or ()
        for call in find(ir.Call, body):
            if id(call) not in reached:
                found |= _accesses_among(self.possible_in(call))
        return frozenset(found).union(_accesses(body, self.aliases))

    def possible_in(self, call: ir.Call) -> Effects:
        """What the callee may do, as far as it is known; wherever the call stands."""
        called = self.called(call)
        return _NO_EFFECTS if called is None else self._translated(call, called[0], called[1].may)

    def accesses(self, nodes: Iterable[ir.Node] | None = None) -> Effects:
        """
        Reads and writes of places anywhere in the body (or in these nodes of it), in inner
        functions, and in the callees.
        """
        nodes = list((self.routine.body or ()) if nodes is None else nodes)
        called = (self.possible_in(call) for call in find(ir.Call, nodes))
        below = frozenset[Effect]().union(*map(_accesses_among, called))
        return below.union(_accesses(nodes, self.aliases))

    def visible(self, effects: Effects) -> Effects:
        """Those of the effects that a caller can see: on parameters and shared globals."""
        params = {param.name for param in self.routine.params}
        seen = params.union(set(self.knowledge.shared(self.routine)) - self.aliases.local)
        return frozenset(effect for effect in effects if effect.place[0] in seen)

    def _effects(self, step: Step, part: Callable[[Summary], Effects]) -> Effects:
        known = self._known(step)
        running = self.running(step)
        if running is None:
            return known
        call = step.node.value if isinstance(step.node, ir.Await) else step.node
        return known | self._translated(call, running[0], part(running[1]))

    def _known(self, step: Step) -> Effects:
        return frozenset(self.knowledge.effects(self.routine, step, self.aliases))

    def _translated(self, call: ir.Node, callee: Routine, effects: Effects) -> Effects:
        if not effects or not isinstance(call, ir.Call):
            return _NO_EFFECTS
        receiver = call.func.value if callee.is_bound and isinstance(call.func, ir.Attribute) else None
        bound = bind_arguments(callee.params, call, receiver=receiver, place=self.place)
        params = frozenset(param.name for param in callee.params)
        if callee.module != self.routine.module:  # its globals are not ours
            effects = frozenset(effect for effect in effects if effect.place[0] in params)
        return translated(effects, bound, params)

    def place(self, expression: ir.Node | None) -> Place | None:
        """The place an expression names; `super()` is the routine's first parameter."""
        if isinstance(expression, ir.Call) and ir.dotted_name(expression.func) == "super" and self.routine.params:
            return (self.routine.params[0].name,)
        return self.aliases.place(expression)


class CallingPolicy(DerivedPolicy):
    """Another policy, with what is thrown by the routines that are called."""

    def __init__(self, inner: Policy, inside: Inside) -> None:
        super().__init__(inner)
        self._inside = inside

    def raises(self, step: Step) -> Raises:
        """The callee's exceptions; an await may be cancelled besides, and making a coroutine does nothing yet."""
        running = self._inside.running(step)
        if running is None:
            created = isinstance(step.node, ir.Call) and step.kind == "call" and self._inside.called(step.node)
            return NEVER if created else self.inner.raises(step)
        summary = running[1]
        thrown = summary.thrown | self.inner.raises(step).thrown if step.kind == "await" else summary.thrown
        return Raises(thrown, always=not summary.returns)


class Surely:
    """The effects that are tried on every path from the entry: an analysis for `solve`."""

    direction: Literal["forward"] = "forward"

    def __init__(self, inside: Inside) -> None:
        self._inside = inside

    def start(self) -> Effects:
        """Nothing is done at the entry."""
        return _NO_EFFECTS

    def join(self, left: Effects, right: Effects) -> Effects:
        """What is done on both paths."""
        return left & right

    def step(self, step: Step, state: Effects) -> Effects:
        """Adds what the step does."""
        return state | self._inside.done(step)

    def interrupted(self, step: Step, state: Effects) -> Effects:
        """Adds what the step does before it raises."""
        return state | self._inside.done_when_raising(step)

    def along(self, edge: Edge, state: Effects) -> Effects:
        """Edges change nothing."""
        del edge
        return state


def _accesses_among(effects: Effects) -> Effects:
    return frozenset(effect for effect in effects if effect.verb in (READ, WRITE))


def _accesses(body: Iterable[ir.Node], aliases: Aliases) -> Iterator[Effect]:
    pending = list(body)
    while pending:
        node = pending.pop()
        for target in _targets(node):
            yield from _written(target, aliases)
        if isinstance(node, (ir.Name, ir.Attribute)):
            place = aliases.place(node)
            if place is not None:
                yield Effect(READ, place)
                continue
        if isinstance(node, ir.Call) and isinstance(node.func, ir.Attribute):
            pending.append(node.func.value)  # the method itself is no field
            pending.extend((*node.args, *node.keywords))
            continue
        pending.extend(children(node))


def _targets(node: ir.Node) -> tuple[ir.Expr, ...]:
    if isinstance(node, (ir.Assign, ir.Delete)):
        return node.targets
    if isinstance(node, (ir.AugAssign, ir.For, ir.Generator)):
        return (node.target,)
    if isinstance(node, ir.WithItem) and node.target is not None:
        return (node.target,)
    return ()


def _written(target: ir.Expr, aliases: Aliases) -> Iterator[Effect]:
    if isinstance(target, ir.Collection):
        for item in target.items:
            yield from _written(item, aliases)
    elif isinstance(target, ir.Starred):
        yield from _written(target.value, aliases)
    else:
        inner = target.value if isinstance(target, ir.Subscript) else target
        place = aliases.place(inner)
        if place is not None:
            yield Effect(WRITE, (*place, ANY_ITEM) if isinstance(target, ir.Subscript) else place)
