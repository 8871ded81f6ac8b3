"""
What steps may raise in code of a project, and what contexts swallow.

Counted are modelled calls, what the summaries of project functions throw, and user callables: a
parameter or field that is called, and the stop of a child that a collection holds. Any other
unresolved call adds nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING, Final

from worker_lint.analysis.calls import Runs, is_stand_in
from worker_lint.analysis.entity import Class, External, Function, Instance, Unknown
from worker_lint.analysis.flow import (
    NEVER,
    Policy,
    Raises,
    Routine,
    Split,
    Step,
    Summary,
    Thrown,
    find,
    may_raise,
    swallowed_by_exit,
    swallowed_by_generator,
)
from worker_lint.analysis.member import slot_names
from worker_lint.analysis.models import ModelFunction
from worker_lint.analysis.places import SELF
from worker_lint.analysis.resources.duty import NETWORK, modelled_duty
from worker_lint.analysis.routines.errors import LINK_ERROR, USER_CODE, Errors
from worker_lint.analysis.routines.stacks import raised_on_leaving
from worker_lint.analysis.routines.threaded import run_in_thread
from worker_lint.analysis.stopping import is_child_stop, is_stop_name
from worker_lint.analysis.values import Absent, Assigned, Awaitable, Context, Items, Kind
from worker_lint.source import ir

if TYPE_CHECKING:
    from worker_lint.analysis.routines.routines import Routines

MISUSE: Final = frozenset({"RuntimeError", "ValueError", "TypeError", "AssertionError"})
"""What methods of the standard library raise when they are called wrongly: no failure to prepare for."""


_OWN_CODE: Final = frozenset({"stop", "shutdown", "teardown", "tear_down", "disconnect", "stop_async", "async_stop"})
"""Methods by which an object of any class ends what it does; `close` is what files and queues have, too."""

_COPIES: Final = frozenset({"list", "tuple", "set", "dict", "deque", "sorted"})


class ProjectPolicy(Policy):
    """The answers for one routine."""

    hierarchy: Errors

    def __init__(self, routines: Routines, routine: Routine) -> None:
        super().__init__(routines.errors)
        self.hierarchy = routines.errors
        self.routines = routines
        self.project = routines.project
        self.function, self.me = routines.function(routine)

    def resolve(self, expression: ir.Expr) -> str | None:
        """The qualified name of the class or function that an expression names."""
        kind = self.project.values.of(self.function, expression, self.me)
        if isinstance(kind, External):
            return self.hierarchy.canonical(kind.dotted)
        if isinstance(kind, Class):
            return self.hierarchy.name_of(kind)
        return kind.symbol if isinstance(kind, Function) else None

    def is_exception(self, name: str) -> bool:
        """Whether a resolved name is an exception class."""
        return self.hierarchy.is_known(name)

    def raises(self, step: Step) -> Raises:
        """What a step may raise."""
        if step.kind == "call" and isinstance(step.node, ir.Call):
            return self._called(step.node)
        if step.kind == "await" and isinstance(step.node, ir.Await) and isinstance(step.node.value, ir.Call):
            threaded = run_in_thread(self.project, self.function, step.node.value, self.me)
            return self._awaited(step.node.value) if threaded is None else self._threaded(threaded)
        if step.kind == "exit" and isinstance(step.node, ir.WithItem):
            thrown = raised_on_leaving(self, step.node)
            return Raises(thrown) if thrown else NEVER
        return super().raises(step)

    def _called(self, call: ir.Call) -> Raises:
        callee = self.project.calls.of(self.function, call, self.me)
        if callee.model is not None:
            quiet = callee.model.coroutine or is_switched_off(callee.model, call)
            return NEVER if quiet else _in_time(self.modelled(callee.model, callee.receiver), callee.model, call)
        if callee.is_known and callee.is_sure and not is_stand_in(callee):
            return NEVER  # a function of the project: its summary tells
        if any(runs.function.node.is_async for runs in callee.runs) or call.at in self._awaited_calls:
            return NEVER  # it only makes a coroutine
        return may_raise(USER_CODE) if not self._may_only_make(call) and self.is_foreign(call) else NEVER

    def _threaded(self, func: ir.Expr) -> Raises:
        """What comes back from a thread in which this is called."""
        callee = self.project.calls.handed(self.function, func, self.me)
        if callee.model is not None:
            return self.modelled(callee.model, callee.receiver)
        if callee.is_single and not is_stand_in(callee):
            summary = self.routines.summary(*callee.runs[0])
            return Raises(summary.thrown) if isinstance(summary, Summary) else NEVER
        return may_raise(USER_CODE) if self.is_foreign_code(func) else NEVER

    def _awaited(self, call: ir.Call) -> Raises:
        callee = self.project.calls.of(self.function, call, self.me)
        if callee.model is not None:
            return self.modelled(callee.model, callee.receiver)
        if callee.is_known and callee.is_sure and not is_stand_in(callee):
            return NEVER
        return may_raise(USER_CODE) if self.is_foreign(call) else NEVER

    @cached_property
    def _awaited_calls(self) -> frozenset[ir.At]:
        """The calls that are awaited where they stand."""
        awaits = find(ir.Await, self.function.statements)
        return frozenset(node.value.at for node in awaits if isinstance(node.value, ir.Call))

    def modelled(self, model: ModelFunction, receiver: Instance | None) -> Raises:
        """
        What the model states. Where it states nothing, only the end of something that talks to
        somebody else may fail.
        """
        if model.raises == "never":
            return NEVER
        if model.raises is not None:
            names = self.hierarchy.any_of(model.raises)
            if model.library == "python" and receiver is not None:
                names = tuple(name for name in names if name not in MISUSE)
            return may_raise(*names) if names else NEVER
        duty = modelled_duty(self.project, receiver) if receiver is not None else None
        name = model.name.rpartition(".")[2]
        fails = duty is not None and duty.role in NETWORK and name in duty.ends
        return may_raise(LINK_ERROR) if fails else NEVER

    def is_foreign(self, call: ir.Call) -> bool:
        """Whether the call runs code that somebody else supplies."""
        return self.is_foreign_code(call.func)

    def is_foreign_code(self, func: ir.Expr) -> bool:
        """
        Whether calling this runs code that somebody else supplies: a parameter or field that is called,
        an entry of a table of callables, the stop of a child whose class may be any.
        """
        if isinstance(func, ir.Name):
            return self._is_supplied(func.id)
        if isinstance(func, ir.Subscript):
            return self._is_field(func.value)
        if not isinstance(func, ir.Attribute):
            return False
        if self._is_field(func) and self._holds_callable(func):
            return True
        if not is_child_stop(func.name):
            return False
        kind = self.project.values.of(self.function, func.value, self.me)
        if isinstance(kind, Instance) and isinstance(kind.of, Class):
            if not self._from_collection(func.value) and not self._is_given(func.value):
                return False
            callee = self.project.calls.handed(self.function, func, self.me)
            return is_stand_in(callee) or (len(callee.runs) > 1 and any(map(self._may_fail, callee.runs)))
        if not isinstance(kind, Unknown):
            return False
        is_plain = func.name not in _OWN_CODE and not self._is_awaited(func)  # the close of a file or socket
        if self._from_collection(func.value):
            return not is_plain and self._is_supplied_item(func.value)
        return func.name in _OWN_CODE and self._is_given(func.value)

    def _may_fail(self, runs: Runs) -> bool:
        """Whether an implementation that the project knows throws something."""
        summary = self.routines.summary(runs.function, runs.me)
        return isinstance(summary, Summary) and bool(summary.thrown)

    def _is_awaited(self, func: ir.Attribute) -> bool:
        return any(func.at[:2] == at[:2] for at in self._awaited_calls)

    def _is_given(self, expr: ir.Expr) -> bool:
        """Whether a field holds what its class was given when it was made, and nothing else."""
        owner = self.me or self.function.owner
        params = self.function.node.params
        if owner is None or not params or not isinstance(expr, ir.Attribute):
            return False
        if not isinstance(expr.value, ir.Name) or expr.value.id != params[0].name:
            return False
        assigned = self.project.values.fields.assigned(owner, expr.name)
        return bool(assigned) and all(
            _is_parameter(one) or (isinstance(one.scope, Class) and one.source.how == "annotation")
            for one in assigned
            if one.source.how != "annotation" or isinstance(one.scope, Class)
        )

    def _may_only_make(self, call: ir.Call) -> bool:
        """Whether a call in a coroutine may only make another one: its result is neither dropped nor awaited."""
        return self.function.node.is_async and call.at not in self._dropped

    @cached_property
    def _dropped(self) -> frozenset[ir.At]:
        statements = find(ir.Expression, self.function.statements)
        return frozenset(node.value.at for node in statements if isinstance(node.value, ir.Call))

    def _is_supplied_item(self, expr: ir.Expr) -> bool:
        """
        Whether the items of the collection come from parameters: objects that somebody else
        registered. What this code makes itself, with a library, is no foreign code.
        """
        places = self.project.places.denotes(self.function, expr, self.me)
        owner = self.me or self.function.owner
        if any(param.name == place[0] for place in places for param in self.function.node.params[owner is not None :]):
            return True
        fields = [place[1] for place in places if place[0] == SELF and len(place) == 2]
        if owner is None or not fields:
            return False
        found = [one for name in fields for one in self.project.values.fields.assigned(owner, name)]
        return any(_is_parameter(one) and not _is_given_back(one) for one in found)

    def _is_supplied(self, name: str) -> bool:
        """Whether a name is a parameter, or comes from a collection in a field or parameter."""
        function = self.function
        bindings = self.project.values.bindings(function)
        sources = bindings.places.get((name,), ())
        if any(param.name == name for param in function.node.params):
            return not sources
        return (
            bool(sources)
            and all(source.how in ("item", "second") for source in sources)
            and self._from_collection(ir.Name(function.node.at, name))
        )

    def _is_field(self, expr: ir.Expr) -> bool:
        places = self.project.places.denotes(self.function, expr, self.me)
        return any(place[0] == "self" and len(place) == 2 for place in places)

    def _holds_callable(self, func: ir.Attribute) -> bool:
        """Whether a called field is no method but what a parameter gave."""
        owner = self.me or self.function.owner
        if owner is None or self.project.hierarchy.may_inherit(owner, func.name):
            return False
        if self.project.hierarchy.own(owner, func.name) and func.name not in slot_names(owner):
            return False
        assigned = self.project.values.fields.assigned(owner, func.name)
        return any(_is_parameter(one) for one in assigned)

    def _from_collection(self, expr: ir.Expr) -> bool:
        """Whether an expression is an item of a collection that a field or a parameter holds."""
        if isinstance(expr, ir.Subscript):
            return self._is_field(expr.value)
        if not isinstance(expr, ir.Name):
            return False
        sources = self.project.values.bindings(self.function).places.get((expr.id,), ())
        for source in sources:
            if source.how in ("item", "second") and source.expr is not None:
                places = self.project.places.denotes(self.function, source.expr, self.me)
                params = {param.name for param in self.function.node.params}
                if any((place[0] == "self" and len(place) > 1) or place[0] in params for place in places):
                    return True
        return False

    def split(self, handler: ir.Handler, thrown: Thrown) -> Split:
        """
        What an except clause catches. Whoever guards user code with some class is taken to know which; a clause
        that does nothing but pass its error on is no guard, and leaves the rest to those below it.
        """
        if thrown.name == USER_CODE and handler.exception is not None:
            whole, nothing = frozenset({thrown}), frozenset[Thrown]()
            return Split(nothing, whole) if _only_passes_on(handler) else Split(whole, nothing)
        return super().split(handler, thrown)

    def suppressed(self, item: ir.WithItem, thrown: Thrown) -> Split:
        """
        What a context swallows: `contextlib.suppress` what it names, a context of the project as
        its code says. One of which nothing is known is taken to swallow, so that no path is
        claimed that may not be there.
        """
        nothing, whole = frozenset[Thrown](), frozenset({thrown})
        if self._is_suppress(item.context):
            return super().suppressed(item, thrown)
        kind = self.project.values.of(self.function, item.context, self.me)
        return self._swallowed(kind, thrown) or Split(nothing, whole)

    def _is_suppress(self, context: ir.Expr) -> bool:
        return isinstance(context, ir.Call) and self.resolve(context.func) == "contextlib.suppress"

    def _swallowed(self, kind: Kind, thrown: Thrown) -> Split | None:
        """None: nothing is swallowed."""
        match kind:
            case Awaitable(of=inner):
                return self._swallowed(inner, thrown)
            case Context(function=function):
                routine = self.routines.of(function, self.me)
                return swallowed_by_generator(routine, self.routines.policy(routine), thrown)
            case Instance(of=Class() as cls):
                for name in ("__exit__", "__aexit__"):
                    callee = self.project.calls.method(cls, name)
                    if callee.runs and callee.is_sure:
                        return swallowed_by_exit(self.routines.summary(*callee.runs[0]), thrown)
                return None
            case Instance() | Absent() | Items():
                return None
            case _:
                return Split(frozenset({thrown}), frozenset())


def _only_passes_on(handler: ir.Handler) -> bool:
    """Whether the body of a clause is a bare `raise`."""
    only = handler.body[0] if len(handler.body) == 1 else None
    return isinstance(only, ir.Raise) and only.exception is None


def _is_parameter(one: Assigned) -> bool:
    """Whether a field gets, or is filled with, what a parameter of the method brings."""
    names = set(_named(one.source.expr))
    params = one.scope.node.params if isinstance(one.scope, Function) else ()
    return any(param.name in names for param in params[1:])


def _is_given_back(one: Assigned) -> bool:
    """Whether the method takes back what was handed out before: `release(connection)` of a pool."""
    return isinstance(one.scope, Function) and is_stop_name(one.scope.name)


def _named(expr: ir.Expr | None) -> Iterator[str]:
    """The names whose value, or whose items, an expression hands on as they are."""
    match expr:
        case ir.Name():
            yield expr.id
        case ir.Starred():
            yield from _named(expr.value)
        case ir.BoolOp():
            for value in expr.values:
                yield from _named(value)
        case ir.Conditional():
            yield from _named(expr.body)
            yield from _named(expr.orelse)
        case ir.Collection():
            for value in expr.items:
                yield from _named(value)
        case ir.Call(func=ir.Name(id=name)) if name in _COPIES:
            for value in expr.args:
                yield from _named(value)


def is_switched_off(model: ModelFunction, call: ir.Call) -> bool:
    """Whether an argument tells the call to return where it would raise: `retry(throw=False)`."""
    name = model.facts.raising
    value = next((keyword.value for keyword in call.keywords if keyword.name == name), None) if name else None
    return isinstance(value, ir.Constant) and value.value is False


def _in_time(raises: Raises, model: ModelFunction, call: ir.Call) -> Raises:
    """Without the errors that tell of a timeout, where the call waits for ever unless it is given one, and is not."""
    if model.facts.default_timeout != "none" or call.args or call.keywords:
        return raises
    rest = frozenset(one for one in raises.thrown if "Timeout" not in one.name.rpartition(".")[2])
    return Raises(rest, always=raises.always) if rest else NEVER
