"""Questions about contracts that several rules ask: which members are missing from a class."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from worker_lint.analysis.entity import Class
from worker_lint.analysis.listing import list_names
from worker_lint.analysis.lookup import Found
from worker_lint.analysis.member import Member
from worker_lint.analysis.metaclass import metaclass_exprs
from worker_lint.analysis.models import ModelClass
from worker_lint.analysis.mro import Opaque
from worker_lint.source import ir

_NONE: ir.At = (1, 1, 1, 1)


class Missing(msgspec.Struct, frozen=True):
    """An abstract member that is left in a class; `path` is empty for a class outside the project."""

    name: str
    owner: str
    path: str
    at: ir.At
    found: Found


def missing_members(cls: Class) -> tuple[Missing, ...]:
    """
    The abstract members because of which `cls()` raises TypeError, by name of the declaring class
    and line; none when Python would not refuse, or when that cannot be told.
    """
    hierarchy = cls.project.hierarchy
    found = hierarchy.abstract(cls)
    if not found.left or found.enforced != "yes" or not instantiation_is_checked(cls):
        return ()
    left = [_missing(name, member) for name, member in found.left.items()]
    return tuple(sorted(left, key=lambda item: (item.path, item.at, item.name)))


def _missing(name: str, found: Found) -> Missing:
    if isinstance(found.owner, Class) and isinstance(found.member, Member):
        return Missing(name, found.owner.name, found.owner.path, found.member.at, found)
    return Missing(name, found.owner.name, "", _NONE, found)


_PROTOCOLS = frozenset({"typing.Protocol", "typing_extensions.Protocol"})


def refuses_as_protocol(cls: Class) -> bool:
    """
    Whether `cls()` raises TypeError because the class itself is a Protocol. Python refuses it in
    the `__init__` that it gives to protocols, so one that writes its own `__init__` can be created.
    """
    hierarchy = cls.project.hierarchy
    if not any(isinstance(base, (ModelClass, Opaque)) and base.name in _PROTOCOLS for base in hierarchy.bases(cls)):
        return False
    for ancestor in hierarchy.order(cls):
        if isinstance(ancestor, Class):
            if {"__init__", "__new__"} & hierarchy.members(ancestor).keys() or cls.node.decorators:
                return False
        elif ancestor.name not in _PROTOCOLS | {"typing.Generic", "builtins.object", "abc.ABC"}:
            return False
    return True


def unenforced_members(cls: Class) -> tuple[Missing, ...]:
    """
    The members marked abstract that a class is left with although Python enforces nothing, as no
    metaclass does: an object can be created, and has the empty member of its base.
    """
    hierarchy = cls.project.hierarchy
    if hierarchy.enforced(cls) != "no" or hierarchy.is_dynamic(cls):
        return ()
    left: dict[str, Missing] = {}
    for ancestor in hierarchy.ancestors(cls):
        if isinstance(ancestor, Class):
            for name, members in hierarchy.members(ancestor).items():
                found = hierarchy.find(cls, name) if any(member.abstract for member in members) else None
                if found is not None and found.sure and found.abstract and found.owner is not cls:
                    left[name] = _missing(name, found)
    return tuple(sorted(left.values(), key=lambda item: (item.path, item.at, item.name)))


def instantiation_is_checked(cls: Class) -> bool:
    """
    Whether `cls()` reaches `object.__new__`, the one place where Python refuses abstract classes:
    no `__new__` or metaclass `__call__` of the project, no built-in with its own layout, nothing
    that sets members behind the scenes.
    """
    hierarchy = cls.project.hierarchy
    for ancestor in hierarchy.order(cls):
        if isinstance(ancestor, ModelClass):
            if ancestor.unchecked or _replaces_new(ancestor):
                return False
        elif isinstance(ancestor, Class) and _interferes(ancestor):
            return False
        elif isinstance(ancestor, Opaque) and ancestor.internal:
            return False
    return True


def _replaces_new(model: ModelClass) -> bool:
    return "__new__" in model.members and model.library != "python"


def _interferes(cls: Class) -> bool:
    members = cls.project.hierarchy.members(cls)
    if "__new__" in members or "__abstractmethods__" in members:
        return True
    if "__init_subclass__" in members and _sets_attributes(cls, members["__init_subclass__"]):
        return True
    return cls.project.store.mentions(cls.path, "__abstractmethods__") or _custom_metaclass(cls)


def _sets_attributes(cls: Class, members: tuple[Member, ...]) -> bool:
    store = cls.project.store
    return any(store.holds(cls.path, part, "setattr") for member in members for part in member.parts)


def _custom_metaclass(cls: Class) -> bool:
    """A metaclass of the project that overrides creation, directly or through a base of it."""
    hierarchy = cls.project.hierarchy
    for expr in metaclass_exprs(cls):
        for target in cls.project.names.expr(cls.parent or cls, expr):
            if not isinstance(target, Class):
                continue
            for ancestor in hierarchy.order(target):
                if (
                    isinstance(ancestor, Class)
                    and {"__call__", "__new__", "__init__"} & hierarchy.members(ancestor).keys()
                ):
                    return True
    return False


def list_members(missing: Iterable[Missing], limit: int = 3) -> str:
    """`` `a`, `b` and 2 more`` for messages."""
    return list_names((item.name for item in missing), limit)
