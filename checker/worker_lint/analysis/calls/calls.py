"""From calls and function values to what they run, overrides of subclasses included."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from worker_lint.analysis.calls.callee import NOBODY, Callee, Runs
from worker_lint.analysis.entity import Class, External, Function, Instance, Scope, Value
from worker_lint.analysis.member import Member
from worker_lint.analysis.names import receiver_kind
from worker_lint.analysis.values import Bound, Kind, Partial
from worker_lint.source import ir

if TYPE_CHECKING:
    from worker_lint.analysis.project import Project


class Calls:
    """Answers for one project; every result is kept."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self._known: dict[tuple[Scope, ir.At, Class | None], Callee] = {}

    def of(self, scope: Scope, call: ir.Call, me: Class | None = None) -> Callee:
        """What a call in the scope runs; with `me`, when `self` is exactly of that class."""
        key = (scope, call.at, me)
        found = self._known.get(key)
        if found is None:
            self._known[key] = found = self.value(self.project.values.of(scope, call.func, me))
        return found

    def handed(self, scope: Scope, expr: ir.Expr, me: Class | None = None) -> Callee:
        """What runs when somebody calls this value later: a thread's target, a callback."""
        return self.value(self.project.values.of(scope, expr, me))

    def value(self, kind: Kind) -> Callee:
        """What calling something of this kind runs."""
        match kind:
            case Bound():
                return self._method(kind)
            case Function():
                is_sure = not self.project.values.is_wrapped(kind)
                return Callee((Runs(kind),), is_found=is_sure)
            case Class():
                return self._created(kind)
            case External(dotted=dotted):
                return self._outside(dotted)
            case Partial(of=inner):
                return self.value(inner)
            case Value(expr=ir.Lambda() as body):
                return Callee(body=body)
            case Instance(of=Class() as cls):
                return self._method_named(kind, cls, "__call__")
            case _:
                return NOBODY

    def method(self, cls: Class, name: str) -> Callee:
        """What `name` runs on an object that is exactly of this class."""
        return self._method_named(Instance(cls, exact=True), cls, name)

    def _method_named(self, receiver: Instance, cls: Class, name: str) -> Callee:
        kind = self.project.values.attribute(Instance(cls, exact=receiver.exact), name)
        return self._method(kind) if isinstance(kind, Bound) else NOBODY

    def _method(self, bound: Bound) -> Callee:
        receiver = bound.receiver
        if bound.function is None:
            return Callee(model=bound.model, receiver=receiver, is_bound=True, is_found=bound.sure)
        cls = receiver.of if isinstance(receiver.of, Class) else None
        runs = Runs(bound.function, cls)
        overrides = None
        if cls is not None and not receiver.exact:
            overrides = partial(self._overrides, cls, bound.function.name)
        is_bound = receiver_kind(bound.function) != "static"
        return Callee((runs,), is_found=bound.sure, receiver=receiver, is_bound=is_bound, overrides=overrides)

    def _overrides(self, cls: Class, name: str) -> tuple[Runs, ...]:
        """The definitions that subclasses put in place of an inherited method."""
        hierarchy = self.project.hierarchy
        found: list[Runs] = []
        for sub in hierarchy.defining_below(cls, name):
            self.project.store.trail.leads(cls.path, sub.path)
            parts = (member.parts for member in hierarchy.own(sub, name) if isinstance(member, Member))
            found.extend(Runs(self.project.function_of(sub, part[0]), sub) for part in parts if part)
        return tuple(found)

    def _created(self, cls: Class) -> Callee:
        found = self.project.hierarchy.find(cls, "__init__")
        runs: tuple[Runs, ...] = ()
        if found is not None and isinstance(found.member, Member) and found.member.parts:
            if isinstance(found.owner, Class):
                runs = (Runs(self.project.function_of(found.owner, found.member.parts[0]), cls),)
        is_sure = found is None or found.sure
        return Callee(runs, is_found=is_sure, creates=cls, receiver=Instance(cls, exact=True), is_bound=True)

    def _outside(self, dotted: str) -> Callee:
        model = self.project.models.find_function(dotted)
        cls = self.project.models.find_class(dotted)
        creates = External(cls.name) if cls is not None else None
        return Callee(model=model, creates=creates, is_found=model is not None, outside=dotted)
