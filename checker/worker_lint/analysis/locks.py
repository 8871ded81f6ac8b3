"""Locks that an object keeps in fields, and who takes them."""

from __future__ import annotations

from typing import Final

from worker_lint.analysis.calls import Runs
from worker_lint.analysis.entity import Class, External, Function, Instance
from worker_lint.analysis.flow import Place, find
from worker_lint.analysis.flow.visit import place_of
from worker_lint.analysis.nesting import mentions
from worker_lint.analysis.reached import Reached, reached_from
from worker_lint.source import ir

_LOCKS: Final = (
    "threading.Lock",
    "threading.RLock",
    "threading.Condition",
    "threading.Semaphore",
    "threading.BoundedSemaphore",
    "asyncio.locks.Lock",
    "asyncio.locks.Condition",
)


def locks_of(cls: Class, function: Function, statement: ir.With) -> dict[Place, ir.At]:
    """The fields that hold the locks of a `with`."""
    found: dict[Place, ir.At] = {}
    for item in statement.items:
        kind = cls.project.values.of(function, item.context, cls)
        if isinstance(kind, Instance) and isinstance(kind.of, External) and kind.of.dotted in _LOCKS:
            for place in cls.project.places.denotes(function, item.context, cls):
                if len(place) == 2:
                    found[place] = item.context.at
    return found


def taken_by(cls: Class, runs: Runs, locks: dict[Place, ir.At]) -> tuple[Place, Reached, ir.At] | None:
    """
    The first place where code that runs takes one of the locks of the class: which one, in which function, and where.
    A field of the same name in an object of another class is another lock.
    """
    for here in reached_from(runs):
        for placed in here.statements() if here.me is cls else ():
            if isinstance(placed.statement, ir.With):
                for place, at in locks_of(cls, here.function, placed.statement).items():
                    if place in locks:
                        return place, here, at
    return None


def hands_itself_to(cls: Class, fields: frozenset[str]) -> bool:
    """Whether a loop over one of the fields hands the object to each member: what runs there can call it back."""
    for method in cls.project.values.fields.methods(cls):
        subject = method.node.params[0].name if method.node.params else ""
        for loop in find(ir.For, method.body) if mentions(method, *fields) else ():
            if not any(node.name in fields for node in find(ir.Attribute, (loop.iter,))):
                continue
            members = {node.id for node in find(ir.Name, (loop.target,))}
            for call in find(ir.Call, loop.body):
                place = place_of(call.func) or ("",)
                if place[0] in members and any(isinstance(one, ir.Name) and one.id == subject for one in call.args):
                    return True
    return False
