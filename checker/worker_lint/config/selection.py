"""Which rules hold for which file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from worker_lint.config.known import ALL, KnownRule, KnownRules
from worker_lint.config.settings import Settings
from worker_lint.source.ignore import compile_patterns
from worker_lint.source.roles import Role

if TYPE_CHECKING:
    import re

OWN_FAMILY = "WKL"  # what the tool says of its own work: a file that nobody could read must not go unnoticed
EXACT = 1_000  # a code or name in full outranks every start of a code


def selected(known: KnownRules, settings: Settings, path: str, role: Role) -> frozenset[str]:
    """Give the codes of the rules that hold for one file; for many files keep a `Selection`."""
    return Selection(known, settings).codes(path, role)


class Selection:
    """
    Answers which rules hold for a file, given its path relative to the project root and its role.

    A rule holds when it is selected for the run, not taken out by the file's role and not
    ignored by a pattern that covers the file.
    """

    def __init__(self, known: KnownRules, settings: Settings) -> None:
        self._settings = settings
        self._rules = tuple(rule for rule in known.rules if _is_selected(rule, settings))
        self._ignores = tuple(_compiled(settings.per_file_ignores))
        self._answers: dict[tuple[Role, tuple[bool, ...]], frozenset[str]] = {}

    @property
    def anywhere(self) -> frozenset[str]:
        """The codes that may hold for some file: no other rule needs to be run."""
        return frozenset(rule.code for rule in self._rules)

    @property
    def only_certain(self) -> frozenset[str]:
        """The codes of which only what is certain is wanted."""
        certain = (rule for rule in self._rules if rule.stage == "certain")
        return frozenset(rule.code for rule in certain if not _is_tried(rule, self._settings))

    def codes(self, path: str, role: Role) -> frozenset[str]:
        """Give the codes of the rules that hold for the file."""
        covered = tuple(pattern.search(path) is not None for pattern, _ in self._ignores)
        key = (role, covered)
        answer = self._answers.get(key)
        if answer is None:
            answer = self._answers[key] = frozenset(self._holding(role, covered))
        return answer

    def _holding(self, role: Role, covered: tuple[bool, ...]) -> Iterable[str]:
        ignored = [
            selector
            for (_, selectors), is_covered in zip(self._ignores, covered, strict=True)
            if is_covered
            for selector in selectors
        ]
        for rule in self._rules:
            if self._fits_role(rule, role) and not rank(rule, ignored):
                yield rule.code

    def _fits_role(self, rule: KnownRule, role: Role) -> bool:
        choice = self._settings.per_role.get(role, {})
        wanted, unwanted = rank(rule, choice.get("select", ())), rank(rule, choice.get("ignore", ()))
        if wanted or unwanted:
            return wanted > unwanted
        return role == "product" or not rule.product_only


def rank(rule: KnownRule, selectors: Iterable[str]) -> int:
    """Say how exactly the selectors mean a rule: 0 not at all, more for a longer start of its code."""
    return max((_exactness(rule, selector) for selector in selectors), default=0)


def _exactness(rule: KnownRule, selector: str) -> int:
    if selector in (rule.code, rule.name):
        return EXACT
    if selector == ALL:
        return 1
    return 1 + len(selector) if rule.code.startswith(selector) else 0


def _is_selected(rule: KnownRule, settings: Settings) -> bool:
    stages = {"on": True, "certain": True, "opt-in": settings.profile == "strict", "preview": settings.preview}
    by_name = _named(rule, settings)
    is_meant = _is_meant(rule, settings)
    if rule.stage == "preview" and not _is_tried(rule, settings):
        return False
    by_profile = (settings.select is None or rule.code.startswith(OWN_FAMILY)) and (stages[rule.stage] or is_meant)
    wanted = max(by_name, 1 if by_profile else 0)
    # Whoever ignores everything and selects nothing by name gets nothing: a tie goes to ignore.
    return wanted > rank(rule, settings.ignore)


def _named(rule: KnownRule, settings: Settings) -> int:
    return rank(rule, (*(settings.select or ()), *settings.extend_select))


def _is_meant(rule: KnownRule, settings: Settings) -> bool:
    """Who sets an option of a rule means this rule; a list in `select` that leaves it out still leaves it out."""
    return bool(settings.rules.get(rule.name)) and (settings.select is None or _named(rule, settings) > 0)


def _is_tried(rule: KnownRule, settings: Settings) -> bool:
    """Whether what a rule finds is wanted before its precision is proven."""
    return settings.preview or _is_meant(rule, settings) or _named(rule, settings) >= EXACT


def _compiled(ignores: Mapping[str, tuple[str, ...]]) -> Iterable[tuple[re.Pattern[str], tuple[str, ...]]]:
    for glob, selectors in ignores.items():
        pattern = compile_patterns((glob,))
        if pattern is not None:
            yield pattern, selectors
