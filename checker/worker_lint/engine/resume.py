"""
Going on from an earlier run: only changed files are checked again, and what is said about them elsewhere.

The rest of the answer stays as it was, provided that each changed file gives the same answers as
before to what was asked of it on behalf of others (`state.Asked`). Where that is not certain, or a
rule does not keep to it (`Rule.resumable`), the whole tree is analysed again.
"""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import cached_property
from typing import Final

import msgspec

from worker_lint.analysis import Class, Models, Project
from worker_lint.analysis.contract import missing_members, refuses_as_protocol
from worker_lint.analysis.creation import Creations
from worker_lint.diagnostic import Diagnostic, with_fingerprints
from worker_lint.engine.alike import Before, are_alike, has_inner_classes, other_names
from worker_lint.engine.dispatch import Candidate, Dispatcher
from worker_lint.engine.edges import Traced, culprits_of
from worker_lint.engine.plan import Plan
from worker_lint.engine.precedence import resolve_precedence
from worker_lint.engine.reach import Reach, may_set_contract
from worker_lint.engine.retrace import UnclearError, files_again, standing_searches
from worker_lint.engine.run import RECURSION_LIMIT, suppressed
from worker_lint.engine.state import Asked, State, is_wanted
from worker_lint.engine.tree import Tree
from worker_lint.source.ir import Module
from worker_lint.source.skim import Skim, SkimImport, imported_by

CHANGED_AT_MOST: Final = 100
"""Changed files; with more, a whole run is hardly slower and leaves a new state."""


class Doubt(Exception):  # noqa: N818  # not a fault
    """Something may depend on the change that is not worked out again: the whole tree must be analysed."""


class Terms(msgspec.Struct, frozen=True):
    """What two runs must have in common."""

    models: Models
    plan: Plan


def resume(tree: Tree, terms: Terms, state: State, before: Mapping[str, Before]) -> tuple[Diagnostic, ...]:
    """
    The diagnostics of the whole tree, of which the files in `before` differ from those of the state.

    Raises:
        Doubt: the whole tree must be analysed.
    """
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(max(limit, RECURSION_LIMIT))
    try:
        return _Resumed(tree, terms, state, before).diagnostics()
    finally:
        sys.setrecursionlimit(limit)


