"""What protects a place in a function: handlers and contexts around it that take a given exception."""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol

from worker_lint.analysis.entity import External, Scope
from worker_lint.analysis.nesting import Placed
from worker_lint.source import ir

CATCH_ALL = frozenset({"Exception", "BaseException"})


def catches(scope: Scope, placed: Placed, names: Collection[str]) -> bool:
    """
    Whether an exception of these bare names, raised where the statement stands, is caught by a `try`
    or swallowed by `contextlib.suppress` around it in the same function. A handler that is no plain
    name may take it.
    """
    wanted = CATCH_ALL | frozenset(names)
    return any(_catches(scope, outer, placed.statement, wanted) for outer in placed.around)


def in_handler(placed: Placed) -> ir.Handler | None:
    """The innermost `except` clause in whose body the statement stands, if there is one."""
    for outer in reversed(placed.around):
        if isinstance(outer, ir.Try):
            for handler in outer.handlers:
                if within(handler.body, placed.statement):
                    return handler
    return None


def in_finally(placed: Placed) -> ir.Try | None:
    """The innermost `try` in whose `finally` the statement stands, if there is one."""
    found = (outer for outer in reversed(placed.around) if isinstance(outer, ir.Try))
    return next((outer for outer in found if within(outer.final, placed.statement)), None)


class Located(Protocol):
    """Anything with a span."""

    @property
    def at(self) -> ir.At:
        """The span."""


def within(body: tuple[ir.Stmt, ...], located: Located) -> bool:
    """Whether something stands in a block, at any depth."""
    return bool(body) and body[0].at[:2] <= located.at[:2] and located.at[2:] <= body[-1].at[2:]


def handler_names(handler: ir.Handler) -> tuple[str, ...]:
    """The bare names of the classes that a clause takes; `BaseException` for a bare one, "" for other expressions."""
    if handler.exception is None:
        return ("BaseException",)
    parts = handler.exception.items if isinstance(handler.exception, ir.Collection) else (handler.exception,)
    return tuple((ir.dotted_name(part) or "").rpartition(".")[2] for part in parts)


def _catches(scope: Scope, outer: ir.Stmt, statement: ir.Stmt, wanted: Collection[str]) -> bool:
    if isinstance(outer, ir.Try) and within(outer.body, statement):
        return any(name == "" or name in wanted for handler in outer.handlers for name in handler_names(handler))
    if isinstance(outer, ir.With):
        return any(_suppresses(scope, item.context, wanted) for item in outer.items)
    return False


def _suppresses(scope: Scope, context: ir.Expr, wanted: Collection[str]) -> bool:
    if not isinstance(context, ir.Call):
        return False
    found = scope.project.names.expr(scope, context.func)
    if not any(isinstance(target, External) and target.dotted == "contextlib.suppress" for target in found):
        return False
    names = ((ir.dotted_name(argument) or "").rpartition(".")[2] for argument in context.args)
    return any(name == "" or name in wanted for name in names)
