"""Keeping the state of a whole run in the cache, and answering the next run from it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

import msgspec

from worker_lint.analysis import Project
from worker_lint.diagnostic import Diagnostic
from worker_lint.engine.cache import digest_of
from worker_lint.engine.packed import Known, Skims, pack, unpack
from worker_lint.engine.reading import Read
from worker_lint.engine.resume import CHANGED_AT_MOST, Before, Doubt, Terms, resume
from worker_lint.engine.snapshot import Entry, Snapshot
from worker_lint.engine.sources import FileSources
from worker_lint.engine.state import State, decode_state, encode_state
from worker_lint.engine.tree import Tree
from worker_lint.source.roles import Role

_V = TypeVar("_V")


Get = Callable[[str], bytes | None]
Put = Callable[[Mapping[str, bytes]], None]


@dataclass(slots=True)
class EarlierRun:
    """
    The last whole run on the same terms. `key` is what the keys of its parts in the cache end in,
    `read` reads a file.
    """

    key: str
    get: Get
    put: Put
    read: Callable[[Entry], Read]
    limit: int
    _state: State | None = field(default=None, init=False)

    def keep(
        self,
        tree: Tree,
        project: Project,
        reached: Collection[str],
        diagnostics: tuple[Diagnostic, ...],
        snapshot: Snapshot,
        known: Mapping[str, Known],
    ) -> None:
        """Keeps a whole run that is over; `known` is what reading the files gave."""
        ids = {path: entry.content_id or tree.ids.get(path, "") for path, entry in snapshot.entries.items()}
        if not all(ids.values()):
            return
        try:
            stamp = digest_of(*(part for path in sorted(ids) for part in (path, ids[path])))
            state = encode_state(tree, project, reached, diagnostics, ids, stamp)
            self.put({f"state:{self.key}": state, f"skims:{self.key}": pack(known, stamp)})
        except UnicodeEncodeError:
            return  # a path that is not UTF-8: such trees are analysed anew
        self._state = None

    def resume(self, snapshot: Snapshot, terms: Terms) -> tuple[Diagnostic, ...] | None:
        """The diagnostics of all files of a snapshot; None when they must be found without the earlier run."""
        state = self._opened()
        reads = self._changed(state, snapshot) if state is not None else None
        if state is None or reads is None:
            return None
        if not reads:
            return state.diagnostics
        packed = unpack(self.get(f"skims:{self.key}"), state.stamp)
        if packed is None:
            return None
        changed = {path: Known(read.skim, read.role, read.refusal) for path, read in reads.items()}
        skims = Skims(sorted(state.files), packed, changed)
        try:
            tree = self._tree(state, snapshot, reads, skims)
            return resume(tree, terms, state, dict(self._before(state, reads, skims)))
        except (Doubt, msgspec.MsgspecError):
            return None

    def _opened(self) -> State | None:
        if self._state is None:
            data = self.get(f"state:{self.key}")
            self._state = decode_state(data) if data is not None else None
        return self._state

    def _changed(self, state: State, snapshot: Snapshot) -> dict[str, Read] | None:
        """The files that are not as they were; None when that is too much, or there are other files."""
        files, entries = state.files, snapshot.entries
        if files.keys() != entries.keys():
            return None
        other = [entry for path, entry in entries.items() if files[path] != entry.content_id]
        if len(other) > CHANGED_AT_MOST:
            return None
        reads: dict[str, Read] = {}
        for entry in other:
            found = self.read(entry)
            if found.problem is not None:
                return None
            if found.content_id != state.read.get(entry.path, files[entry.path]):
                reads[entry.path] = found
        return reads

    def _before(self, state: State, reads: Mapping[str, Read], skims: Skims) -> Iterator[tuple[str, Before]]:
        for path, now in reads.items():
            content_id, earlier = state.files[path], skims.before(path)
            if earlier.role != now.role or earlier.refusal is not None or now.refusal is not None:
                raise Doubt
            yield path, Before(earlier.skim, self.get(f"record:{content_id}") or self.get(f"outline:{content_id}"))

    def _tree(self, state: State, snapshot: Snapshot, reads: Mapping[str, Read], skims: Skims) -> Tree:
        def role_of(path: str) -> Role:
            return snapshot.entries[path].role_with(skims.known(path).role)

        tree = Tree(FileSources(snapshot.read, self.limit), skims, _ByPath(state.files, role_of))
        tree.ids = {**state.files, **{path: found.content_id for path, found in reads.items()}}
        tree.fetch = self.get
        tree.encoded = {path: found.record for path, found in reads.items() if found.record is not None}
        for path in state.refused:
            refusal = skims.known(path).refusal
            if refusal is None:
                raise Doubt
            tree.refuse(path, refusal.message, refusal.line, refusal.column)
        return tree


class _ByPath(Mapping[str, _V]):
    """Values that are found when they are asked for: most never are."""

    def __init__(self, paths: Collection[str], find: Callable[[str], _V]) -> None:
        self._paths = paths
        self._find = find

    def __getitem__(self, path: str) -> _V:
        if path not in self._paths:
            raise KeyError(path)
        return self._find(path)

    def __iter__(self) -> Iterator[str]:
        return iter(self._paths)

    def __len__(self) -> int:
        return len(self._paths)
