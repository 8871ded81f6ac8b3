"""
What the rules that follow code leave behind of a run: along which ways their answers came from other files.

See `analysis.trail`. Files that lead to a changed one are checked again; the answers to the searches and to
the questions about subclasses are worked out again for changed files alone (`engine.retrace`).
"""

from __future__ import annotations

from array import array
from collections.abc import Collection, Iterable, Mapping
from typing import Final

import msgspec

from worker_lint.analysis import Project
from worker_lint.analysis.trail import Search
from worker_lint.engine.dispatch import Candidate
from worker_lint.engine.tree import Tree

AGAIN_AT_LEAST: Final = 300
"""Files that may be checked again in a tree of any size."""
AGAIN_SHARE: Final = 2 / 5
"""
The share of all checked files that may be checked again. A whole run begins with what is above: it reads, and
grows the files to check from all classes; but it may use several processes.
"""

Culprits = dict[str, set[str]]


class Traced(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """
    The trail of a run. `paths` are numbered; `targets` are those that others lead to, `leading` the numbers of
    these others, packed. `bases` are the names whose subclasses somebody asked for. `culprits`
    are files with candidates that share a culprit over files, `unsettled` see `Project`.
    """

    paths: tuple[str, ...]
    targets: tuple[int, ...]
    leading: tuple[bytes, ...]
    names_below: frozenset[str]
    classes_above: frozenset[tuple[str, str]]
    users: tuple[tuple[str, str], ...]
    searches: tuple[tuple[Search, str], ...]
    bases: frozenset[str]
    culprits: dict[str, tuple[str, ...]]
    unsettled: tuple[str, ...]

    def leading_to(self, seeds: Collection[str], limit: int) -> set[str] | None:
        """The seeds and all files that lead to them, however indirectly; None when those are more than the limit."""
        numbers = {path: number for number, path in enumerate(self.paths)}
        places = {target: place for place, target in enumerate(self.targets)}
        found = {*seeds}
        pending = [numbers[path] for path in found if path in numbers]
        while pending:
            place = places.get(pending.pop())
            for number in array("I", self.leading[place]) if place is not None else ():
                if self.paths[number] not in found:
                    found.add(self.paths[number])
                    pending.append(number)
            if len(found) > limit:
                return None
        return found


def traced(tree: Tree, project: Project, culprits: Mapping[str, Iterable[str]]) -> Traced:
    """The trail of a run that is over."""
    trail = tree.trail
    pairs = [(path, other) for path, others in trail.ways.items() for other in others if path != other]
    paths = sorted({path for pair in pairs for path in pair})
    numbers = {path: number for number, path in enumerate(paths)}
    leading: dict[int, array[int]] = {}
    for path, other in pairs:
        leading.setdefault(numbers[other], array("I")).append(numbers[path])
    return Traced(
        paths=tuple(paths),
        targets=tuple(leading),
        leading=tuple(numbers.tobytes() for numbers in leading.values()),
        names_below=frozenset(trail.names_below),
        classes_above=frozenset(trail.classes_above),
        users=tuple(sorted(trail.users)),
        searches=tuple(trail.searches.items()),
        bases=frozenset(tree.bases_asked),
        culprits={culprit: tuple(sorted(files)) for culprit, files in culprits.items()},
        unsettled=tuple(sorted(project.unsettled)),
    )


def culprits_of(candidates: Iterable[Candidate]) -> Culprits:
    """The culprits that rules have named, each with the files of its findings: others stand in one file."""
    found: Culprits = {}
    for candidate in candidates:
        if candidate.finding.culprit:
            found.setdefault("\0".join(candidate.culprit), set()).add(candidate.diagnostic.path)
    return found
