"""
Methods that leave a field at None on which the stop of the object still counts.

Losing a connection, detaching from a parent and coming up in a forked child all leave an object that somebody is
going to stop.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from worker_lint.analysis.entity import Class, Function
from worker_lint.analysis.launched import is_event_callback
from worker_lint.analysis.nesting import mentions
from worker_lint.analysis.standing import NOTHING, Misstep, Standing, lets_through
from worker_lint.analysis.visit import is_none
from worker_lint.source import ir


class Cleared(NamedTuple):
    """A method that any user or library may run, what the stop does wrong after it, and where the field is cleared."""

    method: Function
    misstep: Misstep
    at: ir.At


def cleared_before(cls: Class, stop: Function, standing: Standing) -> Iterator[Cleared]:
    """
    What a stop first does wrong when another method has run before it, whatever the object was like: a public one, or
    one that is handed to a library to be called at an event.
    """
    spoken = standing.spoken
    words = spoken.words(stop)
    for method in cls.project.values.fields.methods(cls):
        if method is stop or not mentions(method, "None") or not lets_through(method):
            continue
        if words is not None and words.isdisjoint(spoken.given(method)):
            continue
        fields = _cleared_by(cls, method)
        if not fields or (words is not None and words.isdisjoint(fields)) or not _is_open(cls, method):
            continue
        after = frozenset(one for one in standing.after(method, NOTHING) if one[1] == "none")
        for misstep in standing.missteps(stop, after) if after else ():
            at = _cleared_at(cls, method, misstep.place[1])
            if misstep.value in ("none", "handed") and at is not None:
                yield Cleared(method, misstep, at)
                break  # what follows fails for the same reason


def _is_open(cls: Class, method: Function) -> bool:
    if not method.name.startswith("_"):
        return True
    return not method.name.startswith("__") and any(
        use.place == ("self", method.name) and is_event_callback(use)
        for one in cls.project.values.fields.methods(cls)
        if mentions(one, method.name)
        for use in cls.project.places.uses(one, cls)
    )


def _cleared_by(cls: Class, method: Function) -> frozenset[str]:
    """The fields for which `_cleared_at` finds a place."""
    subject = method.node.params[0].name if method.node.params else ""
    return frozenset(
        place[1]
        for place, sources in cls.project.values.bindings(method).places.items()
        if len(place) == 2 and place[0] == subject and any(is_none(one.expr) for one in sources)
    )


def _cleared_at(cls: Class, method: Function, name: str) -> ir.At | None:
    """Where the method itself puts None there; what it does further down is left alone."""
    for one in cls.project.values.fields.assigned(cls, name):
        if one.scope == method and not one.added and is_none(one.source.expr):
            return one.source.at
    return None


def is_set_elsewhere(cls: Class, name: str) -> bool:
    """Whether a subclass, or code outside the class, may set the field."""
    project = cls.project
    for sub in project.hierarchy.descendants(cls):
        if name in project.values.fields.own(sub) or project.hierarchy.own(sub, name):
            return True
    if project.hierarchy.may_inherit(cls, name):
        return True
    return project.uses.is_written(cls, (f".{name}",), rf"(?<!\bself)\.{re.escape(name)}\b[^=\n]*(?<![=!<>])=(?!=)")
