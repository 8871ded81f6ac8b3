"""
What a change brings: diagnostics of the new state that the old one did not have.

Old is HEAD, or what pre-commit compares with; its contents come from git, never from an earlier
run's answers, so a fresh clone says the same. Deletions are asked from git, because pre-commit
names no deleted file.

pre-commit splits a list that is too long for a command line into several calls, none of which
knows of the others. Then a diagnostic outside the files given is printed by the call that was given
its cause. A diagnostic is rather printed twice than lost: where no split can have happened, or no
file is the cause (a deletion), every call prints it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Final

import msgspec

from worker_lint.diagnostic import Diagnostic
from worker_lint.engine.run import Outcome
from worker_lint.engine.session import Session
from worker_lint.engine.snapshot import Snapshot
from worker_lint.engine.standing import earlier
from worker_lint.source.discover import Discovery
from worker_lint.source.history import Asked, Change, changed_since
from worker_lint.source.ignore import compile_patterns
from worker_lint.source.revision import read_objects, tree

_SUFFIXES = (".py", ".pyi")

SHORTEST_SPLIT: Final = 30_000
"""
Characters of paths below which no list is split: pre-commit fills a command line up to 30,720 on
Windows and 131,072 elsewhere.
"""


def run_changed(
    session: Session,
    snapshot: Snapshot,
    found: Discovery,
    root: str,
    exclude: Sequence[str] = (),
    asked: Asked | None = None,
) -> Outcome:
    """
    The outcome of a change; `exclude` are the patterns of the configuration, for files that are gone,
    `asked` what was asked from git already.

    Raises:
        HistoryError: no git, no repository, or no such commit.
    """
    given = frozenset(snapshot.wanted)
    change = changed_since(root, dirty=found.dirty, asked=asked)
    everything = replace_wanted(snapshot, tuple(sorted(snapshot.entries)))
    new = session.run(everything)
    shown = [item for item in new.diagnostics if item.path in given]
    share = _Share(given, change)
    if not share.is_empty:
        past = _Past(everything, change, root, compile_patterns(tuple(exclude)))
        fresh = _new_ones(session, new, past)
        shown.extend(item for item in fresh if item.path not in given and share.holds(item))
    diagnostics = tuple(sorted(shown, key=lambda item: item.sort_key))
    return replace(new, diagnostics=diagnostics, files=len(given))


class _Share:
    """Which of the diagnostics outside the files given this call has to print."""

    def __init__(self, given: frozenset[str], change: Change) -> None:
        self._given = given
        self._changed = frozenset(path for path in (*change.added, *change.modified) if path.endswith(_SUFFIXES))
        deleted = any(path.endswith(_SUFFIXES) for path in change.deleted)
        self._is_alone = sum(len(path) + 1 for path in self._changed | given) < SHORTEST_SPLIT
        self._has_uncaused = deleted or not given or not self._changed.isdisjoint(given)
        self.is_empty = not (deleted or self._changed) or not (self._is_alone or self._has_uncaused)

    def holds(self, item: Diagnostic) -> bool:
        """Whether the cause lies in a file that was given, or nobody can say where it lies."""
        if self._is_alone:
            return True
        causes = self._changed.intersection((item.path, *(related.path for related in item.related)))
        return not causes.isdisjoint(self._given) if causes else self._has_uncaused


def _new_ones(session: Session, new: Outcome, past: _Past) -> tuple[Diagnostic, ...]:
    known = Counter(item.fingerprint for item in session.run(past.base()).diagnostics)
    for parent in past.change.merged:
        known |= Counter(item.fingerprint for item in session.run(past.at(parent)).diagnostics)
    fresh = []
    for item in new.diagnostics:
        if known[item.fingerprint] > 0:
            known[item.fingerprint] -= 1
        else:
            fresh.append(item)
    return tuple(fresh)


class _Past(msgspec.Struct, frozen=True):
    """Earlier states of the tree: its files as git has them, without those that the configuration leaves out."""

    everything: Snapshot
    change: Change
    root: str
    excluded: re.Pattern[str] | None

    def base(self) -> Snapshot:
        """The state that the change started from."""
        return self._with(self.change.old_blobs, self.change.added)

    def at(self, revision: str) -> Snapshot:
        """The state of a commit, as far as it differs from the work tree."""
        blobs = tree(self.root, revision)
        entries = self.everything.entries
        differing = {path: blob for path, blob in blobs.items() if not self._is_same(path, blob)}
        return self._with(differing, [path for path in entries if path not in blobs])

    def _is_same(self, path: str, blob: str) -> bool:
        entry = self.everything.entries.get(path)
        return entry is not None and (entry.content_id or "").startswith(f"{blob}:")

    def _with(self, blobs: Mapping[str, str], added: Iterable[str]) -> Snapshot:
        paths: dict[str, list[str]] = {}
        for path, blob in blobs.items():
            if path.endswith(_SUFFIXES) and not (self.excluded and self.excluded.search(path)):
                paths.setdefault(blob, []).append(path)
        contents: dict[str, bytes] = {}
        for blob, data in read_objects(self.root, paths):
            contents.update(dict.fromkeys(paths[blob], data))
        return earlier(self.everything, contents, added)


def replace_wanted(snapshot: Snapshot, wanted: tuple[str, ...]) -> Snapshot:
    """The same files with another question."""
    return Snapshot(snapshot.entries, wanted)


def changed_paths(snapshot: Snapshot, found: Discovery, root: str) -> tuple[str, ...]:
    """
    The files of the snapshot that were added or modified.

    Raises:
        HistoryError: no git, no repository, or no such commit.
    """
    change = changed_since(root, dirty=found.dirty)
    return tuple(sorted(snapshot.entries.keys() & {*change.added, *change.modified}))
