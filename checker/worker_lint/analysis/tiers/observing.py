"""Whether code that runs elsewhere can end by an exception of its own: what in it may fail outside a catch-all."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Final, Literal, NamedTuple, TypeAlias

from worker_lint.analysis.entity import Function
from worker_lint.analysis.flow.visit import find
from worker_lint.analysis.nesting import own_expressions
from worker_lint.analysis.routines import ProjectPolicy
from worker_lint.analysis.statements import inner_blocks
from worker_lint.analysis.tiers.handling import is_logging, log_calls, log_level, raises_anything, tells_exception
from worker_lint.analysis.visit import last_name
from worker_lint.source import ir

_DEPTH: Final = 4
_LOOKED_AT: Final = 8
"""Of what fails in one function, so much is looked at: each may have called many."""
_SEEN: Final = 30
"""The level from which on a log line is seen by somebody: a warning."""
_SUPPRESSED: Final = frozenset({"Exception", "BaseException"})
_MISTAKES: Final = ("RuntimeError", "ValueError", "TypeError", "AssertionError", "NotImplementedError", "LookupError")
"""Classes by which code says that it is used wrongly or in a wrong state; RuntimeError also ends an executor."""


_TALKS: Final = frozenset(
    {"send", "sendall", "send_message", "send_json", "write", "drain", "publish", "produce", "request", "fetch"}
    | {"connect", "recv", "receive", "read", "poll", "post", "put_item", "execute", "commit", "query", "subscribe"}
    | {"ack", "nack", "reject", "basic_ack", "basic_nack", "basic_publish", "send_as_json", "call"}
)
"""Methods that talk to another side, whatever object they belong to."""

_BUFFERED: Final = frozenset({"write"})

FailingKind: TypeAlias = Literal["raised", "stated", "supplied", "part"]


class Failing(NamedTuple):
    """
    What may fail in a function.

    Attributes:
        node: The `raise` or call, in the function itself.
        kind: What is known about it, at the end of the calls down to it: the code raises, a model states an
            error, somebody else supplied what is called, or it is some method of an object in a field.
        called: The name of what is called there; "" for a `raise`.
    """

    node: ir.Node
    kind: FailingKind
    called: str = ""

    @property
    def is_evident(self) -> bool:
        """
        Whether it fails in ordinary service: code of somebody else, an error that a library states, a talk with
        another side. A `raise` may be a guard against wrong use, and a method of some object may do nothing.
        """
        return self.kind in ("stated", "supplied") or (self.kind == "part" and self.called in _TALKS)


def unguarded(function: Function, depth: int = _DEPTH) -> ir.Node | None:
    """
    The first `raise` or call of a function that may fail where no catch-all is around it.

    Functions of the project are followed for a few calls. Beside what models and `raise` state, callables
    that somebody else supplied and methods of objects in fields may fail; any other call that is not known
    is taken not to. None also where a decorator may catch what comes out.
    """
    found = next(failing_in(function, depth=depth), None)
    return None if found is None else found.node


def unseen(function: Function) -> tuple[Failing, ...]:
    """
    What may fail in a function where no clause around it takes or logs every error. A function that does so for its
    main part has thought of errors: of what is left, a method of some object is taken not to fail.
    """
    found = tuple(islice(failing_in(function, logged=True), _LOOKED_AT))
    return tuple(one for one in found if one.is_evident) if _has_clause(function) else found


def evident(function: Function, failing: tuple[Failing, ...]) -> Failing | None:
    """
    The first of what fails that surely comes in service. A function that logs the errors of its main part has
    thought of them: what is left is at most likely, and often somebody's callback that cannot fail. To write puts it
    into a buffer, of a file as of a stream: what fails there fails when it is flushed or drained.
    """
    if _has_clause(function):
        return None
    return next(
        (one for one in failing if one.is_evident and not (one.kind == "part" and one.called in _BUFFERED)), None
    )


def _has_clause(function: Function) -> bool:
    return any(_catches_all(function, one, logged=True) for one in find(ir.Try, function.statements))


def failing_in(function: Function, *, depth: int = _DEPTH, logged: bool = False) -> Iterator[Failing]:
    """What may fail in a function and leave it; with `logged`, only what no clause logs on its way out."""
    if not function.project.values.is_wrapped(function):
        yield from _failing(function, function.body, depth, logged=logged)


def _failing(function: Function, block: tuple[ir.Stmt, ...], depth: int, *, logged: bool) -> Iterator[Failing]:
    for statement in block:
        if isinstance(statement, ir.Raise) and not _is_mistake(function, statement):
            yield Failing(statement, "raised")
        if isinstance(statement, (ir.FunctionDef, ir.ClassDef)):
            continue
        for node in own_expressions(statement):
            found = _may_fail(function, node, depth, logged=logged) if isinstance(node, ir.Call) else None
            if found is not None:
                yield found
        if isinstance(statement, ir.Try) and _catches_all(function, statement, logged=logged):
            yield from _failing(function, statement.final, depth, logged=logged)
        elif not (isinstance(statement, ir.With) and _suppresses_all(function, statement)):
            for inner in inner_blocks(statement):
                below = _failing(function, inner, depth, logged=logged)
                yield from (one for one in below if not (logged and _passes_on(function, statement, one.node)))


def _catches_all(function: Function, statement: ir.Try, *, logged: bool) -> bool:
    tiers = function.project.tiers
    return any(
        tiers.is_broad(function, handler) and (not raises_anything(handler.body) or (logged and _logs_it(handler)))
        for handler in statement.handlers
    )


def _passes_on(function: Function, statement: ir.Stmt, node: ir.Node) -> bool:
    """Whether a bare `raise` only hands on, after tidying up, whatever may fail in the body of this `try`."""
    if not isinstance(statement, ir.Try) or not isinstance(node, ir.Raise) or node.exception is not None:
        return False
    tiers = function.project.tiers
    return any(node in handler.body and tiers.is_broad(function, handler) for handler in statement.handlers)


def _logs_it(handler: ir.Handler) -> bool:
    """Whether the clause logs what it caught: then it is seen, whatever becomes of it."""
    return any(log_level(call) >= _SEEN and tells_exception(handler, (call,)) for call in log_calls(handler.body))


def _suppresses_all(function: Function, statement: ir.With) -> bool:
    tiers = function.project.tiers
    for item in statement.items:
        call = item.context
        if isinstance(call, ir.Call) and tiers.resolves_to(function, call.func, "contextlib.suppress"):
            if any(name in _SUPPRESSED for argument in call.args for name in tiers.named(function, argument)):
                return True
    return False


def _may_fail(function: Function, call: ir.Call, depth: int, *, logged: bool) -> Failing | None:
    project, name = function.project, last_name(call.func)
    callee = project.calls.of(function, call)
    if callee.runs:
        below = [one for runs in callee.runs if depth > 0 for one in _first(runs.function, depth - 1, logged=logged)]
        return Failing(call, below[0].kind, below[0].called) if below else None
    if callee.model is not None:
        raised = callee.model.raises
        is_stated = isinstance(raised, tuple) and any(_is_trouble(function, name) for name in raised)
        return Failing(call, "stated", name) if is_stated else None
    policy = project.routines.policy(project.routines.of(function))
    if isinstance(policy, ProjectPolicy) and policy.is_foreign(call):
        return None if logged and _has_own_default(function, call.func) else Failing(call, "supplied", name)
    is_part = callee.creates is None and not is_logging(call) and _is_own_part(function, call.func)
    return Failing(call, "part", name) if is_part else None


def _has_own_default(function: Function, func: ir.Expr) -> bool:
    """Whether the class itself says what the field calls by default: `clock=time.monotonic`, changed in tests alone."""
    if function.owner is None or not isinstance(func, ir.Attribute) or ir.dotted_name(func.value) != "self":
        return False
    for one in function.project.values.fields.assigned(function.owner, func.name):
        params = one.scope.node.params if isinstance(one.scope, Function) else ()
        name = one.source.expr.id if isinstance(one.source.expr, ir.Name) else ""
        if any(param.name == name and isinstance(param.default, (ir.Name, ir.Attribute)) for param in params):
            return True
    return False


def _first(function: Function, depth: int, *, logged: bool) -> Iterator[Failing]:
    """What stands for a function that is called: the first that fails in ordinary service, or else the first of all."""
    found = failing_in(function, depth=depth, logged=logged)
    if not logged:
        yield from islice(found, 1)
        return
    every = tuple(islice(found, _LOOKED_AT))
    yield from islice((*(one for one in every if one.is_evident), *every), 1)


def _is_trouble(function: Function, name: str) -> bool:
    """Whether the exception is more than a sign of nothing to do, a wrong state or a mistake in the arguments."""
    tiers = function.project.tiers
    if tiers.tier(name) in ("idle", "control-flow"):
        return False
    return not any(tiers.is_class(name, plain) for plain in _MISTAKES)


def _is_own_part(function: Function, func: ir.Expr) -> bool:
    """Whether this is a method of an object in a field, `self.client.fetch`: not known, but it does something."""
    params = function.node.params
    return (
        function.owner is not None
        and bool(params)
        and isinstance(func, ir.Attribute)
        and isinstance(func.value, ir.Attribute)
        and isinstance(func.value.value, ir.Name)
        and func.value.value.id == params[0].name
    )


def _is_mistake(function: Function, raised: ir.Raise) -> bool:
    exception = raised.exception.func if isinstance(raised.exception, ir.Call) else raised.exception
    names = function.project.tiers.named(function, exception) if exception is not None else ()
    return any(name is not None and not _is_trouble(function, name) for name in names)


def reads_of(function: Function, name: str) -> tuple[ir.Name, ...]:
    """Where a function, or one inside it, names a local of its own other than to bind it."""
    blocks = (function, *function.project.values.fields.inner(function))
    bound = {target.at for one in blocks for node in find(ir.Assign, one.body) for target in node.targets}
    return tuple(node for one in blocks for node in find(ir.Name, one.body) if node.id == name and node.at not in bound)


def unguarded_callbacks(function: Function) -> Iterator[ir.Call]:
    """The calls of code that somebody else supplied for whose errors a function has no catch-all."""
    policy = function.project.routines.policy(function.project.routines.of(function))
    if isinstance(policy, ProjectPolicy):
        for one in failing_in(function, depth=0, logged=True):
            if one.kind == "supplied" and isinstance(one.node, ir.Call):
                yield one.node
