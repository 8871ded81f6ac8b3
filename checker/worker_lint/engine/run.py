"""One run: from a tree of files to diagnostics, in the order that design and tests rely on."""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from time import perf_counter
from typing import TYPE_CHECKING, Final, NamedTuple

from worker_lint.analysis import Models, Project
from worker_lint.analysis.budget import Size
from worker_lint.diagnostic import Diagnostic, Problem, Span, with_fingerprints
from worker_lint.engine.crew import Crew
from worker_lint.engine.dispatch import Candidate, Dispatcher
from worker_lint.engine.edges import culprits_of
from worker_lint.engine.plan import Plan
from worker_lint.engine.precedence import resolve_precedence
from worker_lint.engine.reach import Reach
from worker_lint.engine.suppression import RuleNames, apply_suppressions
from worker_lint.engine.told import Analysis, in_order
from worker_lint.engine.tree import Tree
from worker_lint.source.suppression import suppressions

if TYPE_CHECKING:
    from worker_lint.engine.confirming import SecondOpinion  # brings astroid along

RECURSION_LIMIT = 12_000
"""
Statements and expressions are walked as deep as they are nested, a long `elif` chain for one; chains of
imports and bases are not. In force while a run lasts.
"""

BUDGET_CODE = "WKL005"
UNPARSABLE_CODE = "WKL001"


@dataclass(slots=True)
class Outcome:
    """What a run found, before baseline and rendering."""

    diagnostics: tuple[Diagnostic, ...]
    candidates: dict[str, Candidate] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()
    unknown: int = 0
    files: int = 0
    stages: dict[str, float] = field(default_factory=dict)
    rules: dict[str, float] = field(default_factory=dict)
    opinions: Mapping[str, int] = field(default_factory=dict)
    given_up: tuple[Diagnostic, ...] = ()
    largest: tuple[Size, ...] = ()


Watcher = Callable[[Project, Collection[str]], None]
"""Is told, at the end of a run, what was analysed and which files were reached."""


class Company(NamedTuple):
    """Who takes part in a run beside the rules: one that watches, and processes that share the work."""

    watcher: Watcher | None = None
    crew: Crew | None = None


ALONE: Final = Company()


def analyse(
    tree: Tree,
    models: Models,
    plan: Plan,
    wanted: Sequence[str],
    opinion: SecondOpinion | None = None,
    company: Company = ALONE,
) -> Outcome:
    """
    Checks the wanted files; the rest of the tree is there to answer questions about them. With an
    opinion, candidates that it contradicts are dropped.
    """
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(max(before, RECURSION_LIMIT))
    try:
        return _analyse(tree, models, plan, wanted, opinion, company)
    finally:
        sys.setrecursionlimit(before)


def _analyse(
    tree: Tree,
    models: Models,
    plan: Plan,
    wanted: Sequence[str],
    opinion: SecondOpinion | None,
    company: Company,
) -> Outcome:
    tree.screens = plan.screens()
    project = Project(tree, models, plan.worker_bases, plan.tiers, steps_limit=plan.steps_limit)
    stages: dict[str, float] = {}
    started = perf_counter()
    reach = Reach(tree, project, plan.closure, plan.linking())
    reach.grow(roots(tree))
    stages["link"] = perf_counter() - started
    started = perf_counter()
    dispatcher = Dispatcher(project, plan, tree.words_of)
    analysis = Analysis(tree, project, plan, dispatcher)
    asked = sorted(reach.files.intersection(wanted) if plan.screen else set(wanted))
    crew = company.crew if opinion is None else None
    found = in_order(crew.rounds(analysis, asked) if crew is not None else [analysis.rounds(asked)])
    tree.culprits = culprits_of(found) if plan.is_traced else {}
    stages["analyse"] = perf_counter() - started
    if opinion is not None:
        started = perf_counter()
        found = opinion.keep_uncontradicted(tree, found)
        stages["confirm"] = perf_counter() - started
    winners = resolve_precedence(found)
    everything = [*(winner.diagnostic for winner in winners), *_unparsable(tree, plan, set(wanted))]
    kept = suppressed(tree, plan, wanted, everything)
    diagnostics = with_fingerprints(kept)
    if company.watcher is not None:
        company.watcher(project, reach.files)
    return Outcome(
        diagnostics,
        _by_fingerprint(diagnostics, winners),
        (*tree.problems, *dispatcher.problems, *_misplaced(project)),
        unknown=len(project.budget),
        files=len(wanted),
        stages=stages,
        rules=dispatcher.seconds,
        opinions={**opinion.counts} if opinion is not None else {},
        given_up=tuple(_given_up(tree, project, plan, set(wanted))),
        largest=tuple(project.budget.largest()),
    )


