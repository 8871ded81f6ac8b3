"""
What changed, asked from git: for a hook that compares the work tree with the last commit.

The old side comes from git's objects (`worker_lint.source.revision`), never from an earlier
run's cache, so that a fresh clone gives the same answer. The new side is always the work
tree: pre-commit has put unstaged changes away when its hooks run. A rename is a deletion and
an addition.
"""

# Paths stay text here: a `Path` for each of 20,000 files costs more than its lstat.
# ruff: noqa: PTH118, PTH123

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from typing import Final, NamedTuple

import msgspec

from worker_lint.source.content import content_id_of, content_id_of_blob
from worker_lint.source.repository import GitCommand, GitOutput, Repository, find_repository, run_git
from worker_lint.source.revision import refusal, require_commit, require_repository, tree
from worker_lint.source.spread import relative_path

# The tree without files, which git knows in each of its two object formats without storing it.
EMPTY_TREES: Final = {
    40: "4b825dc642cb6eb9a060e54bf8d69288fbee4904",
    64: "6ef19b41225c5369f1c104d45d8d85efa9b057b53b14b4b9b939dd74decc5321",
}

_WHICH_HEAD: Final = ("rev-parse", "--verify", "--quiet", "HEAD^{commit}")
_DIFFERENCE: Final = ("diff-index", "--cached", "--raw", "-z", "--no-renames", "--no-abbrev")


class Change(msgspec.Struct, frozen=True):
    """
    The files below the root that differ between a commit and the work tree, sorted.

    `base` is the commit's id, or that of the empty tree before the first commit.
    `old_blobs` holds the blob id in the base of each modified or deleted file. Untracked
    files are in neither list. `merged` are the other parents of a merge that is being
    committed: what already stands in one of them is not new either.
    """

    added: tuple[str, ...]
    modified: tuple[str, ...]
    deleted: tuple[str, ...]
    base: str
    old_blobs: Mapping[str, str]
    merged: tuple[str, ...] = ()


class Asked(NamedTuple):
    """Questions to git about what differs between HEAD and the index, which it answers while others work."""

    repository: Repository
    head: GitCommand
    difference: GitCommand

    def close(self) -> None:
        """Waits for the answers; to be called in any case."""
        self.head.finish()
        self.difference.finish()


def ask_for_changes(root: str) -> Asked | None:
    """Starts to ask what `changed_since` will need; None where that is known to be something else."""
    repository = find_repository(os.path.realpath(root))
    if repository is None or os.environ.get("PRE_COMMIT_FROM_REF"):
        return None
    return Asked(repository, GitCommand(repository, _WHICH_HEAD), GitCommand(repository, (*_DIFFERENCE, "HEAD")))


def changed_since(
    root: str,
    base: str | None = None,
    given: Collection[str] | None = None,
    dirty: Mapping[str, str] | None = None,
    asked: Asked | None = None,
) -> Change:
    """
    What differs below the root (absolute) between `base` and the work tree.

    Without `base`: the commit where PRE_COMMIT_FROM_REF and PRE_COMMIT_TO_REF part, if the
    hook was started for a range, else HEAD, else nothing at all (before the first commit).

    `given` limits additions and modifications to these paths; deletions are never limited,
    because pre-commit names no deleted file. `dirty` is `Discovery.dirty`: these files are
    compared by content, so that changes count that nobody has staged. `asked` are the answers
    to `ask_for_changes`, which saves asking now.

    Raises:
        HistoryError: no git, no repository, or no such commit.
    """
    root = os.path.realpath(root)
    repository = require_repository(root)
    commit = _resolve_base(repository, base, asked)
    is_answered = asked is not None and base is None and asked.head.finish().code == 0
    command = asked.difference if asked is not None and is_answered else GitCommand(repository, (*_DIFFERENCE, commit))
    change = _against_index(repository, root, commit, command.finish())
    for path, blob in (dirty or {}).items():
        if path in change.old_blobs or path in change.added:
            continue
        _note_work_tree(change, root, path, blob)
    limit = None if given is None else frozenset(given)
    merged = _merge_parents(repository) if base is None and not os.environ.get("PRE_COMMIT_FROM_REF") else ()
    return Change(
        added=_sorted(change.added, limit),
        modified=_sorted(change.modified, limit),
        deleted=_sorted(change.deleted, None),
        base=commit,
        old_blobs=change.old_blobs,
        merged=merged,
    )


