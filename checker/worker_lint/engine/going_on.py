"""Keeping the state of a whole run in the cache, and answering the next run from it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

from worker_lint.analysis import Project
from worker_lint.diagnostic import Diagnostic
from worker_lint.engine.reading import Read, Refusal
from worker_lint.engine.resume import CHANGED_AT_MOST, Before, Doubt, Terms, resume
from worker_lint.engine.snapshot import Entry, Snapshot
from worker_lint.engine.sources import FileSources
from worker_lint.engine.state import State, decode_state, encode_state
from worker_lint.engine.tree import Tree
from worker_lint.source.roles import Role
from worker_lint.source.skim import Skim

_V = TypeVar("_V")


class Known(Protocol):
    """What is kept of reading a file; its fields are those of `Read`."""

    @property
    def skim(self) -> Skim:
        """Imports, class headers, words."""

    @property
    def role(self) -> Role | None:
        """The role that the content states."""

    @property
    def refusal(self) -> Refusal | None:
        """Why there is no record."""


Get = Callable[[str], bytes | None]
Put = Callable[[Mapping[str, bytes]], None]


@dataclass(slots=True)
class EarlierRun:
    """
    The last whole run on the same terms. `key` is that of its state in the cache, `known` gives the
    kept reads by content id, `read` reads a file.
    """

    key: str
    get: Get
    put: Put
    known: Callable[[], Mapping[str, Known]]
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
    ) -> None:
        """Keeps a whole run that is over."""
        ids = {path: entry.content_id or tree.ids.get(path, "") for path, entry in snapshot.entries.items()}
        if all(ids.values()):
            self.put({self.key: encode_state(tree, project, reached, diagnostics, ids)})
            self._state = None

    def resume(self, snapshot: Snapshot, terms: Terms) -> tuple[Diagnostic, ...] | None:
        """The diagnostics of all files of a snapshot; None when they must be found without the earlier run."""
        state = self._opened()
        reads = self._changed(state, snapshot) if state is not None else None
        if state is None or reads is None:
            return None
        if not reads:
            return state.diagnostics
        try:
            tree = self._tree(state, snapshot, reads)
            return resume(tree, terms, state, dict(self._before(state, reads)))
        except Doubt:
            return None

    def _opened(self) -> State | None:
        if self._state is None:
            data = self.get(self.key)
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

    def _before(self, state: State, reads: Mapping[str, Read]) -> Iterator[tuple[str, Before]]:
        known = self.known()
        for path, now in reads.items():
            content_id = state.files[path]
            earlier = known.get(content_id)
            if earlier is None or earlier.role != now.role or earlier.refusal is not None or now.refusal is not None:
                raise Doubt
            yield path, Before(earlier.skim, self.get(f"record:{content_id}") or self.get(f"outline:{content_id}"))

    def _tree(self, state: State, snapshot: Snapshot, reads: Mapping[str, Read]) -> Tree:
        known = self.known()

        def read_of(path: str) -> Known:
            found: Known | None = reads.get(path) or known.get(state.files[path])
            if found is None:
                raise Doubt
            return found

        def role_of(path: str) -> Role:
            return snapshot.entries[path].role_with(read_of(path).role)

        def skim_of(path: str) -> Skim:
            return read_of(path).skim

        paths = snapshot.entries.keys()
        tree = Tree(FileSources(snapshot.read, self.limit), _ByPath(paths, skim_of), _ByPath(paths, role_of))
        tree.ids = {**state.files, **{path: found.content_id for path, found in reads.items()}}
        tree.fetch = self.get
        tree.encoded = {path: found.record for path, found in reads.items() if found.record is not None}
        for path in state.refused:
            refusal = read_of(path).refusal
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
