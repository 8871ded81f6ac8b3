"""Queues that an object keeps: where they are made with a limit, and who takes out what is put there."""

from __future__ import annotations

import re
from typing import Final

from worker_lint.analysis.entity import Class, External, Function, Instance
from worker_lint.analysis.nesting import own_expressions
from worker_lint.analysis.places import Use
from worker_lint.analysis.touching import acts_of, code_of, family
from worker_lint.source import ir

_NEXT: Final = frozenset({"__next__", "__anext__"})
_GETS: Final = frozenset({"get", "get_nowait"})
_PUTS: Final = frozenset({"put", "put_nowait"})
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


def is_left_unread(cls: Class, name: str, stop: Function) -> bool:
    """
    Whether the queue may well be full when the object is stopped: it is what an iteration over the object takes its
    items from, which ends where its user likes, and others than the stop put items in.
    """
    methods = list(cls.project.values.fields.methods(cls))
    if not any(_does(method, cls, name, _GETS) for method in methods if method.name in _NEXT):
        return False
    if any(_does(method, cls, name, _PUTS) for method in methods if method != stop):
        return True
    return cls.project.uses.is_written(cls, (f".{name}.",), rf"(?<!\bself)\.{re.escape(name)}\.put")


def _does(method: Function, cls: Class, name: str, wanted: frozenset[str]) -> bool:
    return any(act.name == name and act.called in wanted for act in acts_of(method, cls))


def _hands_over(use: Use) -> bool:
    """Whether the queue itself, not an item of it, is given to somebody."""
    if use.how not in {"passed", "stored", "held"} or use.statement is None:
        return False
    return any(node.at == use.at and isinstance(node, ir.Attribute) for node in own_expressions(use.statement))
