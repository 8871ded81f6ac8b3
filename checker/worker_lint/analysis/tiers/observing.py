"""Whether code that runs elsewhere can end by an exception of its own: what in it may fail outside a catch-all."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from worker_lint.analysis.entity import Function
from worker_lint.analysis.flow.visit import find
from worker_lint.analysis.nesting import own_expressions
from worker_lint.analysis.routines import ProjectPolicy
from worker_lint.analysis.statements import inner_blocks
from worker_lint.analysis.tiers.handling import is_logging, raises_anything
from worker_lint.source import ir

_DEPTH: Final = 4
_SUPPRESSED: Final = frozenset({"Exception", "BaseException"})
_MISTAKES: Final = ("RuntimeError", "ValueError", "TypeError", "AssertionError", "NotImplementedError", "LookupError")
"""Classes by which code says that it is used wrongly or in a wrong state; RuntimeError also ends an executor."""


def unguarded(function: Function, depth: int = _DEPTH) -> ir.Node | None:
    """
    The first `raise` or call of a function that may fail where no catch-all is around it.

    Functions of the project are followed for a few calls. Beside what models and `raise` state, callables
    that somebody else supplied and methods of objects in fields may fail; any other call that is not known
    is taken not to. None also where a decorator may catch what comes out.
    """
    if function.project.values.is_wrapped(function):
        return None
    return next(_failing(function, function.body, depth), None)


def _failing(function: Function, block: tuple[ir.Stmt, ...], depth: int) -> Iterator[ir.Node]:
    for statement in block:
        if isinstance(statement, ir.Raise) and not _is_mistake(function, statement):
            yield statement
        if isinstance(statement, (ir.FunctionDef, ir.ClassDef)):
            continue
        for node in own_expressions(statement):
            if isinstance(node, ir.Call) and _may_fail(function, node, depth):
                yield node
        if isinstance(statement, ir.Try) and _catches_all(function, statement):
            yield from _failing(function, statement.final, depth)
        elif not (isinstance(statement, ir.With) and _suppresses_all(function, statement)):
            for inner in inner_blocks(statement):
                yield from _failing(function, inner, depth)


def _catches_all(function: Function, statement: ir.Try) -> bool:
    tiers = function.project.tiers
    return any(
        tiers.is_broad(function, handler) and not raises_anything(handler.body) for handler in statement.handlers
    )


def _suppresses_all(function: Function, statement: ir.With) -> bool:
    tiers = function.project.tiers
    for item in statement.items:
        call = item.context
        if isinstance(call, ir.Call) and tiers.resolves_to(function, call.func, "contextlib.suppress"):
            if any(name in _SUPPRESSED for argument in call.args for name in tiers.named(function, argument)):
                return True
    return False


def _may_fail(function: Function, call: ir.Call, depth: int) -> bool:
    project = function.project
    callee = project.calls.of(function, call)
    if callee.runs:
        return depth > 0 and any(unguarded(runs.function, depth - 1) is not None for runs in callee.runs)
    if callee.model is not None:
        raised = callee.model.raises
        return isinstance(raised, tuple) and any(_is_trouble(function, name) for name in raised)
    policy = project.routines.policy(project.routines.of(function))
    if isinstance(policy, ProjectPolicy) and policy.is_foreign(call.func):
        return True
    return callee.creates is None and not is_logging(call) and _is_own_part(function, call.func)


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
    if function.project.values.is_wrapped(function) or not isinstance(policy, ProjectPolicy):
        return
    for node in _failing(function, function.body, 0):
        if isinstance(node, ir.Call) and policy.is_foreign(node.func):
            yield node
