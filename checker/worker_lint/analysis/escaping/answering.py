"""
Calls in an except clause that may fail themselves, so that what the clause was there for is not done.

Counted are code that others supply (hooks that only subclasses fill, callables from parameters and
fields) where the clause goes on to raise or to settle the message, and sending the bad message somewhere else.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final, Literal, NamedTuple, TypeAlias

from worker_lint.analysis.entity import Class, Function
from worker_lint.analysis.escaping.boundaries import functions_of
from worker_lint.analysis.escaping.hooks import is_hook
from worker_lint.analysis.flow import children, find
from worker_lint.analysis.routines import ProjectPolicy
from worker_lint.analysis.tiers import TrySite, mentions
from worker_lint.analysis.tiers.loops import is_endless
from worker_lint.analysis.tiers.observing import failing_in
from worker_lint.analysis.visit import method_name
from worker_lint.source import ir

if TYPE_CHECKING:
    from worker_lint.analysis.project import Project

RiskKind: TypeAlias = Literal["hook", "callable", "sending"]

SENDS: Final = ("produce", "publish", "basic_publish", "send_to_dlq", "dead_letter", "send_and_wait")
"""Names of methods that hand something to another side."""
_SETTLES: Final = frozenset(
    {"ack", "nack", "reject", "requeue", "task_done", "set_exception", "set_result", "commit", "rollback", "release"}
    | {"basic_ack", "basic_nack", "basic_reject"}
)


class Risk(NamedTuple):
    """A call that may fail in a clause: which, where, and what is then not done."""

    kind: RiskKind
    call: ir.Call
    function: Function
    skipped: ir.Node | None


def risks(site: TrySite, handler: ir.Handler) -> Iterator[Risk]:
    """The calls of a clause that may fail with nobody to take it, in source order."""
    function = site.function
    if function is None or _is_guarded(site):
        return
    for index, statement in enumerate(handler.body):
        rest = handler.body[index + 1 :]
        for call in _unguarded(statement):
            yield from _judge(site, handler, function, call, rest)


def _judge(
    site: TrySite, handler: ir.Handler, function: Function, call: ir.Call, rest: tuple[ir.Stmt, ...]
) -> Iterator[Risk]:
    raised, settled = _raised(rest, handler.name), _settled(rest)
    if raised is not None and is_hook(function, call):
        yield Risk("hook", call, function, raised)
    elif settled is not None and _is_supplied(function, call):
        yield Risk("callable", call, function, settled)
    elif _is_sending(function, call) or any(mentions((argument,), handler.name) for argument in call.args):
        found = [(function, call)] if _is_sending(function, call) else list(_sends_below(function, call))
        if found and _serves(site, function):
            yield from (Risk("sending", inner, home, None) for home, inner in found)


def _is_guarded(site: TrySite) -> bool:
    """Whether a `try` around this one, in the same function, takes every error."""
    tiers = site.scope.project.tiers
    return any(
        isinstance(one.node, ir.Try)
        and one.part == "body"
        and any(tiers.is_broad(site.scope, handler) for handler in one.node.handlers)
        for one in site.around
    )


def _unguarded(node: ir.Node) -> Iterator[ir.Call]:
    """The calls in a statement that stand in no further `try` with handlers, and in no context."""
    pending = [node]
    while pending:
        current = pending.pop(0)
        if isinstance(current, (ir.FunctionDef, ir.Lambda, ir.ClassDef, ir.With)):
            continue
        if isinstance(current, ir.Try) and current.handlers:
            continue
        if isinstance(current, ir.Call):
            yield current
        pending.extend(children(current))


def _is_supplied(function: Function, call: ir.Call) -> bool:
    """Whether this runs a callable from a parameter or a field that a parameter fills."""
    project = function.project
    if not isinstance(call.func, (ir.Name, ir.Attribute)) or project.calls.of(function, call).is_known:
        return False
    params = function.node.params
    if function.owner is not None and params and ir.dotted_name(call.func) == params[0].name:
        return False  # `cls(…)` in a class method makes an object of the own class
    policy = project.routines.policy(project.routines.of(function))
    return isinstance(policy, ProjectPolicy) and policy.is_foreign(call)


def _raised(rest: tuple[ir.Stmt, ...], name: str | None) -> ir.Node | None:
    """The raise of another exception that comes next: the caller is told to do something."""
    for node in find(ir.Raise, rest):
        same = node.exception is None or (isinstance(node.exception, ir.Name) and node.exception.id == name)
        if not same:
            return node
    return None


def _settled(rest: tuple[ir.Stmt, ...]) -> ir.Node | None:
    return next(
        (call for call in find(ir.Call, rest) if isinstance(call.func, ir.Attribute) and call.func.name in _SETTLES),
        None,
    )


def _is_sending(function: Function, call: ir.Call) -> bool:
    """Whether the call hands something to another side; a method of the project that lets no error out does not."""
    func = call.func
    if not isinstance(func, ir.Attribute) or func.name not in SENDS or not isinstance(func.value, ir.Attribute):
        return False
    runs = [one.function for one in function.project.calls.of(function, call).runs] or list(
        _of_generics(function, func)
    )
    return not runs or any(one.is_evident for each in runs for one in failing_in(each))


def _of_generics(function: Function, func: ir.Attribute) -> Iterator[Function]:
    """The methods of a field that is only ever given objects of generic classes: `self.bus = Dispatcher[Event]()`."""
    project, field = function.project, func.value
    if function.owner is None or not isinstance(field, ir.Attribute) or ir.dotted_name(field.value) != "self":
        return
    for one in project.values.fields.assigned(function.owner, field.name):
        made = one.source.expr
        if isinstance(made, ir.Call) and isinstance(made.func, ir.Subscript):
            for cls in project.names.expr(one.scope, made.func.value):
                method = project.calls.method(cls, func.name) if isinstance(cls, Class) else None
                if method is not None:
                    yield from (runs.function for runs in method.runs)


def _sends_below(function: Function, call: ir.Call) -> Iterator[tuple[Function, ir.Call]]:
    """The same in a method of the own class that the clause hands the exception."""
    if not isinstance(call.func, ir.Attribute) or not isinstance(call.func.value, ir.Name) or function.owner is None:
        return
    callee = function.project.calls.of(function, call)
    if len(callee.runs) != 1 or callee.runs[0].function.owner is not function.owner:
        return
    below = callee.runs[0].function
    for statement in below.statements:
        yield from ((below, inner) for inner in _unguarded(statement) if _is_sending(below, inner))


def _serves(site: TrySite, function: Function) -> bool:
    """Whether the clause belongs to the service of messages: it stands in an endless loop, or such a loop calls it."""
    if any(is_endless(site.scope, loop) for loop in site.loops):
        return True
    return function.owner is not None and _is_looped(function.project, function.owner, function.name)


def _is_looped(project: Project, cls: Class, name: str) -> bool:
    for function in functions_of(project, cls.path):
        if function.owner is not cls:
            continue
        for loop in find(ir.While, function.statements):
            if is_endless(function, loop) and any(method_name(call) == name for call in find(ir.Call, loop.body)):
                return True
    return False
