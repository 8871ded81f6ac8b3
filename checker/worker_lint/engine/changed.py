"""
What a change brings: diagnostics of the new state that the old one did not have.

Old is HEAD, or what pre-commit compares with; its contents come from git, never from an earlier
run's answers, so a fresh clone says the same. Deletions are asked from git, because pre-commit
names no deleted file; and a diagnostic outside the files given is printed only by the call that
was given a changed file, because pre-commit splits long lists into several calls.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from worker_lint.diagnostic import Diagnostic
from worker_lint.engine.run import Outcome
from worker_lint.engine.session import Session
from worker_lint.engine.snapshot import Snapshot, earlier
from worker_lint.source.discover import Discovery
from worker_lint.source.history import Change, changed_since
from worker_lint.source.revision import read_objects, tree


def run_changed(session: Session, snapshot: Snapshot, found: Discovery, root: str) -> Outcome:
    """
    The outcome of a change.

    Raises:
        HistoryError: no git, no repository, or no such commit.
    """
    given = frozenset(snapshot.wanted)
    change = changed_since(root, given=None, dirty=found.dirty)
    everything = replace_wanted(snapshot, tuple(sorted(snapshot.entries)))
    new = session.run(everything)
    mine = given.intersection((*change.added, *change.modified))
    elsewhere: tuple[Diagnostic, ...] = ()
    if mine or change.deleted or not given:
        elsewhere = _new_ones(session, everything, new, change, root)
    shown = [item for item in new.diagnostics if item.path in given]
    shown.extend(item for item in elsewhere if item.path not in given)
    diagnostics = tuple(sorted(shown, key=lambda item: item.sort_key))
    return replace(new, diagnostics=diagnostics, files=len(given))


def _new_ones(
    session: Session, everything: Snapshot, new: Outcome, change: Change, root: str
) -> tuple[Diagnostic, ...]:
    old = session.run(_before(everything, change, root))
    known = Counter(item.fingerprint for item in old.diagnostics)
    for parent in change.merged:
        known |= Counter(item.fingerprint for item in session.run(_at(everything, parent, root)).diagnostics)
    fresh = []
    for item in new.diagnostics:
        if known[item.fingerprint] > 0:
            known[item.fingerprint] -= 1
        else:
            fresh.append(item)
    return tuple(fresh)


def _before(everything: Snapshot, change: Change, root: str) -> Snapshot:
    """The state that the change started from."""
    paths: dict[str, list[str]] = {}
    for path, blob in change.old_blobs.items():
        if path.endswith((".py", ".pyi")):
            paths.setdefault(blob, []).append(path)
    contents: dict[str, bytes] = {}
    for blob, data in read_objects(root, paths):
        contents.update(dict.fromkeys(paths[blob], data))
    return earlier(everything, contents, change.added)


def _at(everything: Snapshot, revision: str, root: str) -> Snapshot:
    """The state of a commit, as far as it differs from the work tree."""
    blobs = {path: blob for path, blob in tree(root, revision).items() if path.endswith((".py", ".pyi"))}
    differing: dict[str, list[str]] = {}
    for path, blob in blobs.items():
        entry = everything.entries.get(path)
        if entry is None or not (entry.content_id or "").startswith(blob):
            differing.setdefault(blob, []).append(path)
    contents: dict[str, bytes] = {}
    for blob, data in read_objects(root, differing):
        contents.update(dict.fromkeys(differing[blob], data))
    return earlier(everything, contents, [path for path in everything.entries if path not in blobs])


def replace_wanted(snapshot: Snapshot, wanted: tuple[str, ...]) -> Snapshot:
    """The same files with another question."""
    return Snapshot(snapshot.entries, wanted)
