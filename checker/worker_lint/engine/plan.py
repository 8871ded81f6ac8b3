"""What a run is asked to do, as values: rules, where each holds, options, limits."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import get_args

import msgspec

from worker_lint.analysis.budget import STEPS_LIMIT
from worker_lint.engine.screen import Screen, Screens
from worker_lint.rule import Closure, Finding, Option, Rule
from worker_lint.source.roles import Role

Codes = Callable[[str, Role], frozenset[str]]
"""Gives the codes that hold for a file, by its path and role."""


class Plan(msgspec.Struct, frozen=True, dict=True):
    """
    The rules of a run. `codes` decides per file; `options` are by rule name. `url_of` gives the
    address of a rule's page; `enabled` are the codes that hold in some file,
    `worker_bases` the dotted names of classes whose subclasses are workers, `tiers` those of the
    exception classes that the configuration places, `steps_limit` the size of a function above which
    it is not followed; of the codes in `only_certain` likely findings are not wanted.
    """

    rules: tuple[Rule, ...]
    codes: Codes
    options: Mapping[str, Mapping[str, Option]] = msgspec.field(default_factory=dict)
    url_of: Callable[[str], str] = lambda name: ""
    screen: bool = True
    enabled: frozenset[str] = frozenset()
    worker_bases: tuple[str, ...] = ()
    steps_limit: int = STEPS_LIMIT
    tiers: Mapping[str, tuple[str, ...]] = msgspec.field(default_factory=dict)
    only_certain: frozenset[str] = frozenset()

    def wants(self, rule: Rule, finding: Finding) -> bool:
        """Whether a finding is certain enough to be reported."""
        return self.wants_likely(rule) or (finding.confidence or rule.confidence) == "certain"

    def wants_likely(self, rule: Rule) -> bool:
        """Whether findings of a rule that are only likely are reported, too."""
        return rule.code not in self.only_certain

    @cached_property
    def words(self) -> tuple[bytes, ...]:
        """The words of the screen in a fixed order: of the rules that hold in some file, and of the tool itself."""
        asked = (rule for rule in self.rules if rule.code in self.enabled or not rule.is_root)
        return tuple(sorted({word.encode() for rule in asked for word in (*rule.words, *rule.besides)}))

    @property
    def is_resumable(self) -> bool:
        """Whether all rules of the run give a promise, and none yields to one of another promise."""
        active = [rule for rule in self.rules if rule.is_root and rule.code in self.enabled]
        promises = {rule.code: rule.resumable for rule in active}
        yields = ((rule, promises.get(code)) for rule in active for code in rule.yields_to)
        together = all(promise in {None, rule.resumable} and promise != "records" for rule, promise in yields)
        return self.screen and all(promises.values()) and together

    @property
    def is_traced(self) -> bool:
        """Whether some rule of a run that is resumable promises to keep to the trail."""
        active = (rule for rule in self.rules if rule.is_root and rule.code in self.enabled)
        return self.is_resumable and any(rule.resumable == "trail" for rule in active)

    def options_of(self, rule: Rule) -> Mapping[str, Option]:
        """A rule's options, the configured ones over its defaults."""
        return {**rule.options, **self.options.get(rule.name, {}), **self.options.get(rule.code, {})}

    @property
    def closure(self) -> Closure:
        """The widest closure that a rule needs which holds in some file."""
        needed = {rule.closure for rule in self.rules if rule.is_root and rule.code in self.enabled}
        return max(needed, key=get_args(Closure).index, default="file")

    def screens(self) -> Screens:
        """What a file must hold to be a root for some rule that holds there; without the screen all files are roots."""
        return self._screens

    @cached_property
    def _screens(self) -> Screens:
        return self._screens_of(self.enabled)

    def linking(self) -> Screens:
        """The same for the rules that look at classes of other files: what their roots declare is followed there."""
        wide = {rule.code for rule in self.rules if rule.closure != "file"}
        return self._screens_of(self.enabled & wide)

    def _screens_of(self, codes: frozenset[str]) -> Screens:
        others = frozenset[str]().union(*(self.codes("", role) for role in get_args(Role) if role != "product"))
        return Screens(self.screen_of(codes), self.screen_of(others & codes), not self.screen)

    def screen_of(self, codes: frozenset[str]) -> Screen:
        """What a file must hold for one of the rules with these codes."""
        return Screen.of((rule for rule in self.rules if rule.is_root and rule.code in codes), self._places)

    @cached_property
    def _places(self) -> dict[str, int]:
        return {word.decode(): place for place, word in enumerate(self.words)}
