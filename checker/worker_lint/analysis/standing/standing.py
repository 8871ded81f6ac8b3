"""One class's objects at moments of their life."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING, Final

from worker_lint.analysis.entity import Class, Function, Scope
from worker_lint.analysis.flow import Place, find_path
from worker_lint.analysis.guard import catches
from worker_lint.analysis.member import Member
from worker_lint.analysis.nesting import Placed, own_expressions, placed_statements
from worker_lint.analysis.spoken import Spoken
from worker_lint.analysis.standing.following import Following, Misstep
from worker_lint.analysis.standing.truth import NOTHING, State, Truth, Value
from worker_lint.analysis.stopping import is_stop_name
from worker_lint.source import ir

if TYPE_CHECKING:
    from worker_lint.analysis.project import Project

DEPTH: Final = 4
"""Methods that may call one another before the object's state counts as unknown."""

BUDGET: Final = 4_000
"""Pairs of block and state that one method may take."""

_HARMLESS: Final = frozenset({"shield", "coroutine", "override", "final", "debuglog"})
"""Decorators that let every call through; any other may be what keeps a second one out."""

CLOSED_NAMES: Final = frozenset({"closed", "is_closed", "stopped", "is_stopped"})
"""Properties by which an object tells that it has ended, as files and sockets do, which may be closed again."""

_MISTAKES: Final = ("AttributeError", "TypeError")


