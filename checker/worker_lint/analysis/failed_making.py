"""What may fail while an object is made, before one of its fields is set."""

from __future__ import annotations

from typing import Final, Literal, NamedTuple, TypeAlias

from worker_lint.analysis.entity import Class, Function
from worker_lint.analysis.finalizing import is_conditional
from worker_lint.analysis.flow.visit import find, place_of
from worker_lint.analysis.guard import catches
from worker_lint.analysis.membership import flat_targets
from worker_lint.analysis.nesting import Placed, mentions, own_calls, placed_statements
from worker_lint.source import ir

Cause: TypeAlias = Literal["outside", "check", "claim"]

_CLAIMS: Final = ("NotImplementedError", "NotImplemented")
"""What a base raises whose subclasses do not call it."""


class Risk(NamedTuple):
    """
    A failure of `__init__` that leaves a field unset.

    Attributes:
        at: What fails.
        set_at: Where the field is set.
        cause: `outside` for what only the world decides (a file, a socket), `check` for a `raise` of the project's own,
            which a caller who keeps to it never meets, `claim` for an `assert`, which its author thinks never fails.
    """

    at: ir.At
    set_at: ir.At
    cause: Cause


def risk_before(cls: Class, init: Function, field: str) -> Risk | None:
    """What may fail in `__init__` before it sets the field; None when the field comes first, or may."""
    subject = init.node.params[0].name if init.node.params else ""
    risk: tuple[ir.At, Cause] | None = None
    for placed in placed_statements(init.body):
        statement = placed.statement
        if risk is None or risk[1] == "claim":
            risk = risk if catches(init, placed, ()) else _risk_in(cls, init, placed) or risk
            if risk is None and _sets_within(cls, init, statement, field):
                return None
        if isinstance(statement, ir.Assign):
            if f"{subject}.{field}" in _names(statement.targets):
                is_sure = risk is not None and not is_conditional(placed.around)
                return Risk(risk[0], statement.at, risk[1]) if risk is not None and is_sure else None
    return None


def _names(targets: tuple[ir.Expr, ...]) -> frozenset[str]:
    """What an assignment gives values to, also those of `self.a, self.b = pair`."""
    return frozenset(ir.dotted_name(one) or "" for one in flat_targets(targets))


def _risk_in(cls: Class, init: Function, placed: Placed) -> tuple[ir.At, Cause] | None:
    """What in a statement is known to raise: itself, a modelled call, or a function of the project that raises."""
    statement = placed.statement
    if isinstance(statement, (ir.Raise, ir.Assert)):
        return statement.at, "claim" if isinstance(statement, ir.Assert) else "check"
    for call in own_calls(statement):
        callee = cls.project.calls.of(init, call, cls)
        if callee.is_sure and callee.model is not None and isinstance(callee.model.raises, tuple):
            if not catches(init, placed, [name.rpartition(".")[2] for name in callee.model.raises]):
                return call.at, "outside"
        if callee.is_single and callee.creates is None:
            function = callee.runs[0].function
            if not function.node.is_async and any(not _is_claim(one) for one in find(ir.Raise, function.body)):
                return call.at, "check"
    return None


def _is_claim(statement: ir.Raise) -> bool:
    raised = statement.exception.func if isinstance(statement.exception, ir.Call) else statement.exception
    return (ir.dotted_name(raised) if raised is not None else "") in _CLAIMS


def _sets_within(cls: Class, init: Function, statement: ir.Stmt, field: str) -> bool:
    """Whether the statement calls a method of the same object that sets the field."""
    for call in own_calls(statement):
        callee = cls.project.calls.of(init, call, cls)
        for runs in callee.runs if callee.creates is None else ():
            subject = runs.function.node.params[0].name if runs.function.node.params else ""
            for node in find(ir.Assign, runs.function.body) if runs.me is cls else ():
                if f"{subject}.{field}" in _names(node.targets):
                    return True
    return False


def made_by_its_module(cls: Class) -> bool:
    """Whether code of the file in which the class stands makes objects of it: that code knows what they are given."""
    for function in cls.project.functions_in(cls.path):
        for call in find(ir.Call, function.body) if mentions(function, f"{cls.name}(", f"{cls.name}.") else ():
            place = place_of(call.func) or ("",)
            if place[-1] == cls.name or place[0] == cls.name:  # the second by a factory of the class: `Node.make()`
                return True
    return False
