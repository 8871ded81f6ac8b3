"""Hooks: methods that do nothing in the class that calls them, so that others fill them with code of theirs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from worker_lint.analysis.entity import Class, Function
from worker_lint.analysis.flow import find
from worker_lint.analysis.member import Member
from worker_lint.analysis.models import ModelClass
from worker_lint.analysis.tiers.handling import is_logging
from worker_lint.source import ir

_LAST: Final = frozenset({"close", "stop", "shutdown", "cancel", "terminate"})
_OFFERED: Final = re.compile(
    r"(?i)\b(?:(?:called|invoked|executed|run|triggered) (?:when|whenever|before|after|on|once|if|by|each|every|as)|"
    r"overrid\w+|override|subclass\w*|hook|callback|user code)\b"
)


def is_hook(function: Function, call: ir.Call) -> bool:
    """
    Whether this runs a method of the own class that does nothing there and that others fill: by an override that can
    fail, or, where none is seen, because it is a public one that this class is the first to have. An empty method
    that some base asks for is no hook: its class has nothing to do there.
    """
    empty = _empty_method(function, call)
    if empty is None:
        return False
    others = [one for one in _overrides(function, empty.name) if one.node.shape == "other"]
    if others:
        return any(_can_fail(one) for one in others)
    return not empty.name.startswith("_") and _is_first(empty)


def is_offered(function: Function, call: ir.Call) -> bool:
    """Whether the text of such a hook says when it is called, or that it is to be overridden: code of users runs."""
    empty = _empty_method(function, call)
    if empty is None or empty.name.startswith("_"):
        return False
    text = empty.project.store.text(empty.path)
    return _OFFERED.search(text.segment(empty.node.at)) is not None and _is_first(empty)


def _empty_method(function: Function, call: ir.Call) -> Function | None:
    """The method that objects of exactly this class run, where it is one with a docstring that does nothing."""
    if not isinstance(call.func, ir.Attribute) or not isinstance(call.func.value, ir.Name):
        return None
    params, name = function.node.params, call.func.name
    if not params or call.func.value.id != params[0].name or function.owner is None:
        return None
    if name in _LAST or name.startswith("__"):
        return None
    found = function.project.hierarchy.find(function.owner, name)
    if found is None or not isinstance(found.owner, Class) or not isinstance(found.member, Member):
        return None
    parts = found.member.parts
    own = function.project.function_of(found.owner, parts[0]) if len(parts) == 1 else None
    is_empty = own is not None and own.node.docstring and own.node.shape in ("trivial", "abstract-docstring")
    return own if is_empty else None


def _overrides(function: Function, name: str) -> Iterator[Function]:
    """The methods that subclasses put in place of one; those of tests say nothing of what users do there."""
    project, owner = function.project, function.owner
    for sub in project.hierarchy.defining_below(owner, name) if owner is not None else ():
        project.store.trail.leads(function.path, sub.path)
        if project.store.role(sub.path) != "product":
            continue
        parts = (member.parts for member in project.hierarchy.own(sub, name) if isinstance(member, Member))
        yield from (project.function_of(sub, part[0]) for part in parts if part)


def _is_first(method: Function) -> bool:
    """Whether no base of the method's class has a method of that name; a base of which nothing is known might."""
    if method.owner is None:
        return False
    project = method.project
    for base in project.hierarchy.ancestors(method.owner):
        match base:
            case Class():
                if any(one.name == method.name for one in project.values.fields.methods(base)):
                    return False
            case ModelClass():
                if method.name in base.members:
                    return False
            case _:
                return False
    return True


def _can_fail(override: Function) -> bool:
    """Whether an override does more than to set its own fields and to log."""
    body = override.statements
    if any(True for kind in (ir.Await, ir.Raise, ir.Subscript) for _ in find(kind, body)):
        return True
    return any(not is_logging(call) for call in find(ir.Call, body))
