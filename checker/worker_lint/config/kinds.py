"""
The kinds of values that a setting can have.

A kind checks a value from TOML, describes itself for the documentation and gives its JSON
schema: one place for all three, so that they cannot disagree. Tables are in tables.py.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Protocol

from worker_lint.config.known import KnownRules
from worker_lint.config.problems import nearest

Keys = tuple[str, ...]
Schema = dict[str, Any]


class Reader(Protocol):
    """What a kind needs while it checks: the rules, and somewhere to complain."""

    @property
    def known(self) -> KnownRules: ...

    def error(self, keys: Keys, message: str, help: str = "", value: str | None = None) -> None:
        """Report a wrong value; `value` helps to find its line."""

    def warning(self, keys: Keys, message: str, help: str = "", value: str | None = None) -> None:
        """Report a value that still works, but not for long."""


class Kind(Protocol):
    """A kind of value."""

    @property
    def title(self) -> str: ...

    def read(self, value: object, keys: Keys, reader: Reader) -> Any:
        """Give the value in the form the settings hold, or None after a complaint."""

    def schema(self, known: KnownRules) -> Schema:
        """Give the JSON schema of the values that are right."""


@dataclass(frozen=True, slots=True)
class Scalar:
    """A plain boolean, whole number, number or text."""

    type: type[bool] | type[int] | type[float] | type[str]

    @property
    def title(self) -> str:
        return {bool: "true or false", int: "whole number", float: "number", str: "text"}[self.type]

    def read(self, value: object, keys: Keys, reader: Reader) -> object:
        allowed = (int, float) if self.type is float else (self.type,)
        if isinstance(value, allowed) and isinstance(value, bool) == (self.type is bool):
            return value
        return wrong_type(value, keys, reader, self.title)

    def schema(self, known: KnownRules) -> Schema:
        return {"type": {bool: "boolean", int: "integer", float: "number", str: "string"}[self.type]}


@dataclass(frozen=True, slots=True)
class Positive:
    """A whole number above zero."""

    title: str = "whole number above 0"

    def read(self, value: object, keys: Keys, reader: Reader) -> object:
        if isinstance(value, int) and not isinstance(value, bool) and value > 0:
            return value
        return wrong_type(value, keys, reader, self.title)

    def schema(self, known: KnownRules) -> Schema:
        return {"type": "integer", "exclusiveMinimum": 0}


@dataclass(frozen=True, slots=True)
class Choice:
    """One of a few words."""

    words: tuple[str, ...]

    @property
    def title(self) -> str:
        return " or ".join(f'"{word}"' for word in self.words)

    def read(self, value: object, keys: Keys, reader: Reader) -> object:
        if not isinstance(value, str):
            return wrong_type(value, keys, reader, self.title)
        if value not in self.words:
            remedy = nearest(value, self.words) or f"write {self.title}"
            reader.error(keys, f"{'.'.join(keys)} cannot be {value!r}", remedy, value)
            return None
        return value

    def schema(self, known: KnownRules) -> Schema:
        return {"enum": list(self.words)}


@dataclass(frozen=True, slots=True)
class Matching:
    """A text of a certain form."""

    title: str
    pattern: str

    def read(self, value: object, keys: Keys, reader: Reader) -> object:
        if not isinstance(value, str):
            return wrong_type(value, keys, reader, f"{self.title}, in quotes")
        if not re.fullmatch(self.pattern, value):
            reader.error(keys, f"{'.'.join(keys)} cannot be {value!r}", f"write a {self.title}", value)
            return None
        return value

    def schema(self, known: KnownRules) -> Schema:
        return {"type": "string", "pattern": f"^(?:{self.pattern})$"}


@dataclass(frozen=True, slots=True)
class Selector:
    """A rule's name or code, the start of codes, or ALL; a removed one becomes its successor."""

    title: str = "rule name, code, start of codes, or ALL"

    def read(self, value: object, keys: Keys, reader: Reader) -> object:
        if not isinstance(value, str):
            return wrong_type(value, keys, reader, self.title)
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

    def schema(self, known: KnownRules) -> Schema:
        families = sorted({rule.code.rstrip("0123456789") for rule in known.rules})
        starts = {"type": "string", "pattern": f"^(?:{'|'.join(families)})[0-9]*$"}
        return {"anyOf": [{"enum": list(known.selectors)}, *([starts] if families else [])]}


@dataclass(frozen=True, slots=True)
class Many:
    """A list of values of one kind, held as a tuple; an item that is wrong is left out."""

    item: Kind

    @property
    def title(self) -> str:
        return f"list of: {self.item.title}"

    def read(self, value: object, keys: Keys, reader: Reader) -> object:
        if not isinstance(value, list | tuple):
            return wrong_type(value, keys, reader, self.title)
        read = (self.item.read(item, keys, reader) for item in value)
        return tuple(item for item in read if item is not None)

    def schema(self, known: KnownRules) -> Schema:
        return {"type": "array", "items": self.item.schema(known)}


def wrong_type(value: object, keys: Keys, reader: Reader, expected: str) -> None:
    """Complain about a value of a type that the key cannot have."""
    shown = repr(value) if isinstance(value, str | int | float | bool) else f"a {_toml_type(value)}"
    remedy = "a list needs brackets: [...]" if expected.startswith("list") and isinstance(value, str) else ""
    text = value if isinstance(value, str) else None
    reader.error(keys, f"{'.'.join(keys)} is {shown}, but must be: {expected}", remedy, text)


def _toml_type(value: object) -> str:
    return {list: "list", dict: "table"}.get(type(value), type(value).__name__)
