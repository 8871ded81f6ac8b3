"""
What has become of a delivery along a path: not yet there, open, settled, lost.

A path ends where the tool cannot know any more: the delivery is handed to code outside the project, kept in a
field, captured by an inner function. Helpers of the project are looked into.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, NamedTuple, TypeAlias

from worker_lint.analysis.deliveries.condition import Condition, condition_of, tells_absence
from worker_lint.analysis.deliveries.delivery import Delivery, Held
from worker_lint.analysis.deliveries.expecting import called_in
from worker_lint.analysis.deliveries.handing import received_by
from worker_lint.analysis.deliveries.settlement import flag_of, own_method, settlement_of, settling_context
from worker_lint.analysis.entity import External
from worker_lint.analysis.flow import Block, Edge, Step, Watch, find, find_path, walk
from worker_lint.analysis.tiers.handling import is_logging
from worker_lint.analysis.tiers.names import bound_names
from worker_lint.analysis.visit import given_to
from worker_lint.source import ir

if TYPE_CHECKING:
    from worker_lint.analysis.models import ModelFunction

Status: TypeAlias = Literal["none", "open", "managed", "settled", "lost", "twice"]
"""`managed`: a context settles it on leaving; `lost`: the next one took its place; `twice`: settled again."""

TAKEN: Final = None
"""The end of a path on which the delivery may be settled by somebody else."""
DEPTH: Final = 4
"""Helpers that may lead to one another before the answer is unknown."""
_CONDITIONS: Final = 6
_HARMLESS: Final = frozenset(
    f"builtins.{name}" for name in ("print", "repr", "str", "len", "type", "isinstance", "hasattr", "id", "bool")
)


class State(NamedTuple):
    """
    Where a path stands. `by` are the settlements, a helper's call included; `conditions` what the path has
    decided since the delivery came.
    """

    status: Status
    by: tuple[ir.At, ...] = ()
    verb: str = ""
    conditions: frozenset[Condition] = frozenset()


Ended: TypeAlias = frozenset[tuple[bool, str]]
"""How a helper may end: whether it returned, and the status; "" is unknown."""

_UNKNOWN: Final[Ended] = frozenset({(True, ""), (False, "")})


class Typestate(Watch[State]):
    """
    The automaton of one delivery, for `find_path`. Paths end at the statuses in `until`.

    `out_of_sight` tells afterwards whether some path ended because the delivery could not be followed any further.
    `reached(step, state)` may be overridden to see each step that completes, with the state before it.
    """

    def __init__(self, held: Held, until: frozenset[str] = frozenset(), depth: int = 0) -> None:
        begins = held.begins if isinstance(held, Delivery) else None
        super().__init__(State("none" if begins is not None else "open"))
        self.held = held
        self.until = until
        self.out_of_sight = False
        self._begins = begins
        self._depth = depth
        self._project = held.function.project
        self._awaited = {
            node.value.at for node in find(ir.Await, held.function.statements) if isinstance(node.value, ir.Call)
        }
        self._loops = {part.at for node in find(ir.While, held.function.statements) for part in walk(node.test)}
        self._contexts: dict[ir.At, ModelFunction | None] = {}
        self._known: dict[ir.At, Ended | None] = {}

    # --- what `find_path` asks ---

    def step(self, step: Step, state: State) -> State | None:
        """The state after a step that completes."""
        seen = self.reached(step, state)
        after = None if seen is None else self._after(step, seen)
        self.out_of_sight = self.out_of_sight or (after is None and seen is not None)
        return None if after is None or after.status in self.until else after

    def interrupted(self, step: Step, state: State) -> State | None:
        """A settlement that raises has not settled; a helper may have done so before it raised."""
        call = called_in(step, self._awaited)
        if call is None or state.status not in ("open", "settled"):
            return state if step.kind in ("call", "await", "exit") else self.step(step, state)
        if settlement_of(self.held, call) is not None:
            # Who asks for paths without any settlement wants none on which it was tried: the channel is gone then.
            return None if "settled" in self.until else state
        ends = self._helper(call)
        if ends is not None and any(not returned and status != "open" for returned, status in ends):
            return None
        return state

    def along(self, edge: Edge, state: State) -> State | None:
        """What the answer of a condition tells; None where the path would contradict itself."""
        step = edge.step
        if step is None or step.kind != "test" or edge.kind not in ("true", "false") or state.status == "none":
            return state
        holds = edge.kind == "true"
        if self._asks_status(step.node):
            self.out_of_sight = True
            return None
        names = self.held.names | (self.held.payload if isinstance(self.held, Delivery) else frozenset())
        if self._begins is not None and tells_absence(step.node, names, holds=holds):
            return State("none")
        if step.node.at in self._loops:
            return state
        asked = condition_of(self.held.function, step.node, holds=holds)
        known = next((one for one in state.conditions if one.text == asked.text), None)
        if known is not None:
            return state if known.holds == asked.holds else None
        if len(state.conditions) >= _CONDITIONS:
            return state
        return state._replace(conditions=state.conditions | {asked})

    def reached(self, step: Step, state: State) -> State | None:
        """For rules that look at what happens in a state; None ends the path."""
        del step
        return state

    # --- steps ---

    def _after(self, step: Step, state: State) -> State | None:
        node = step.node
        if step.kind == "bind":
            return self._bound(node, state)
        if state.status == "none":
            return state
        match step.kind:
            case "call" | "await":
                call = called_in(step, self._awaited)
                return state if call is None else self._call(call, state)
            case "return":
                return TAKEN if isinstance(node, ir.Return) and self.held.hands_it_on(node.value) else state
            case "yield":
                return TAKEN if isinstance(node, ir.Yield) and self.held.hands_it_on(node.value) else state
            case "enter" | "exit" if isinstance(node, ir.WithItem):
                return self._context(step.kind, node, state)
            case _:
                return state

    def _bound(self, node: ir.Node, state: State) -> State | None:
        if node is self._begins:
            return State("lost" if state.status == "open" else "open", (node.at,) if state.status == "open" else ())
        if state.status == "none":
            return state
        if isinstance(node, (ir.Assign, ir.AugAssign)) and self.held.hands_it_on(node.value):
            targets = node.targets if isinstance(node, ir.Assign) else (node.target,)
            known = self.held.names | self.held.tags
            if not all(isinstance(target, ir.Name) and target.id in known for target in targets):
                return TAKEN
        if isinstance(node, ir.Assign) and any(map(self._keyed, node.targets)):
            return TAKEN
        if isinstance(node, ir.FunctionDef) and self._captures(node):
            return TAKEN
        names = bound_names(node)
        if names and state.conditions:
            kept = frozenset(one for one in state.conditions if one.names.isdisjoint(names))
            return state._replace(conditions=kept)
        return state

    def _keyed(self, target: ir.Expr) -> bool:
        """Whether something is kept under the delivery or its tag: `self.open[method.delivery_tag] = body`."""
        return isinstance(target, ir.Subscript) and self.held.hands_it_on(target.index)

    def _captures(self, node: ir.FunctionDef) -> bool:
        known = self.held.names | self.held.tags
        inner = self._project.function_of(self.held.function, node)
        return any(name.id in known for name in find(ir.Name, inner.statements, inner=True))

    def _call(self, call: ir.Call, state: State) -> State | None:
        settlement = settlement_of(self.held, call)
        if settlement is not None:
            if settlement.is_async and call.at not in self._awaited:
                return TAKEN
            return self._settled(state, call.at, settlement.verb)
        ends = self._helper(call)
        if ends is not None:
            statuses = {status for returned, status in ends if returned}
            if statuses == {"settled"}:
                return self._settled(state, call.at, "")
            return state if statuses <= {"open"} else TAKEN
        arguments = given_to(call)
        if any(map(self.held.hands_it_on, arguments)) and not self._is_harmless(call):
            return TAKEN
        if isinstance(call.func, ir.Attribute) and self.held.is_whole(call.func.value) and not self.held.facts.by_tag:
            return state if own_method(self.held, call.func.name) is not None else TAKEN
        return state

    def _settled(self, state: State, at: ir.At, verb: str) -> State:
        if state.status == "open" or (state.status == "managed" and state.verb == "tolerant"):
            return state._replace(status="settled", by=(at,), verb=verb)
        return state._replace(status="twice", by=(*state.by, at), verb=verb)

    def _is_harmless(self, call: ir.Call) -> bool:
        if is_logging(call):
            return True
        targets = self._project.names.expr(self.held.function, call.func)
        return bool(targets) and all(isinstance(one, External) and one.dotted in _HARMLESS for one in targets)

    def _asks_status(self, test: ir.Node) -> bool:
        told_by = self.held.facts.told_by
        return any(isinstance(node, ir.Attribute) and node.name in told_by for node in walk(test))

    # --- contexts ---

    def _context(self, kind: str, item: ir.WithItem, state: State) -> State | None:
        model = self._managing(item)
        if model is None:
            call = item.context
            arguments = given_to(call) if isinstance(call, ir.Call) else ()
            return TAKEN if any(map(self.held.hands_it_on, arguments)) else state
        made = item.context
        is_strict = isinstance(made, ir.Call) and not flag_of(made, model, model.facts.tolerates, default=False)
        if kind == "enter" and state.status == "open":
            return state._replace(status="managed", by=(made.at,), verb="strict" if is_strict else "tolerant")
        if kind == "exit" and state.status == "managed":
            return state._replace(status="settled", verb="ack")
        if kind == "exit" and state.status == "settled" and is_strict:
            return state._replace(status="twice", by=(*state.by, made.at))
        return state

    def _managing(self, item: ir.WithItem) -> ModelFunction | None:
        """The method that makes a context which settles the delivery."""
        if item.context.at not in self._contexts:
            self._contexts[item.context.at] = settling_context(self.held, item)
        return self._contexts[item.context.at]

    # --- helpers ---

    def _helper(self, call: ir.Call) -> Ended | None:
        """How a function of the project that is given the delivery ends; None when none is."""
        if call.at not in self._known:
            self._known[call.at] = self._ask(call)
        return self._known[call.at]

    def _ask(self, call: ir.Call) -> Ended | None:
        given = [one for one in given_to(call) if self.held.hands_it_on(one)]
        if not given:
            return None
        callee = self._project.calls.of(self.held.function, call, self.held.me)
        if not callee.runs or callee.creates is not None:
            return None
        if not callee.is_single or self._depth >= DEPTH:
            return _UNKNOWN
        node = callee.runs[0].function.node
        if node.is_generator or (node.is_async and call.at not in self._awaited):
            return _UNKNOWN
        inner = received_by(self.held, call, callee.runs[0], is_bound=callee.is_bound)
        return _UNKNOWN if inner is None else _ends(inner, self._depth + 1)


def _ends(held: Held, depth: int) -> Ended:
    """The ways in which a helper ends."""
    graph = held.function.project.routines.graph(held.function, held.me)
    if graph is None:
        return _UNKNOWN
    found: set[tuple[bool, str]] = set()

    def note(block: Block, state: State) -> bool:
        if block is graph.exit or block is graph.raised:
            found.add((block is graph.exit, state.status))
        return False

    watch = Typestate(held, depth=depth)
    find_path(graph, watch, note)
    return frozenset(found | {(True, "")} if watch.out_of_sight else found)
