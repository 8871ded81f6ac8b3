"""
Asking every selected rule about one file, and turning findings into diagnostics.

A rule that crashes on a file is named with the file; the others go on, and the run ends with 2.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any

from worker_lint.analysis import ModuleScope, Project, Scope
from worker_lint.diagnostic import Diagnostic, FixOffer, Problem, Related, Span, clean_text
from worker_lint.engine.plan import Plan
from worker_lint.engine.screen import Screen
from worker_lint.rule import Context, Finding, Resumable, Rule


@dataclass(frozen=True, slots=True)
class Candidate:
    """A finding on its way to the report: the diagnostic, its rule, and what it must not share."""

    diagnostic: Diagnostic
    finding: Finding
    rule: Rule
    culprit: tuple[str, ...]


@dataclass(slots=True)
class Dispatcher:
    """Runs the rules of a plan over files of one project; `words` gives the bits of those that a file holds."""

    project: Project
    plan: Plan
    words: Callable[[str], int]
    problems: list[Problem] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)
    screens: dict[str, Screen] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Makes the screen of each rule once."""
        known = [rule.code for rule in self.plan.rules if rule.code in self.plan.enabled]
        self.screens.update((code, self.plan.screen_of(frozenset({code}))) for code in known)

    def check(self, path: str, promise: Resumable | None = None) -> list[Candidate]:
        """All findings in one file; with a promise only those of the rules that give it."""
        module = self.project.module(path)
        codes = self.plan.codes(path, self.project.store.role(path))
        rules = [rule for rule in self.plan.rules if rule.code in codes and self._may_fire(rule, path)]
        if promise is not None:
            rules = [rule for rule in rules if rule.resumable == promise]
        if module is None or not rules:
            return []
        subjects = _Subjects(self.project, module)
        found: list[Candidate] = []
        self.project.store.own = path
        for rule in rules:
            wants_likely = rule.code not in self.plan.only_certain
            context = Context(self.project, self.plan.options_of(rule), path, wants_likely)
            started = perf_counter()
            for scope, check in subjects.of(rule):
                found.extend(self._ask(rule, check, scope, context))
            self.seconds[rule.code] = self.seconds.get(rule.code, 0.0) + perf_counter() - started
        self.project.store.own = ""
        return found

    def _may_fire(self, rule: Rule, path: str) -> bool:
        """Whether the file holds what the rule looks for; one that looks at wider closures is asked about all files."""
        if not rule.is_root:
            return False
        if not self.plan.screen or rule.closure != "file":
            return True
        return self.screens[rule.code].takes(self.words(path))

    def _ask(self, rule: Rule, check: Callable[..., Any], scope: Scope, context: Context) -> list[Candidate]:
        found: list[Candidate] = []
        try:
            for finding in check(scope, context):
                if self.plan.wants(rule, finding):
                    found.append(self._candidate(rule, finding, scope))  # noqa: PERF401 - what came before a crash counts
        except Exception as error:  # noqa: BLE001 - one rule's defect must not take the others' answers away
            place = traceback.extract_tb(error.__traceback__)[-1]
            where = f"{place.filename.replace(chr(92), '/').rpartition('/')[2]}:{place.lineno}"
            message = f"the rule {rule.code} {rule.name} failed: {type(error).__name__}: {error} ({where})"
            self.problems.append(Problem(message, scope.path, "please report it; the other rules went on"))
        return found

    def _candidate(self, rule: Rule, finding: Finding, scope: Scope) -> Candidate:
        text = self.project.store.text(scope.path)
        fix = finding.fix
        diagnostic = Diagnostic(
            code=rule.code,
            name=rule.name,
            severity=finding.severity or rule.severity,
            confidence=finding.confidence or rule.confidence,
            path=scope.path,
            span=Span(*finding.at),
            message=clean_text(finding.message),
            consequence=clean_text(finding.consequence),
            help=clean_text(finding.help),
            symbol=finding.symbol or scope.symbol,
            url=self.plan.url_of(rule.name),
            related=tuple(Related(note.path, Span(*note.at), clean_text(note.message)) for note in finding.notes),
            fix=FixOffer(fix.level, fix.title) if fix is not None else None,
            line_text=text.line(finding.at[0]),
        )
        return Candidate(diagnostic, finding, rule, finding.culprit or _place(scope.path, finding))


def _place(path: str, finding: Finding) -> tuple[str, ...]:
    return (path, *(str(number) for number in finding.at))


class _Subjects:
    """What the checks of a file are asked about, gathered once for all rules."""

    def __init__(self, project: Project, module: ModuleScope) -> None:
        self._module = module
        self._classes = project.classes_in(module.path)
        self._functions = project.functions_in(module.path)

    def of(self, rule: Rule) -> Iterator[tuple[Scope, Callable[..., Any]]]:
        """Each subject of a rule with the check that is asked."""
        yield from ((self._module, check) for check in rule.module_checks)
        yield from ((cls, check) for cls in self._classes for check in rule.class_checks)
        yield from ((function, check) for function in self._functions for check in rule.function_checks)
