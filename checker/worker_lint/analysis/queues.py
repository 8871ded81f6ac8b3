"""Queues that an object keeps: where they are made with a limit, and who takes out what is put there."""

from __future__ import annotations

from typing import Final

from worker_lint.analysis.entity import Class, External, Instance
from worker_lint.analysis.nesting import own_expressions
from worker_lint.analysis.places import Use
from worker_lint.analysis.touching import acts_of, code_of, family
from worker_lint.source import ir

_QUEUES: Final = ("queue.Queue", "asyncio.queues.Queue", "multiprocessing.queues.Queue")


def bounded_at(cls: Class, name: str) -> ir.At | None:
    """Where the queue in the field is made, if it has a limit that is known."""
    kind = cls.project.values.field(cls, name)
    if not isinstance(kind, Instance) or not isinstance(kind.of, External) or kind.of.dotted not in _QUEUES:
        return None
    for one in cls.project.values.fields.assigned(cls, name):
        expr = one.source.expr
        if one.source.how == "value" and isinstance(expr, ir.Call):
            given = [*expr.args[:1], *(keyword.value for keyword in expr.keywords if keyword.name == "maxsize")]
            for value in given:
                if isinstance(value, ir.Constant) and isinstance(value.value, int) and value.value > 0:
                    return expr.at
    return None


def is_emptied_by_own(cls: Class, name: str) -> bool:
    """Whether code that the object itself runs elsewhere takes items out, or may do so."""
    for owner in family(cls):
        for method in cls.project.values.fields.methods(owner):
            for entry in cls.project.workers.entries(method, cls):
                for runs in entry.callee.runs:
                    if any(act.name == name for act in code_of(cls, runs)):
                        return True
            for act in acts_of(method, cls):
                if act.name == name and act.use is not None and _hands_over(act.use):
                    return True
    return False


def _hands_over(use: Use) -> bool:
    """Whether the queue itself, not an item of it, is given to somebody."""
    if use.how not in {"passed", "stored", "held"} or use.statement is None:
        return False
    return any(node.at == use.at and isinstance(node, ir.Attribute) for node in own_expressions(use.statement))