class _Resumed:
    def __init__(self, tree: Tree, terms: Terms, state: State, before: Mapping[str, Before]) -> None:
        self.tree = tree
        self.plan = plan = terms.plan
        tree.screens = plan.screens()
        self.state = state
        self.before = before
        self.project = Project(tree, terms.models, plan.worker_bases, plan.tiers, steps_limit=plan.steps_limit)
        self.reach = Reach(tree, self.project, plan.closure, plan.linking())
        self.left: set[str] = set()

    def diagnostics(self) -> tuple[Diagnostic, ...]:
        for path, earlier in self.before.items():
            self._compare(path, earlier, self.state.asked_of(path))
        again = {*self.before, *self._speaking_of_changed(), *self._led_to_changed()}
        creations = self._creations(again)
        again.update(creations.by_file, self.reach.files.difference(self.state.reached))
        dispatcher = Dispatcher(self.project, self.plan, self.tree.words_of)
        found: list[Candidate] = []
        reached = {*self.state.reached, *self.reach.files} - self.left
        for path in sorted(again & {*reached, *creations.by_file}):
            found.extend(dispatcher.check(path))
        self._compare_culprits(again, found)
        new = suppressed(
            self.tree, self.plan, sorted(again), [winner.diagnostic for winner in resolve_precedence(found)]
        )
        if dispatcher.problems or self.tree.problems or len(self.project.budget) or self.project.names.circles:
            raise Doubt
        if self.tree.unparsable.keys() != set(self.state.refused) or again.intersection(self.state.refused):
            raise Doubt
        old = (item for item in self.state.diagnostics if item.path not in again)
        return with_fingerprints([*old, *new])

    def _speaking_of_changed(self) -> Iterator[str]:
        """Files with diagnostics that point into a changed file, where lines may have moved."""
        for item in self.state.diagnostics:
            if any(note.path in self.before for note in item.related):
                yield item.path

    # --- rules that keep to the trail ---

    def _led_to_changed(self) -> Iterable[str]:
        if not self.plan.is_traced:
            return ()
        try:
            again = files_again(self.tree, self.project, self.traced, self.before, len(self.state.reached))
        except UnclearError:
            raise Doubt from None
        self.tree.trail.standing = standing_searches(self.tree, self.traced, self.before)
        return again

    @cached_property
    def traced(self) -> Traced:
        return self.state.traced()

    def _compare_culprits(self, again: Collection[str], found: Iterable[Candidate]) -> None:
        """No finding of a file that is not checked again must be about the same defect."""
        if not self.plan.is_traced:
            return
        now, checked = culprits_of(found), frozenset(again)
        for culprit, paths in self.traced.culprits.items():
            if not checked.issuperset(paths) and (culprit in now or not checked.isdisjoint(paths)):
                raise Doubt
        unsettled = {path for paths in self.tree.trail.ways.values() for path in paths}
        if self.project.unsettled or not unsettled.isdisjoint(self.traced.unsettled):
            raise Doubt

    # --- what others asked of the changed files ---

    def _compare(self, path: str, earlier: Before, asked: Asked) -> None:
        skim, role = self.tree.skims[path], self.tree.role(path)
        was_root, is_root = self.tree.screens.takes(earlier.skim.words, role), self.tree.is_root(path)
        if asked.text or path in self.tree.unparsable:
            raise Doubt
        linking = self.reach.linking
        if linking.takes(earlier.skim.words, role) and not linking.takes(skim.words, role):
            if skim.classes or earlier.skim.classes:
                raise Doubt  # the contracts of its classes made other files count
        if was_root and not is_root:
            self.left.add(path)
        if (asked.record or self._had_contracts(earlier)) and not self._has_same_record(path, earlier):
            raise Doubt
        if any(self.tree.still_holds(path, word) != found for word, found in asked.words.items()):
            raise Doubt
        if (skim.imports, skim.classes) != (earlier.skim.imports, earlier.skim.classes):
            if asked.skim:
                raise Doubt
            self._compare_skims(path, earlier.skim, skim)
        if is_root:
            self.reach.files.add(path)

    def _had_contracts(self, earlier: Before) -> bool:
        """
        Whether a class of the file did set a contract: other files may have been checked for its sake. Those that
        are new are followed anyway (`_creations`).
        """
        if not self.plan.is_traced or not earlier.skim.classes:
            return False
        before = earlier.module
        return before is None or may_set_contract(before)

    def _has_same_record(self, path: str, earlier: Before) -> bool:
        before, now = earlier.module, self.tree.module(path)
        if before is None or now is None or has_inner_classes(now):
            return False
        return are_alike(before, now) or self._differs_in_unknown_names(path, before, now)

    def _differs_in_unknown_names(self, path: str, before: Module, now: Module) -> bool:
        """Whether plain names came or went that nobody knows, here or elsewhere, and nothing else."""
        names = other_names(before, now)
        places = (place for name in names for place, _ in self.project.uses.places(path, name))
        return bool(names) and all(place == path for place in places)

    def _compare_skims(self, path: str, old: Skim, new: Skim) -> None:
        """Nobody must have looked for a base or an import that came or went."""
        if not (set(old.bases) ^ set(new.bases)).isdisjoint(self.state.bases):
            raise Doubt
        counts, changed = self.state.tops, len(self.before)
        moved = {top for top in set(old.tops) ^ set(new.tops) if counts.get(top, 0) <= changed}
        if moved and self.project.models.contracts(frozenset(moved)):
            raise Doubt  # the first or the last import of a library may make it count, or not
        for statement in set(old.imports) ^ set(new.imports):
            for item in imported_by(statement):
                if self._was_looked_for(item, path):
                    raise Doubt

    def _was_looked_for(self, item: SkimImport, path: str) -> bool:
        links, sources = self.tree.links, self.state.sources
        source = links.file_of(item.module, path)
        if source in sources and (item.name in {"", "*"} or item.name in sources[source]):
            return True
        return bool(item.name) and links.submodule(item, path) in sources

    # --- creations ---

    def _creations(self, again: Collection[str]) -> Creations:
        """The creations in files that are checked again, and those of classes that are new in a changed file."""
        pending = [cls for path in sorted(self.reach.files) for cls in self.reach.declared_in(path)]
        if self.plan.closure != "file":
            self.reach.descend(pending)
        creations = self.project.creations
        known = is_wanted(self.state)
        new = [cls for cls in self.reach.contracts if _is_incomplete(cls) and not known(cls)]
        creations.wanted = _Wanted(self.state, new)
        for cls in sorted(new, key=lambda cls: (cls.path, cls.node.at)):
            creations.add(cls)
        for path in sorted(again):
            for name, uses in self.state.asked_of(path).names.items():
                if creations.add_named(path, name)[1] != uses[1]:
                    raise Doubt
        return creations


def _is_incomplete(cls: Class) -> bool:
    return bool(missing_members(cls)) or refuses_as_protocol(cls)


class _Wanted:
    """The classes whose creation is a defect: those of the state, and new ones."""

    def __init__(self, state: State, new: Iterable[Class]) -> None:
        self._known = is_wanted(state)
        self._new = frozenset(new)

    def __contains__(self, cls: object) -> bool:
        return isinstance(cls, Class) and (cls in self._new or self._known(cls))
