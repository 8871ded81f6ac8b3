"""The rules that a configuration may speak of, passed in as data: configuration imports no rule."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from worker_lint.rule import Option, Stage

ALL: Final = "ALL"
PREFIX = re.compile(r"[A-Z]+[0-9]*")


class KnownRule(Protocol):
    """What configuration needs to know of a rule; a loaded `Rule` fits."""

    @property
    def code(self) -> str:
        """The stable code, such as ABS101."""

    @property
    def name(self) -> str:
        """What is wrong, in kebab-case."""

    @property
    def summary(self) -> str:
        """One line on what the rule reports."""

    @property
    def stage(self) -> Stage:
        """Whether the rule is on, on for what is certain, opt-in or in preview."""

    @property
    def product_only(self) -> bool:
        """Whether the rule is for product code alone, unless the configuration says otherwise."""

    @property
    def options(self) -> Mapping[str, Option]:
        """The options with their defaults; an option's type is that of its default."""

    @property
    def option_docs(self) -> Mapping[str, str]:
        """What each option means."""


class KnownRules:
    """
    All rules of the loaded packs, by code and by name.

    `removed` maps each code and name that was once valid to its successor, or to an empty text.
    """

    def __init__(self, rules: Iterable[KnownRule], removed: Mapping[str, str] | None = None) -> None:
        self.rules = tuple(sorted(rules, key=lambda rule: rule.code))
        self.removed = dict(removed or {})
        self._by_key = {key: rule for rule in self.rules for key in (rule.code, rule.name)}

    def find(self, key: str) -> KnownRule | None:
        """Give the rule of a code or a name."""
        return self._by_key.get(key)

    def is_selector(self, text: str) -> bool:
        """Tell whether a text selects any rule: a code, a name, the start of a code, or ALL."""
        if text == ALL or text in self._by_key:
            return True
        return bool(PREFIX.fullmatch(text)) and any(rule.code.startswith(text) for rule in self.rules)

    @cached_property
    def selectors(self) -> tuple[str, ...]:
        """Everything that is meant when a rule or a group is named, for suggestions and the schema."""
        return (ALL, *self.families, *sorted(self._by_key))

    @cached_property
    def families(self) -> tuple[str, ...]:
        """The letters that codes begin with."""
        return tuple(sorted({rule.code.rstrip("0123456789") for rule in self.rules}))
