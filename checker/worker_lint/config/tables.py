"""The kinds of settings that are tables: by file pattern, by rule, or with fixed keys."""

from __future__ import annotations

from collections.abc import Mapping

from worker_lint.config.kinds import BOOLEAN, INTEGER, NUMBER, TEXT, Keys, Kind, Reader, Schema, many
from worker_lint.config.known import KnownRule, KnownRules
from worker_lint.config.problems import nearest

Table = dict[str, object]


def patterns(item: Kind) -> Kind:
    """Accept a table from file patterns to values of one kind."""

    def convert(value: Table, keys: Keys, reader: Reader) -> Table:
        return _present({pattern: item.read(entry, (*keys, pattern), reader) for pattern, entry in value.items()})

    def schema(known: KnownRules) -> Schema:
        return {"type": "object", "additionalProperties": item.schema(known)}

    return Kind(f"table from file pattern to {item.title}", (dict,), convert, schema)


def fixed(noun: str, items: Mapping[str, Kind]) -> Kind:
    """Accept a table whose keys are given, each with its kind; `noun` is what messages call a key."""

    def convert(value: Table, keys: Keys, reader: Reader) -> Table:
        read: Table = {}
        for key, entry in value.items():
            if key in items:
                read[key] = items[key].read(entry, (*keys, key), reader)
            else:
                remedy = nearest(key, items) or (f"known: {', '.join(items)}" if items else "delete it")
                reader.error((*keys, key), f"{'.'.join(keys)} has no {noun} {key!r}", remedy)
        return _present(read)

    def schema(known: KnownRules) -> Schema:
        properties = {key: item.schema(known) for key, item in items.items()}
        return {"type": "object", "properties": properties, "additionalProperties": False}

    return Kind(f"table with any of: {', '.join(items)}", (dict,), convert, schema)


def once_only(lists: Kind) -> Kind:
    """Accept a table of lists of texts in which no text stands under two keys."""

    def convert(value: Table, keys: Keys, reader: Reader) -> object:
        seen: dict[object, str] = {}
        for key, entries in value.items():
            for entry in entries if isinstance(entries, list) else ():
                other = seen.setdefault(entry, key) if isinstance(entry, str) else key
                if other != key:
                    message = f"{'.'.join(keys)} has {entry!r} under {other} and under {key}"
                    reader.error((*keys, key), message, "keep one of them", entry)
        return lists.convert(value, keys, reader)

    return Kind(lists.title, lists.types, convert, lists.schema)


def rule_options() -> Kind:
    """Accept tables by rule name or code, each with the options that the rule declares."""

    def convert(value: Table, keys: Keys, reader: Reader) -> Table:
        read: Table = {}
        for key, options in value.items():
            rule = reader.known.find(key) or _successor(key, (*keys, key), reader)
            if rule is not None:
                read[rule.name] = options_kind(rule).read(options, (*keys, key), reader)
        return _present(read)

    def schema(known: KnownRules) -> Schema:
        with_options = [rule for rule in known.rules if rule.options]
        properties = {key: options_kind(rule).schema(known) for rule in with_options for key in (rule.name, rule.code)}
        return {"type": "object", "properties": properties, "additionalProperties": False}

    return Kind("table from rule to its options", (dict,), convert, schema)


def options_kind(rule: KnownRule) -> Kind:
    """Give the kind of a rule's option table."""
    return fixed("option", {name: option_kind(default) for name, default in rule.options.items()})


def option_kind(default: object) -> Kind:
    """Give the kind of an option: that of its default."""
    if isinstance(default, tuple):
        return many(TEXT)
    kinds = ((bool, BOOLEAN), (int, INTEGER), (float, NUMBER))  # a bool is an int, so it comes first
    return next((kind for type_, kind in kinds if isinstance(default, type_)), TEXT)


def _successor(key: str, keys: Keys, reader: Reader) -> KnownRule | None:
    successor = reader.known.removed.get(key)
    if successor is not None:
        remedy = f"write {successor!r} instead" if successor else "delete this table"
        reader.warning(keys, f"the rule {key!r} was removed", remedy)
        return reader.known.find(successor)
    names = [name for rule in reader.known.rules for name in (rule.name, rule.code)]
    reader.error(keys, f"no rule is called {key!r}", nearest(key, names) or "`worker-lint rules` lists all rules")
    return None


def _present(read: Table) -> Table:
    return {key: value for key, value in read.items() if value is not None}
