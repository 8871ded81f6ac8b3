"""
The complete answers about callees: every function that may run, or nothing.

A rule that says "the result is a coroutine" must know that no other function can stand behind the name.
"""

from __future__ import annotations

from worker_lint.analysis.entity import Class, External, Function, Scope
from worker_lint.analysis.intent import is_protocol
from worker_lint.analysis.values import Bound
from worker_lint.source import ir


def functions_called(scope: Scope, call: ir.Call) -> tuple[Function, ...]:
    """
    All functions of the project that a call may run, with the overrides that the receiver's
    subclasses have; empty where another callee is possible or a decorator changes the meaning.
    """
    return functions_meant(scope, call.func)


def functions_meant(scope: Scope, callee: ir.Expr) -> tuple[Function, ...]:
    """As `functions_called`, for the expression that is called."""
    project = scope.project
    kind = project.values.of(scope, callee)
    if isinstance(kind, Bound):
        receiver = kind.receiver.of
        if not kind.sure or (isinstance(receiver, Class) and is_protocol(receiver)):
            return ()  # what stands behind a protocol may be written elsewhere, and otherwise
    elif not isinstance(kind, Function):
        return ()
    functions = tuple(runs.function for runs in project.calls.value(kind).runs)
    return () if any(project.values.is_wrapped(function) for function in functions) else functions


def dotted_callee(scope: Scope, call: ir.Call) -> str:
    """
    The qualified name of a callee outside the project, such as `asyncio.create_task` or
    `threading.Thread.join`; "" where there is none or it is not known.
    """
    kind = scope.project.values.of(scope, call.func)
    if isinstance(kind, Bound) and kind.model is not None and kind.sure:
        return kind.model.name
    return kind.dotted if isinstance(kind, External) else ""


def gives_coroutine(functions: tuple[Function, ...]) -> bool:
    """Whether there are functions and all of them are coroutine functions: calling one runs nothing yet."""
    return bool(functions) and all(item.node.is_async and not item.node.is_generator for item in functions)
