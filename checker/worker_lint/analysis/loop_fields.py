"""Futures in fields, and the event loops in fields that they were made for."""

from __future__ import annotations

from typing import NamedTuple

from worker_lint.analysis.entity import Class, Function
from worker_lint.analysis.visit import last_name
from worker_lint.source import ir


class Belongs(NamedTuple):
    """The field of the loop that a future was made for, and where it was made."""

    loop: str
    function: Function
    at: ir.At


def future_loops(cls: Class) -> dict[str, Belongs]:
    """The futures in fields, by name, with the field of the loop that each is made for."""
    found: dict[str, Belongs] = {}
    for name, sources in cls.project.values.fields.own(cls).items():
        for one in sources:
            made = one.source.expr
            if not isinstance(made, ir.Call) or not isinstance(one.scope, Function):
                continue
            loop = next((keyword.value for keyword in made.keywords if keyword.name == "loop"), None)
            if last_name(made.func) == "create_future" and isinstance(made.func, ir.Attribute):
                loop = made.func.value
            elif last_name(made.func) != "Future":
                continue
            field = field_named(one.scope, loop) if loop is not None else ""
            if field:
                found[name] = Belongs(field, one.scope, made.at)
    return found


def field_named(function: Function, expr: ir.Expr) -> str:
    """The field of the object that an expression in one of its methods names, or ""."""
    params = function.node.params
    name = ir.dotted_name(expr) or ""
    return name.partition(".")[2] if params and name.count(".") == 1 and name.startswith(f"{params[0].name}.") else ""
