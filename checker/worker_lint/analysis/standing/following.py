"""The paths of one method, with what is known of the fields along them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple, Protocol, cast

from worker_lint.analysis.entity import Function
from worker_lint.analysis.flow import WRITE, Edge, Inside, Place, Step, Watch, place_of, walk
from worker_lint.analysis.standing.truth import State, Truth, put, value_at
from worker_lint.analysis.visit import given_to
from worker_lint.source import ir


class Misstep(NamedTuple):
    """
    A call that fails by what the object is like then.

    Attributes:
        function: The block that does it: the method asked about, or one that it calls.
        node: The call, or the await.
        place: The field, as `("self", name)`.
        value: `none`: a method of None is called; `missing`: the field does not exist;
            `ended`: what has ended is ended again; `handed`: None is handed to what ends something.
        via: The calls that led there, the outermost first.
    """

    function: Function
    node: ir.Node
    place: Place
    value: str
    via: tuple[ir.Call, ...] = ()


def is_stated(misstep: Misstep) -> bool:
    """Whether it is an assertion with which the method itself begins: a stated condition, and nothing is half done."""
    statements = misstep.function.statements
    first = next((one for one in statements if not isinstance(getattr(one, "value", None), ir.Constant)), None)
    return isinstance(misstep.node, ir.Assert) and misstep.node is first and not misstep.via


class Callees(Protocol):
    """What a method is asked about those that it calls."""

    def of(self, function: Function, call: ir.Call) -> Function | None:
        """The method of the same object that a call runs, if it is certain."""

    def after(self, function: Function, state: State) -> State:
        """The state when that method has returned."""

    def missteps(self, function: Function, state: State) -> tuple[Misstep, ...]:
        """What goes wrong in it."""

    def second_call_raises(self, function: Function, call: ir.Call) -> bool:
        """Whether the call ends its receiver in a way that cannot be done twice."""

    def is_stop(self, function: Function, call: ir.Call) -> bool:
        """Whether a call ends what its arguments name."""


_GROWING: Final = frozenset({"empty", "some"})


class Following(Watch[State]):
    """
    Follows a method from a state. `strict`: a test that asks for more of the object than is known ends the path,
    since it may be the guard; otherwise both ways are gone. Without `believing` a test that finds a field to be
    None tells nothing: it may only be a careful one. `missteps` gathers what goes wrong.
    """

    def __init__(
        self, function: Function, inside: Inside, truth: Truth, callees: Callees, start: State, *, strict: bool
    ) -> None:
        super().__init__(start)
        self.function = function
        self.inside = inside
        self.truth = truth
        self.callees = callees
        self.strict = strict
        self.believing = True
        self.missteps: dict[Misstep, None] = {}

    # --- steps ---

    def step(self, step: Step, state: State) -> State | None:
        """The state after a step; None when it fails for certain."""
        node = step.node
        if step.kind == "call" and isinstance(node, ir.Call):
            return self._called(node, step, state)
        if step.kind == "await" and isinstance(node, ir.Await):
            return self._awaited(node, step, state)
        if step.kind == "bind":
            return self._bound(node, state)
        if isinstance(node, ir.Assert) and self.truth.test(node.test, state) is False:
            self._denied(node, state)
        return state

    def _denied(self, node: ir.Assert, state: State) -> None:
        """An assertion that does not hold: the first field in it that is not there."""
        for part in walk(node.test):
            place = self.truth.place(part) if isinstance(part, ir.Attribute) else None
            value = value_at(place, state) if place is not None else None
            if place is not None and value in ("none", "missing"):
                self._misstep(node, place, value)
                return

    def interrupted(self, step: Step, state: State) -> State | None:
        """What a call that raises may have written is unknown."""
        return self._written(step, state) if step.kind in ("call", "await") else state

    def along(self, edge: Edge, state: State) -> State | None:
        """The ways out of a test that the state allows."""
        if edge.kind not in ("true", "false") or edge.step is None or edge.step.kind != "test":
            return state
        test = cast("ir.Expr", edge.step.node)
        came_out = edge.kind == "true"
        found = self.truth.test(test, state)
        if found is not None:
            return state if found is came_out else None
        if self.strict and self.truth.depends(test):
            return None
        refined = self.truth.refined(test, state, came_out=came_out)
        if self.believing:
            return refined
        return frozenset(one for one in refined if one[1] != "none" or one in state)

    # --- calls ---

    def _called(self, call: ir.Call, step: Step, state: State) -> State | None:
        if self._fails(call, state):
            return None
        callee = self.callees.of(self.function, call)
        if callee is not None and not callee.node.is_async and not callee.node.is_generator:
            return self._run(callee, call, state)
        if callee is not None:
            return state  # nothing runs before it is awaited
        state = self._grown(call, self._written(step, state))
        if self.callees.second_call_raises(self.function, call) and isinstance(call.func, ir.Attribute):
            return put(state, self.truth.place(call.func.value), "ended")
        return state

    def _awaited(self, node: ir.Await, step: Step, state: State) -> State | None:
        place = self.truth.place(node.value)
        if place is not None and place[0] == "self" and value_at(place, state) == "none":
            self._misstep(node, place, "none")
            return None
        callee = self.callees.of(self.function, node.value) if isinstance(node.value, ir.Call) else None
        if callee is not None and isinstance(node.value, ir.Call) and callee.node.is_async:
            return self._run(callee, node.value, state)
        return self._written(step, state)

    def _run(self, callee: Function, call: ir.Call, state: State) -> State | None:
        found = self.callees.missteps(callee, _of_object(state)) if self.strict else ()  # else nobody asks for them
        for one in found:
            self.missteps[one._replace(via=(call, *one.via))] = None
        after = self.callees.after(callee, _of_object(state))
        return after | frozenset(one for one in state if one[0][0] != "self")

    def _fails(self, call: ir.Call, state: State) -> bool:
        """Whether the call is made on None, on a missing field, on what has ended, or hands None to an end."""
        if isinstance(call.func, ir.Attribute):
            place = self.truth.place(call.func.value)
            for length in range(2, len(place or ()) + 1):
                prefix = (place or ())[:length]
                value = value_at(prefix, state)
                if value in ("none", "missing"):
                    self._misstep(call, prefix, value)
                    return True
                if value == "ended" and prefix == place and self.callees.second_call_raises(self.function, call):
                    self._misstep(call, prefix, "ended")
                    return True
        if self.callees.is_stop(self.function, call):
            for argument in call.args[:1]:  # what it ends; the others only tell more of it
                place = self.truth.place(argument)
                if place is not None and len(place) == 2 and value_at(place, state) == "none":
                    self._misstep(call, place, "handed")
                    return True
        return False

    def _misstep(self, node: ir.Node, place: Place, value: str) -> None:
        if place[0] == "self":
            self.missteps[Misstep(self.function, node, place, value)] = None

    # --- what changes ---

    def _written(self, step: Step, state: State) -> State:
        """The state without what the callees may write, and without anything where the object goes somewhere else."""
        call = step.node.value if isinstance(step.node, ir.Await) else step.node
        if isinstance(call, ir.Call) and self._hands_on(call):
            return frozenset(one for one in state if one[0][0] != "self")
        for effect in self.inside.possible(step):
            if effect.verb == WRITE and len(effect.place) > 1 and effect.place[0] == self.truth.subject:
                state = put(state, ("self", *effect.place[1:]), None)
        return state

    def _hands_on(self, call: ir.Call) -> bool:
        """
        Whether the object itself is handed to, or a method of it run by, code that is not known. Objects that
        are made for it only keep it.
        """
        if self._makes(call) or self.inside.called(call) is not None:
            return False
        arguments = given_to(call)
        if any(isinstance(one, ir.Name) and one.id == self.truth.subject for one in arguments):
            return not (isinstance(call.func, ir.Name) and call.func.id in ("hasattr", "getattr", "isinstance", "id"))
        func = call.func
        return isinstance(func, ir.Attribute) and place_of(func.value) == (self.truth.subject,)

    def _grown(self, call: ir.Call, state: State) -> State:
        """A collection that a call is made on, or that is handed on, may have other items then."""
        exprs: list[ir.Expr] = [*call.args]
        if isinstance(call.func, ir.Attribute):
            exprs.append(call.func.value)
        for expr in exprs:
            place = self.truth.place(expr)
            if place is not None and value_at(place, state) in _GROWING:
                state = put(state, place, None)
        return state

    def _bound(self, node: ir.Node, state: State) -> State:
        before = state
        for target, value in _pairs(node):
            found = None if value is None else self.truth.value(value, before)
            if isinstance(value, ir.Call):
                found = "some" if self._makes(value) else None
            if found == "missing":
                found = None
            state = put(state, self.truth.place(target), found)
        if isinstance(node, ir.Delete):
            for target in node.targets:
                if isinstance(target, ir.Attribute):
                    state = put(state, self.truth.place(target), "missing")
        return state

    def _makes(self, call: ir.Call) -> bool:
        project = self.function.project
        return project.calls.of(self.function, call).creates is not None


def _of_object(state: State) -> State:
    return frozenset(one for one in state if one[0][0] == "self")


def _pairs(node: ir.Node) -> Iterator[tuple[ir.Expr, ir.Expr | None]]:
    """What a statement binds, each with its value where that is one expression."""
    match node:
        case ir.Assign(targets=targets, value=value) if value is not None:
            for target in targets:
                yield from _parts(target, value)
        case ir.AugAssign(target=target) | ir.For(target=target) | ir.Generator(target=target):
            yield from _parts(target, None)
        case ir.WithItem(target=ir.Node() as target):
            yield from _parts(target, None)
        case ir.Walrus():
            yield ir.Name(node.at, node.target), node.value
        case _:
            pass


def _parts(target: ir.Expr, value: ir.Expr | None) -> Iterator[tuple[ir.Expr, ir.Expr | None]]:
    if isinstance(target, ir.Collection):
        values: tuple[ir.Expr | None, ...] = (None,) * len(target.items)
        if isinstance(value, ir.Collection) and len(value.items) == len(target.items):
            values = value.items
        for item, part in zip(target.items, values, strict=True):
            yield from _parts(item, part)
    elif isinstance(target, ir.Starred):
        yield target.value, None
    elif not isinstance(target, ir.Subscript):
        yield target, value
    else:
        yield target.value, None
