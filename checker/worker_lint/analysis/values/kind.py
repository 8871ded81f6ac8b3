"""What an expression can denote, beyond what a bare name stands for, and how two answers agree."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, TypeAlias

from worker_lint.analysis.entity import Class, External, Function, Instance, ModuleScope, Unknown, Value
from worker_lint.analysis.models import ModelFunction


@dataclass(frozen=True, slots=True)
class Absent:
    """None, or nothing at all yet: it agrees with everything."""


@dataclass(frozen=True, slots=True)
class Items:
    """A collection, or an iterator over one, whose items (of a mapping: its values) are all `of` one kind."""

    of: Kind


@dataclass(frozen=True, slots=True)
class Bound:
    """A method with its object: `self.run`. One of `function` and `model` says which."""

    receiver: Instance
    function: Function | None = None
    model: ModelFunction | None = None
    sure: bool = True


@dataclass(frozen=True, slots=True)
class Awaitable:
    """A coroutine, not yet awaited: `of` is what awaiting it gives."""

    of: Kind


@dataclass(frozen=True, slots=True)
class Partial:
    """`functools.partial(of, …)`: calling it calls `of`."""

    of: Kind


@dataclass(frozen=True, slots=True)
class Context:
    """The result of a function under `contextmanager`: entering it gives `of`, leaving it resumes `function`."""

    of: Kind
    function: Function


@dataclass(frozen=True, slots=True)
class Super:
    """`super()` in a method of `owner`, on an object of class `me`."""

    owner: Class
    me: Class


Kind: TypeAlias = (
    Absent
    | Items
    | Bound
    | Awaitable
    | Partial
    | Context
    | Super
    | Instance
    | Class
    | External
    | Function
    | ModuleScope
    | Value
    | Unknown
)

ABSENT: Final = Absent()
UNKNOWN: Final = Unknown()


def join(kinds: Iterable[Kind]) -> Kind:
    """What holds whichever of them it is; Unknown when they disagree, or one of them is unknown."""
    found: Kind = ABSENT
    for kind in kinds:
        found = _agreed(found, kind)
        if isinstance(found, Unknown):
            return UNKNOWN
    return found


def within_declared(declared: Kind, found: Kind) -> Kind:
    """What a collection holds: objects of the declared class where those found are of a base of it, else the found."""
    if isinstance(declared, Items) and isinstance(found, Items) and isinstance(found.of, Instance):
        if isinstance(declared.of, Instance) and isinstance(declared.of.of, Class) and isinstance(found.of.of, Class):
            if found.of.of in declared.of.of.project.hierarchy.order(declared.of.of):
                return declared
    return found


def _agreed(left: Kind, right: Kind) -> Kind:
    if isinstance(left, Absent) or left == right:
        return right
    if isinstance(right, Absent):
        return left
    if isinstance(left, Items) and isinstance(right, Items):
        return Items(_agreed(left.of, right.of))
    if isinstance(left, Awaitable) and isinstance(right, Awaitable):
        return Awaitable(_agreed(left.of, right.of))
    if isinstance(left, Instance) and isinstance(right, Instance):
        return _same_object(left, right)
    return UNKNOWN


def _same_object(left: Instance, right: Instance) -> Kind:
    """Objects of one class, or of a class and a subclass of it."""
    if left.of == right.of:
        return Instance(left.of, exact=left.exact and right.exact)
    if isinstance(left.of, Class) and isinstance(right.of, Class):
        hierarchy = left.of.project.hierarchy
        if right.of in hierarchy.order(left.of):
            return Instance(right.of)
        if left.of in hierarchy.order(right.of):
            return Instance(left.of)
    return UNKNOWN