def _misplaced(project: Project) -> Iterator[Problem]:
    """What the configuration places in a tier although it is no exception class."""
    for wrong in project.tiers.placing.misplaced if project.stated_tiers else ():
        remedy = "name an exception class by its module, such as orders.errors.Busy"
        yield Problem(f"tiers.{wrong.tier}: {wrong.name} {wrong.why}", help=remedy)


def roots(tree: Tree) -> list[str]:
    """The files in which a word of a selected rule occurs; all of them without the screen."""
    return [path for path in tree.skims if tree.is_root(path)]


def _unparsable(tree: Tree, plan: Plan, wanted: set[str]) -> Iterable[Diagnostic]:
    for path, error in sorted(tree.unparsable.items()):
        if path in wanted:
            column = max(error.column, 1)
            span = Span(error.line, column, error.line, column + 1)
            texts = (
                f"this file cannot be read: {error.message}",
                "Nothing in it was checked, and classes that come from it are unknown.",
                "mend the syntax or the encoding, or exclude the file",
            )
            yield from _own_note(tree, plan, UNPARSABLE_CODE, path, span, texts)


def _given_up(tree: Tree, project: Project, plan: Plan, wanted: set[str]) -> Iterable[Diagnostic]:
    """What took too many steps, as notes at the top of the files."""
    for path, reason in project.budget:
        if path in wanted:
            texts = (
                f"the analysis was given up here: {reason}",
                "Rules stay silent about what depends on it: it was not checked.",
                "shorten the chain, or exclude the file if it is generated",
            )
            yield from _own_note(tree, plan, BUDGET_CODE, path, Span(1, 1, 1, 2), texts)


def _own_note(
    tree: Tree, plan: Plan, code: str, path: str, span: Span, texts: tuple[str, str, str]
) -> Iterator[Diagnostic]:
    """A diagnostic of the tool's own, if its rule holds for the file; `texts`: message, consequence and help."""
    rule = next((rule for rule in plan.rules if rule.code == code), None)
    if rule is not None and code in plan.codes(path, tree.role(path)):
        message, consequence, remedy = texts
        yield Diagnostic(
            code=code,
            name=rule.name,
            severity=rule.severity,
            confidence="certain",
            path=path,
            span=span,
            message=message,
            consequence=consequence,
            help=remedy,
            symbol=tree.module_name(path),
            url=plan.url_of(rule.name),
        )


def suppressed(tree: Tree, plan: Plan, wanted: Sequence[str], found: list[Diagnostic]) -> tuple[Diagnostic, ...]:
    """What the comments in the wanted files let pass of what was found, and what is said about the comments."""
    marker = b"worker-lint:"
    position = plan.words.index(marker) if marker in plan.words else -1
    paths = [path for path in wanted if position >= 0 and tree.skims[path].words >> position & 1]
    comments = {path: suppressions(tree.text(path).source) for path in paths}
    codes = {key: rule.code for rule in plan.rules for key in (rule.code, rule.name)}
    kept, _ = apply_suppressions(found, comments, RuleNames(codes, plan.enabled - plan.only_certain))
    return tuple(
        diagnostic
        for diagnostic in kept
        if not diagnostic.code.startswith("WKL")
        or diagnostic.code in plan.codes(diagnostic.path, tree.role(diagnostic.path))
    )


def _by_fingerprint(diagnostics: Iterable[Diagnostic], winners: Iterable[Candidate]) -> dict[str, Candidate]:
    """Which finding a diagnostic came from, for those who carry out its fix."""
    places: Mapping[tuple[object, ...], Candidate] = {
        (winner.diagnostic.path, winner.diagnostic.span, winner.diagnostic.code, winner.diagnostic.message): winner
        for winner in winners
    }
    found = {}
    for diagnostic in diagnostics:
        candidate = places.get((diagnostic.path, diagnostic.span, diagnostic.code, diagnostic.message))
        if candidate is not None:
            found[diagnostic.fingerprint] = candidate
    return found
