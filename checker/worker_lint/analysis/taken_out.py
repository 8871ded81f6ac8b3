"""What takes members out of a collection in a field: methods, callbacks, code outside the class."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from worker_lint.analysis.calls import Runs
from worker_lint.analysis.entity import Class, Function
from worker_lint.analysis.flow.visit import find
from worker_lint.analysis.membership import Change
from worker_lint.analysis.nesting import mentions
from worker_lint.analysis.places import Use
from worker_lint.analysis.stopping import is_stop_name
from worker_lint.source import ir

_LOOKS: Final = frozenset(
    {"wait", "gather", "as_completed", "len", "list", "tuple", "set", "sorted", "any", "all", "bool", "iter", "sum"}
)
"""Functions that look at a collection and leave it as it is."""


def shrinks(changes: list[tuple[Function, Change]], field: str) -> bool:
    """Whether anything but a stop method takes members out, or puts another collection in the place."""
    for method, change in changes:
        if change.field == field and change.kind != "adds" and method.name != "__init__":
            if change.name in {"discard", "remove", "pop", "popleft", "popitem"} or not is_stop_name(method.name):
                return True
    return False


def leaves_in_lambda(methods: list[Runs], field: str) -> bool:
    """Whether a lambda, such as a callback for the end of the work, takes its argument out of the field."""
    for runs in methods:
        for made in find(ir.Lambda, runs.function.body) if mentions(runs.function, "lambda") else ():
            for call in find(ir.Call, (made.body,)):
                name, _, taken = (ir.dotted_name(call.func) or "").rpartition(".")
                if name.endswith(f".{field}") and taken in {"discard", "remove", "pop"}:
                    return True
    return False


def is_shrunk_outside(cls: Class, field: str) -> bool:
    """
    Whether code outside the class, such as the work itself as its last step, takes members out of the field; in
    another file that may be a subclass.
    """
    words, taken = (f".{field}.",), rf"\.{re.escape(field)}\.(?:discard|remove|pop|popleft|popitem|clear)\("
    written = cls.project.uses.is_written
    return written(cls, words, rf"(?<!\bself){taken}") or written(cls, words, rf"\bself{taken}", own=False)


def emptied_by(changes: list[tuple[Function, Change]], field: str) -> Change | None:
    """The first change after the constructor that takes members out."""
    found = (one for method, one in changes if one.field == field and one.kind != "adds" and method.name != "__init__")
    return next(found, None)


def is_given_away(cls: Class, methods: list[Runs], field: str) -> bool:
    """Whether other code gets the collection itself, and so may take members out."""
    return any(_is_handed_over(use) for use in _uses(cls, methods, field))


def _uses(cls: Class, methods: list[Runs], field: str) -> Iterator[Use]:
    for runs in methods:
        yield from (use for use in cls.project.places.uses(runs.function, cls) if use.place == ("self", field))


def _is_handed_over(use: Use) -> bool:
    """Whether other code gets the collection, and so may take members out."""
    if use.how in {"stored", "returned", "held"}:
        return not isinstance(use.statement, ir.AugAssign)
    if use.how == "passed" and use.call is not None:
        func = use.call.func
        name = func.name if isinstance(func, ir.Attribute) else ir.dotted_name(func) or ""
        return name not in _LOOKS
    return use.how == "called" and use.name in {"difference_update", "intersection_update", "remove", "sort"}
