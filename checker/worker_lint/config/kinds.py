"""
The kinds of values that a setting can have.

A kind checks a value from TOML, describes itself for the documentation and gives its JSON
schema: one place for all three, so that they cannot disagree. Tables are in tables.py.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Protocol, TypeVar

import msgspec

from worker_lint.config.known import KnownRules
from worker_lint.config.problems import nearest

Keys = tuple[str, ...]
Schema = dict[str, Any]
T = TypeVar("T")


class Reader(Protocol):
    """What a kind needs while it checks: the rules, and somewhere to complain."""

    known: KnownRules

    def error(self, keys: Keys, message: str, remedy: str = "", value: str | None = None) -> None:
        """Report a wrong value; `value` helps to find its line."""

    def warning(self, keys: Keys, message: str, remedy: str = "", value: str | None = None) -> None:
        """Report a value that still works, but not for long."""


class Kind(msgspec.Struct, frozen=True):
    """
    A kind of value.

    `convert` gives a value of one of the `types` in the form the settings hold, or None after a
    complaint. `schema` gives the JSON schema of the values that are right.
    """

    title: str
    types: tuple[type, ...]
    convert: Callable[[Any, Keys, Reader], object]
    schema: Callable[[KnownRules], Schema]

    def read(self, value: object, keys: Keys, reader: Reader) -> object:
        """Give the value in the form the settings hold, or None after a complaint."""
        # For TOML true is no number, though for Python it is.
        if isinstance(value, self.types) and (not isinstance(value, bool) or bool in self.types):
            return self.convert(value, keys, reader)
        shown = repr(value) if isinstance(value, str | int | float) else f"a {_toml_type(value)}"
        remedy = ""
        if isinstance(value, str) and list in self.types:
            remedy = f"a list needs brackets: [{value!r}]"
        elif isinstance(value, int | float) and str in self.types:
            remedy = "text needs quotes"
        text = value if isinstance(value, str) else None
        reader.error(keys, f"{'.'.join(keys)} is {shown}, but must be: {self.title}", remedy, text)
        return None


BOOLEAN = Kind("true or false", (bool,), lambda value, *_: value, lambda _: {"type": "boolean"})
INTEGER = Kind("whole number", (int,), lambda value, *_: value, lambda _: {"type": "integer"})
NUMBER = Kind("number", (int, float), lambda value, *_: value, lambda _: {"type": "number"})
TEXT = Kind("text", (str,), lambda value, *_: value, lambda _: {"type": "string"})


def positive() -> Kind:
    """Accept a whole number above zero."""

    def convert(value: int, keys: Keys, reader: Reader) -> int | None:
        if value > 0:
            return value
        reader.error(keys, f"{'.'.join(keys)} cannot be {value}", "write a number above 0")
        return None

    return Kind("whole number above 0", (int,), convert, lambda _: {"type": "integer", "exclusiveMinimum": 0})


def choice(*words: str) -> Kind:
    """Accept one of a few words."""
    title = " or ".join(f'"{word}"' for word in words)

    def convert(value: str, keys: Keys, reader: Reader) -> str | None:
        if value in words:
            return value
        reader.error(keys, f"{'.'.join(keys)} cannot be {value!r}", nearest(value, words) or f"write {title}", value)
        return None

    return Kind(title, (str,), convert, lambda _: {"enum": list(words)})


def matching(title: str, pattern: str) -> Kind:
    """Accept a text of a certain form."""

    def convert(value: str, keys: Keys, reader: Reader) -> str | None:
        if re.fullmatch(pattern, value):
            return value
        reader.error(keys, f"{'.'.join(keys)} cannot be {value!r}", f"write a {title}", value)
        return None

    return Kind(title, (str,), convert, lambda _: {"type": "string", "pattern": f"^(?:{pattern})$"})


def many(item: Kind) -> Kind:
    """Accept a list of values of one kind, held as a tuple."""

    def convert(value: list[object], keys: Keys, reader: Reader) -> tuple[object, ...]:
        read = (item.read(element, keys, reader) for element in value)
        return tuple(element for element in read if element is not None)

    return Kind(
        f"list of: {item.title}", (list,), convert, lambda known: {"type": "array", "items": item.schema(known)}
    )


def selector() -> Kind:
    """Accept a rule's name or code, the start of codes, or ALL; a removed one becomes its successor."""

    def convert(value: str, keys: Keys, reader: Reader) -> str | None:
        if reader.known.is_selector(value):
            return value
        successor = reader.known.removed.get(value)
        if successor is not None:
            remedy = f"write {successor!r} instead" if successor else "delete it"
            reader.warning(keys, f"the rule {value!r} was removed", remedy, value)
            return successor or None
        remedy = nearest(value, reader.known.selectors) or "`worker-lint rules` lists all rules"
        reader.error(keys, f"no rule is called {value!r}", remedy, value)
        return None

    return Kind("rule name, code, start of codes, or ALL", (str,), convert, _selector_schema)


def _selector_schema(known: KnownRules) -> Schema:
    starts = [{"type": "string", "pattern": f"^{family}[0-9]*$"} for family in known.families]
    return {"anyOf": [{"enum": list(known.selectors)}, *starts]}


def _toml_type(value: object) -> str:
    return "table" if isinstance(value, dict) else type(value).__name__
