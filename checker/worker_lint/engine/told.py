"""
What the analysis of some files gives: candidates, and what was asked on the way.

A process that analyses a share of the files hands this over; `take` adds it to what the others have
found, as if one process had asked everything.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import NamedTuple, TypeAlias

from worker_lint.analysis import Project
from worker_lint.analysis.budget import Size
from worker_lint.analysis.trail import Trail
from worker_lint.diagnostic import Diagnostic, Problem
from worker_lint.engine.dispatch import Candidate, Dispatcher
from worker_lint.engine.plan import Plan
from worker_lint.engine.questions import Questions
from worker_lint.engine.tree import Tree
from worker_lint.rule import Finding

Round: TypeAlias = list[Candidate]


class Sent(NamedTuple):
    """A candidate on its way between processes: its rule is known by the code."""

    diagnostic: Diagnostic
    finding: Finding
    code: str
    culprit: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Asked:
    """What a later run wants to know of the way: see `engine.state`. `records` are those that were made, encoded."""

    questions: Questions
    bases: frozenset[str]
    trail: Trail
    records: dict[str, bytes]


@dataclass(frozen=True, slots=True)
class Told:
    """What came of a share: candidates by round, and what else is said about it."""

    rounds: tuple[tuple[Sent, ...], ...]
    problems: tuple[Problem, ...]
    seconds: dict[str, float]
    spent: tuple[tuple[str, str], ...]
    largest: tuple[Size, ...]
    unsettled: frozenset[str]
    refused: dict[str, tuple[str, int, int]]
    asked: Asked | None = field(default=None)


class Analysis(NamedTuple):
    """What one process analyses with."""

    tree: Tree
    project: Project
    plan: Plan
    dispatcher: Dispatcher

    def rounds(self, paths: Sequence[str]) -> list[Round]:
        """
        The candidates in some files. What rules ask that keep to records is told from what the
        others ask, so these come first.
        """
        check = self.dispatcher.check
        if not self.plan.is_traced:
            return [[candidate for path in paths for candidate in check(path)]]
        first = [candidate for path in paths for candidate in check(path, "records")]
        self.tree.questions = self.tree.asked(self._looked_at())
        return [first, [candidate for path in paths for candidate in check(path, "trail")]]

    def rounds_besides(self, paths: Sequence[str]) -> list[Round]:
        """The same in addition to what was taken over."""
        earlier = self.tree.questions
        rounds = self.rounds(paths)
        now = self.tree.questions if self.plan.is_traced else None
        self.tree.questions = (now or self.tree.asked()).joined(earlier) if earlier is not None else now
        return rounds

    def _looked_at(self) -> Iterator[str]:
        """Files whose records were looked at on behalf of others; those that had contracts are compared besides."""
        yield from self.project.hierarchy.searched_files
        for others in self.tree.trail.ways.values():
            yield from others

    # --- between processes ---

    def tell(self, paths: Sequence[str], *, with_questions: bool) -> Told:
        """What came of a share, to be sent; `with_questions` if a later run may want to know what was asked."""
        tree = self.tree
        refused = frozenset(tree.unparsable)
        made = tree.made
        rounds = self.rounds(paths)
        asked = None
        if with_questions:
            questions = tree.questions or tree.asked()
            asked = Asked(questions, frozenset(tree.bases_asked), tree.trail, dict(tree.encoded_since(made)))
        new = {path: error for path, error in tree.unparsable.items() if path not in refused}
        return Told(
            tuple(tuple(map(_sent, found)) for found in rounds),
            tuple(self.dispatcher.problems),
            self.dispatcher.seconds,
            tuple(self.project.budget),
            tuple(self.project.budget.largest()),
            frozenset(self.project.unsettled),
            {path: (error.message, error.line, error.column) for path, error in new.items()},
            asked,
        )

    def take(self, told: Told) -> list[Round]:
        """The candidates of a share, when everything else that was told of it is noted here."""
        self.dispatcher.problems.extend(told.problems)
        for code, seconds in told.seconds.items():
            self.dispatcher.seconds[code] = self.dispatcher.seconds.get(code, 0.0) + seconds
        for path, reason in told.spent:
            self.project.budget.spent(path, reason)
        for size in told.largest:
            self.project.budget.took(size)
        self.project.unsettled |= told.unsettled
        for path, (message, line, column) in told.refused.items():
            self.tree.refuse(path, message, line, column)
        if told.asked is not None:
            self._note(told.asked)
        rules = {rule.code: rule for rule in self.plan.rules}
        return [
            [Candidate(sent[0], sent[1], rules[sent.code], sent.culprit) for sent in found] for found in told.rounds
        ]

    def _note(self, asked: Asked) -> None:
        tree = self.tree
        tree.bases_asked |= asked.bases
        tree.trail.join(asked.trail)
        tree.take_encoded(asked.records)
        tree.questions = asked.questions if tree.questions is None else tree.questions.joined(asked.questions)


def _sent(candidate: Candidate) -> Sent:
    return Sent(candidate.diagnostic, candidate.finding, candidate.rule.code, candidate.culprit)


def in_order(shares: Iterable[Sequence[Round]]) -> list[Candidate]:
    """The candidates of all shares in the order in which one process would have found them."""
    rounds = zip_longest(*shares, fillvalue=())
    return [candidate for of_all in rounds for found in of_all for candidate in found]
