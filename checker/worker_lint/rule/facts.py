"""
The questions of fact that a finding rests on.

Each is a statement that a second reader of the same source can agree with or contradict: this call
creates that class, these members are left abstract. `--confirm` puts them to another inference
engine. They are plain values: paths, places, names.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, TypeAlias

import msgspec

from worker_lint.source.ir import At

if TYPE_CHECKING:
    from worker_lint.analysis import Ancestor, Class, Found
    from worker_lint.analysis.contract import Missing
    from worker_lint.analysis.evidence import Evidence


class Place(msgspec.Struct, frozen=True, tag=True):
    """A class or function of the project, by the place of its name."""

    path: str
    at: At
    name: str


Named: TypeAlias = Place | str
"""A class: of the project by its place, or outside of it by its dotted name."""


class Creates(msgspec.Struct, frozen=True, tag=True):
    """The call at the place creates an object of exactly this class; a class that is raised counts as called."""

    path: str
    at: At
    cls: Place


class LeftAbstract(msgspec.Struct, frozen=True, tag=True):
    """These members are in `__abstractmethods__` of the class, so that Python creates no object of it."""

    cls: Place
    names: tuple[str, ...]


class Marked(msgspec.Struct, frozen=True, tag=True):
    """The definitions that look-up finds for these members are marked abstract, whoever reads the marks."""

    cls: Place
    names: tuple[str, ...]


class Enforced(msgspec.Struct, frozen=True, tag=True):
    """Whether the class's metaclass is, or derives from, `abc.ABCMeta`."""

    cls: Place
    yes: bool


class Derives(msgspec.Struct, frozen=True, tag=True):
    """The base stands in the resolution order of the class."""

    cls: Place
    base: Named


class Finds(msgspec.Struct, frozen=True, tag=True):
    """Looking the member up behind the class, as `super()` does, ends at the owner."""

    cls: Place
    name: str
    owner: Named


class Lacks(msgspec.Struct, frozen=True, tag=True):
    """No class of the resolution order has the member; with `behind` the class itself is not asked."""

    cls: Place
    name: str
    behind: bool = False


class Means(msgspec.Struct, frozen=True, tag=True):
    """The expression at the place refers to this thing outside the project."""

    path: str
    at: At
    dotted: str


Fact: TypeAlias = Creates | LeftAbstract | Marked | Enforced | Derives | Finds | Lacks | Means


def place_of(cls: Class) -> Place:
    """The class as facts name it."""
    return Place(cls.path, cls.node.name_at, cls.name)


def named(ancestor: Ancestor) -> Named:
    """A class of a resolution order as facts name it."""
    from worker_lint.analysis import Class  # the command line loads this module for `Rule` alone

    return place_of(ancestor) if isinstance(ancestor, Class) else ancestor.name


def incomplete(cls: Class, missing: Iterable[Missing]) -> tuple[Fact, ...]:
    """That Python refuses to create objects of the class because of these members."""
    place = place_of(cls)
    return LeftAbstract(place, tuple(sorted(item.name for item in missing))), Enforced(place, yes=True)


def overrides(cls: Class, found: Found, *callers: Class) -> tuple[Fact, ...]:
    """That the class hides this member of a base, and derives from the classes whose code uses it."""
    place = place_of(cls)
    return Finds(place, found.member.name, named(found.owner)), *(Derives(place, place_of(base)) for base in callers)


def created(cls: Class, evidence: Evidence | None) -> tuple[Fact, ...]:
    """That an object of the class is created where the evidence says so; nothing for other evidence."""
    if evidence is None or evidence.kind != "created":
        return ()
    return (Creates(evidence.path, evidence.at, place_of(cls)),)
