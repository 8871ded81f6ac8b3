"""
What may be thrown and who catches it: exception classes by qualified name.

A built-in class is named without its module (`ValueError`). Classes of libraries and of the
project come in as names with their bases; a class nobody told about counts as an `Exception`.
"""

from __future__ import annotations

import builtins
from collections.abc import Collection, Iterable, Mapping
from functools import cache
from typing import Final, NamedTuple, TypeAlias

from msgspec import Struct


class Thrown(NamedTuple):
    """An exception in flight: an instance of the class `name`, or of a subclass unless `exact`."""

    name: str
    exact: bool = False


ThrownSet: TypeAlias = frozenset[Thrown]

ANY: Final = Thrown("Exception")
"""Some `Exception` of which no more is known."""

NOTHING: Final[ThrownSet] = frozenset()


class Raises(Struct, frozen=True):
    """
    What one step may raise instead of completing. With `always` it never completes; with
    `always` and nothing thrown it never comes back at all (`os._exit`, an endless callee).
    """

    thrown: ThrownSet = NOTHING
    always: bool = False


NEVER: Final = Raises()
HALTS: Final = Raises(always=True)


def may_raise(*names: str) -> Raises:
    """Completes, or raises one of these classes or of their subclasses; without names any `Exception`."""
    return Raises(frozenset(map(Thrown, names)) or frozenset({ANY}))


def always_raises(*names: str) -> Raises:
    """Raises one of these classes, exactly; without names any `Exception`."""
    return Raises(frozenset(Thrown(name, exact=True) for name in names) or frozenset({ANY}), always=True)


class Split(NamedTuple):
    """What of the exceptions in flight one catcher takes, and what goes on. May overlap when unsure."""

    caught: ThrownSet
    rest: ThrownSet


class Hierarchy:
    """Which exception class derives from which: the built-in ones and those in `bases`."""

    def __init__(self, bases: Mapping[str, Iterable[str]] | None = None) -> None:
        self._bases: dict[str, tuple[str, ...]] = dict(_builtin_bases())
        self._aliases = _builtin_aliases()
        self._ancestors: dict[str, frozenset[str]] = {}
        for name, above in (bases or {}).items():
            self._bases[name] = tuple(above)

    @property
    def known(self) -> Collection[str]:
        """The canonical names of the classes whose bases are known."""
        return self._bases.keys()

    def canonical(self, name: str) -> str:
        """The class's own name: `IOError` and `builtins.OSError` are `OSError`."""
        name = name.removeprefix("builtins.")
        return self._aliases.get(name, name)

    def ancestors(self, name: str) -> frozenset[str]:
        """The class and all above it."""
        name = self.canonical(name)
        known = self._ancestors.get(name)
        if known is None:
            self._ancestors[name] = frozenset({name})  # ends the walk when bases are written in a circle
            above = self._bases.get(name, ("Exception",))
            known = frozenset({name}).union(*(self.ancestors(base) for base in above))
            self._ancestors[name] = known
        return known

    def is_subclass(self, name: str, above: str) -> bool:
        """Whether every instance of the one is an instance of the other, as far as is known."""
        return self.canonical(above) in self.ancestors(name)

    def split(self, thrown: Thrown, catchers: Iterable[str | None]) -> Split:
        """What a clause that names these classes takes; None is a class that could not be resolved."""
        caught: set[Thrown] = set()
        for catcher in catchers:
            if catcher is None:
                caught.add(thrown)
            elif self.is_subclass(thrown.name, catcher):
                return Split(frozenset({*caught, thrown}), NOTHING)
            elif not thrown.exact and self.is_subclass(catcher, thrown.name):
                caught.add(Thrown(self.canonical(catcher)))
        return Split(frozenset(caught), frozenset({thrown}))

    def is_group(self, thrown: Thrown) -> bool:
        """Whether the exception may be a group, which several `except*` clauses share."""
        name = self.canonical(thrown.name)
        return self.is_subclass(name, "BaseExceptionGroup") or (
            not thrown.exact and self.is_subclass("ExceptionGroup", name)
        )


@cache
def _builtin_classes() -> dict[str, type[BaseException]]:
    found = vars(builtins).items()
    return {name: value for name, value in found if isinstance(value, type) and issubclass(value, BaseException)}


@cache
def _builtin_bases() -> dict[str, tuple[str, ...]]:
    bases = {value.__name__: value.__bases__ for value in _builtin_classes().values()}
    named = {name: tuple(base.__name__ for base in above if base is not object) for name, above in bases.items()}
    return {**named, "asyncio.CancelledError": ("BaseException",)}


@cache
def _builtin_aliases() -> dict[str, str]:
    return {name: value.__name__ for name, value in _builtin_classes().items() if name != value.__name__}