class Standing:
    """Answers for objects of exactly one class; every result is kept."""

    def __init__(self, project: Project, cls: Class) -> None:
        self.project = project
        self.cls = cls
        self._depth = 0
        self._followed: dict[tuple[Function, State, bool], tuple[State, tuple[Misstep, ...]]] = {}

    # --- questions ---

    @cached_property
    def spoken(self) -> Spoken:
        """What the texts of the methods speak of: to be asked before a path is followed."""
        return Spoken(self.cls)

    @cached_property
    def fresh(self) -> State:
        """The state after `__init__`, before any other method."""
        start = dict(self._given_by_class)
        for name in self._names:
            start.setdefault(("self", name), "missing")
        made = next((method for method in self._methods if method.name == "__init__"), None)
        return frozenset(start.items()) if made is None else self.after(made, frozenset(start.items()), strict=False)

    def after(self, function: Function, state: State, *, strict: bool = False) -> State:
        """What holds however the method returns; nothing when it never does."""
        return self._follow(function, state, strict=strict)[0]

    def missteps(self, function: Function, state: State) -> tuple[Misstep, ...]:
        """What goes wrong in the method, begun in this state, and is caught nowhere in it."""
        return self._follow(function, state, strict=True)[1]

    def missteps_within(self, function: Function) -> tuple[Misstep, ...]:
        """What goes wrong by what the method has done itself, in whatever state it began."""
        return self._through(function, NOTHING, strict=False, believing=False)[1]

    def told_by(self, missteps: tuple[Misstep, ...]) -> tuple[Function, ir.At] | None:
        """
        A property of `CLOSED_NAMES`, asked by no method of the object, that only tells whether the field of a misstep
        is None: a sign that ended objects are in use.
        """
        for method in self._methods:
            if method.name in CLOSED_NAMES and any(self._asks_for_none(method, one.place) for one in missteps):
                uses = (use for one in self._methods for use in self.project.places.uses(one, self.cls))
                is_asked = any(use.name == method.name or use.place == ("self", method.name) for use in uses)
                return None if is_asked else (method, method.node.name_at)
        return None

    def _asks_for_none(self, function: Function, place: Place) -> bool:
        inner = self._getter(function.name)
        if inner is None or not function.node.params:
            return False
        truth = Truth(function.node.params[0].name, self._is_fixed, self._getter)
        return {truth.test(inner, frozenset({(place, value)})) for value in ("none", "some")} == {True, False}

    # --- what a followed method asks ---

    def of(self, function: Function, call: ir.Call) -> Function | None:
        """The method of the same object that a call of `self.x()` or `super().x()` runs."""
        func = call.func
        if not isinstance(func, ir.Attribute) or not function.node.params or self._depth >= DEPTH:
            return None
        is_self = isinstance(func.value, ir.Name) and func.value.id == function.node.params[0].name
        is_super = isinstance(func.value, ir.Call) and ir.dotted_name(func.value.func) == "super"
        callee = self.project.calls.of(function, call, self.cls) if is_self or is_super else None
        if callee is None or len(callee.runs) != 1 or callee.creates is not None:
            return None
        found = callee.runs[0].function
        return found if callee.is_sure or (found.node.decorators and lets_through(found)) else None

    def second_call_raises(self, function: Function, call: ir.Call) -> bool:
        """Whether the model of the call says that it cannot be done twice."""
        model = self.project.calls.of(function, call, self.cls).model
        return model is not None and model.facts.second_call == "raises"

    def is_stop(self, function: Function, call: ir.Call) -> bool:
        """Whether the call ends what it is given, by its name."""
        del function
        return isinstance(call.func, ir.Attribute) and is_stop_name(call.func.name)

    # --- following ---

    def _follow(self, function: Function, state: State, *, strict: bool) -> tuple[State, tuple[Misstep, ...]]:
        key = (function, state, strict)
        if key not in self._followed:
            self._followed[key] = (NOTHING, ())  # a method that calls itself
            self._depth += 1
            self._followed[key] = self._through(function, state, strict=strict)
            self._depth -= 1
        return self._followed[key]

    def _through(
        self, function: Function, state: State, *, strict: bool, believing: bool = True
    ) -> tuple[State, tuple[Misstep, ...]]:
        graph = self.project.routines.graph(function, self.cls)
        params = function.node.params
        if graph is None or not params:
            return NOTHING, ()
        truth = Truth(params[0].name, self._is_fixed, self._getter)
        inside = self.project.routines.inside(function, self.cls)
        watch = Following(function, inside, truth, self, state, strict=strict)
        watch.believing = believing
        ends: list[State] = []

        def note(block: object, found: State) -> bool:
            if block is graph.exit:
                ends.append(frozenset(one for one in found if one[0][0] == "self"))
            return False

        result = find_path(graph, watch, note, budget=BUDGET)
        if result is not None:  # over the budget
            return NOTHING, ()
        after = frozenset.intersection(*ends) if ends else NOTHING
        return after, tuple(one for one in watch.missteps if not self._is_caught(function, one))

    def _is_caught(self, function: Function, misstep: Misstep) -> bool:
        """Whether the function guards the place where it happens, or the call that leads there."""
        node = misstep.via[0] if misstep.via else misstep.node
        placed = self._placed(function).get(node.at)
        return placed is None or catches(function, placed, _MISTAKES)

    def _placed(self, function: Function) -> dict[ir.At, Placed]:
        found = self._places.get(function)
        if found is None:
            self._places[function] = found = {}
            for placed in placed_statements(function.statements):
                found[placed.statement.at] = placed
                for expr in own_expressions(placed.statement):
                    if isinstance(expr, (ir.Call, ir.Await)):
                        found.setdefault(expr.at, placed)
        return found

    @cached_property
    def _places(self) -> dict[Function, dict[ir.At, Placed]]:
        return {}

    # --- fields ---

    @cached_property
    def _names(self) -> frozenset[str]:
        """The fields that methods of the class or its bases assign, but for those that a decorator may make."""
        fields = self.project.values.fields
        made = {
            place[0]
            for base in self._bases
            if base.node.decorators
            for place in self.project.values.bindings(base).places
        }
        names = {
            name
            for base in self._bases
            for name, assigned in fields.own(base).items()
            if any(not one.added and isinstance(one.scope, Function) for one in assigned)
        }
        return frozenset(names - made)

    @cached_property
    def _bases(self) -> tuple[Class, ...]:
        return tuple(base for base in self.project.hierarchy.order(self.cls) if isinstance(base, Class))

    @property
    def _methods(self) -> Iterator[Function]:
        """The methods of an object, the nearest class first."""
        return (method for base in self._bases for method in self.project.values.fields.methods(base))

    @property
    def _given_by_class(self) -> dict[tuple[str, ...], Value]:
        """The values that the class bodies give; the nearest class wins. Other members are unknown."""
        truth = Truth("", lambda _: False, lambda _: None)
        found: dict[tuple[str, ...], Value] = {}
        for base in reversed(self._bases):
            for (name, *rest), sources in self.project.values.bindings(base).places.items():
                if rest:
                    continue
                found.pop(("self", name), None)
                values = [truth.value(one.expr, NOTHING) for one in sources if one.how == "value"]
                if len(values) == 1 and values[0] is not None:
                    found["self", name] = values[0]
        return found

    def _is_fixed(self, name: str) -> bool:
        """Whether only `__init__` gives the field its value, and it is no method."""
        assigned = self.project.values.fields.assigned(self.cls, name)
        if not assigned:
            return False
        return all(_method_name(one.scope) in ("__init__", "__attrs_post_init__", "__post_init__") for one in assigned)

    def _getter(self, name: str) -> ir.Expr | None:
        """What a property returns, where its body is that alone."""
        found = self.project.hierarchy.find(self.cls, name)
        if found is None or not isinstance(found.member, Member) or not isinstance(found.owner, Class):
            return None
        if found.member.kind != "property" or not found.member.parts:
            return None
        function = self.project.function_of(found.owner, found.member.parts[0])
        statements = [one for one in function.statements if not _is_docstring(one)]
        only = statements[0] if len(statements) == 1 else None
        return only.value if isinstance(only, ir.Return) else None


def lets_through(function: Function) -> bool:
    """Whether the decorators of a function, if any, let every call through to it."""
    return {(ir.dotted_name(one) or "").rpartition(".")[2] for one in function.node.decorators} <= _HARMLESS


def _is_docstring(statement: ir.Stmt) -> bool:
    return isinstance(statement, ir.Expression) and isinstance(statement.value, ir.Constant)


def _method_name(scope: Scope) -> str:
    name = ""
    current: Scope | None = scope
    while isinstance(current, Function):
        name = current.name
        current = current.parent
    return name
