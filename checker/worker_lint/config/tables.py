"""The kinds of settings that are tables: by file pattern, by role, by rule, or with fixed keys."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from worker_lint.config.kinds import Keys, Kind, Many, Reader, Scalar, Schema, wrong_type
from worker_lint.config.known import KnownRule, KnownRules
from worker_lint.config.problems import nearest


@dataclass(frozen=True, slots=True)
class Patterns:
    """A table from file patterns to values of one kind."""

    item: Kind

    @property
    def title(self) -> str:
        return f"table from file pattern to {self.item.title}"

    def read(self, value: object, keys: Keys, reader: Reader) -> object:
        if not isinstance(value, dict):
            return wrong_type(value, keys, reader, self.title)
        read = {pattern: self.item.read(item, (*keys, pattern), reader) for pattern, item in value.items()}
        return {pattern: item for pattern, item in read.items() if item is not None}

    def schema(self, known: KnownRules) -> Schema:
        return {"type": "object", "additionalProperties": self.item.schema(known)}


@dataclass(frozen=True, slots=True)
class Fixed:
    """A table whose keys are given, each with its kind; `noun` is what a key is called in messages."""

    noun: str
    items: Mapping[str, Kind]

    @property
    def title(self) -> str:
        return f"table with any of: {', '.join(self.items)}"

    def read(self, value: object, keys: Keys, reader: Reader) -> object:
        if not isinstance(value, dict):
            return wrong_type(value, keys, reader, self.title)
        read = {}
        for key, item in value.items():
            if key not in self.items:
                remedy = nearest(key, self.items) or f"known: {', '.join(self.items)}"
                reader.error((*keys, key), f"{'.'.join(keys)} knows no {self.noun} {key!r}", remedy)
                continue
            read[key] = self.items[key].read(item, (*keys, key), reader)
        return {key: item for key, item in read.items() if item is not None}

    def schema(self, known: KnownRules) -> Schema:
        properties = {key: item.schema(known) for key, item in self.items.items()}
        return {"type": "object", "properties": properties, "additionalProperties": False}


@dataclass(frozen=True, slots=True)
class RuleOptions:
    """The tables `rules.NAME`: the options that each rule declares, with the type of their default."""

    title: str = "table from rule name to its options"

    def read(self, value: object, keys: Keys, reader: Reader) -> object:
        if not isinstance(value, dict):
            return wrong_type(value, keys, reader, self.title)
        read: dict[str, object] = {}
        for key, options in value.items():
            rule = reader.known.find(key) or _successor(key, (*keys, key), reader)
            if rule is not None:
                read[rule.name] = options_kind(rule).read(options, (*keys, key), reader)
        return {name: options for name, options in read.items() if options is not None}

    def schema(self, known: KnownRules) -> Schema:
        properties = {rule.name: options_kind(rule).schema(known) for rule in known.rules if rule.options}
        codes = {rule.code: properties[rule.name] for rule in known.rules if rule.options}
        return {"type": "object", "properties": properties | codes, "additionalProperties": False}


def options_kind(rule: KnownRule) -> Fixed:
    """Give the kind of a rule's option table."""
    return Fixed(noun="option", items={name: _option_kind(default) for name, default in rule.options.items()})


def _option_kind(default: object) -> Kind:
    if isinstance(default, tuple):
        return Many(Scalar(str))
    for type_ in (bool, int, float):
        if isinstance(default, type_):
            return Scalar(type_)
    return Scalar(str)


def _successor(key: str, keys: Keys, reader: Reader) -> KnownRule | None:
    successor = reader.known.removed.get(key)
    if successor is not None:
        remedy = f"write {successor!r} instead" if successor else "delete this table"
        reader.warning(keys, f"the rule {key!r} was removed", remedy)
        return reader.known.find(successor)
    names = [name for rule in reader.known.rules for name in (rule.name, rule.code)]
    reader.error(keys, f"no rule is called {key!r}", nearest(key, names) or "`worker-lint rules` lists all rules")
    return None