class _Draft(msgspec.Struct):
    """A change while it is put together."""

    added: set[str]
    modified: set[str]
    deleted: set[str]
    old_blobs: dict[str, str]


def _against_index(repository: Repository, root: str, commit: str, answer: GitOutput) -> _Draft:
    """
    Base against index. Only `--cached` is asked: for the work tree git would compare
    contents, which starts the filters of the repository.
    """
    draft = _Draft(set(), set(), set(), {})
    if answer.code:
        raise refusal(answer.complaint)
    fields = answer.output.split(b"\0")
    conflicts = []
    for facts, name in zip(fields[::2], fields[1::2], strict=False):
        path = relative_path(os.path.join(repository.top, os.fsdecode(name)), root)
        old_mode, new_mode, old_blob, _, status = facts[1:].split(b" ")
        if path.startswith("../"):
            continue
        if status == b"U":
            conflicts.append(path)
            continue
        was_file, is_file = old_mode.startswith(b"100"), new_mode.startswith(b"100")
        if was_file:
            draft.old_blobs[path] = old_blob.decode("ascii")
            (draft.modified if is_file else draft.deleted).add(path)
        elif is_file:
            draft.added.add(path)
    if conflicts:
        _note_conflicts(draft, root, commit, conflicts)
    return draft


def _note_conflicts(draft: _Draft, root: str, commit: str, paths: list[str]) -> None:
    """A file in conflict is in the work tree with its marks; the base may or may not have it."""
    old = tree(root, commit, paths)
    for path in paths:
        for known in (draft.added, draft.modified, draft.deleted):
            known.discard(path)
        if path in old:
            draft.old_blobs[path] = old[path]
        exists = os.path.lexists(f"{root}/{path}")
        if exists:
            (draft.modified if path in old else draft.added).add(path)
        elif path in old:
            draft.deleted.add(path)


def _note_work_tree(draft: _Draft, root: str, path: str, blob: str) -> None:
    """A file that may differ from its index entry, which equals the base's."""
    try:
        with open(f"{root}/{path}", "rb") as file:
            data = file.read()
    except FileNotFoundError:
        draft.deleted.add(path)
    except OSError:
        return  # reading it for the check will say why it cannot be read
    else:
        if content_id_of(data) == content_id_of_blob(blob, len(data)):
            return
        draft.modified.add(path)
    draft.old_blobs[path] = blob


def _resolve_base(repository: Repository, base: str | None, asked: Asked | None) -> str:
    """The id of the commit to compare with."""
    if base is not None:
        return require_commit(repository, base)
    start, end = os.environ.get("PRE_COMMIT_FROM_REF"), os.environ.get("PRE_COMMIT_TO_REF")
    if start and not start.strip("0"):
        return _empty_tree(repository)  # how a push names what was not there before
    if start:
        start = require_commit(repository, start)
        # As pre-commit does: what the other side did since the two parted is no change of ours.
        parted = run_git(repository, "merge-base", start, require_commit(repository, end or "HEAD"))
        return parted.output.decode("ascii").strip() if parted.code == 0 else start
    head = (asked.head if asked is not None else GitCommand(repository, _WHICH_HEAD)).finish()
    if head.code == 0:
        return head.output.decode("ascii").strip()
    if head.complaint:
        raise refusal(head.complaint)
    return _empty_tree(repository)


def _empty_tree(repository: Repository) -> str:
    answer = run_git(repository, "rev-parse", "--show-object-format")
    return EMPTY_TREES[64 if answer.output.strip() == b"sha256" else 40]


def _merge_parents(repository: Repository) -> tuple[str, ...]:
    try:
        with open(os.path.join(repository.git_dir, "MERGE_HEAD"), encoding="ascii") as file:
            return tuple(file.read().split())
    except (OSError, UnicodeDecodeError):
        return ()


def _sorted(paths: Collection[str], limit: frozenset[str] | None) -> tuple[str, ...]:
    return tuple(sorted(paths if limit is None else limit.intersection(paths)))
