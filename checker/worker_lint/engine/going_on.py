"""Keeping the state of a whole run beside the cache, and answering the next run from it."""

from __future__ import annotations

import re
from collections import ChainMap
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import TypeVar

import msgspec

from worker_lint.analysis import Project
from worker_lint.diagnostic import Diagnostic
from worker_lint.engine.alike import Before
from worker_lint.engine.former import Former
from worker_lint.engine.packed import Known, Packed, Skims, pack
from worker_lint.engine.parts import read_parts, write_parts
from worker_lint.engine.reading import Read
from worker_lint.engine.resume import CHANGED_AT_MOST, Doubt, Terms, resume
from worker_lint.engine.scout import states_seen
from worker_lint.engine.snapshot import Entry, Snapshot
from worker_lint.engine.sources import FileSources, decoded_text
from worker_lint.engine.standing import Files, Piece, Standing
from worker_lint.engine.state import State, decode_state, encode_state
from worker_lint.engine.tree import Tree
from worker_lint.source.familiar import Again, Familiar, Noted, look_again
from worker_lint.source.parse import Unparsable, parse_outline
from worker_lint.source.records import encode_module
from worker_lint.source.roles import Role
from worker_lint.source.skim import Skim

_V = TypeVar("_V")

_ENCODER = msgspec.msgpack.Encoder()
_FAMILIAR = msgspec.msgpack.Decoder(Familiar)
_FILES, _NOTED, _PACKED = slice(1, 3), slice(3, 8), slice(8, 13)

_NOTHING = (b"",) * 5


class Kept:
    """What an earlier run left behind, opened bit by bit."""

    def __init__(self, parts: Sequence[Piece]) -> None:
        self.parts = tuple(parts)
        self.files = Files(*parts[_FILES])

    @cached_property
    def state(self) -> State | None:
        """What the run said, and asked; None when that cannot be read."""
        return decode_state(self.parts[0])

    @cached_property
    def noted(self) -> Noted | None:
        """The work tree of the run, where it can be compared as a whole."""
        familiar, states, blobs, index, places = self.parts[_NOTED]
        if not familiar:
            return None
        return Noted(_FAMILIAR.decode(familiar), bytes(states), bytes(blobs), index, bytes(places))

    @cached_property
    def packed(self) -> Packed:
        """The skims of all files."""
        return Packed(*self.parts[_PACKED])


@dataclass
class EarlierRun:
    """
    The last whole run on the same terms. `folder` and `name` are where it lies, `get` gives records,
    `read` reads a file.
    """

    folder: str
    name: str
    get: Callable[[str], bytes | None]
    read: Callable[[Entry], Read]
    limit: int
    _kept: Kept | None = field(default=None, init=False)
    _is_to_note: bool = field(default=False, init=False)
    _root: str = field(default="", init=False)

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
            state = encode_state(tree, project, reached, diagnostics, ids)
            self._write((state, *Files.packed(ids), *_NOTHING, *pack(known)))
            self._is_to_note = True
        except UnicodeEncodeError:
            return  # a path that is not UTF-8: such trees are analysed anew

    def _write(self, parts: Sequence[Piece]) -> None:
        self._kept = None
        write_parts(self.folder, self.name, parts)

    def note(self, root: str, excluded: re.Pattern[str] | None) -> None:
        """Keeps beside a run what its work tree looks like, if it is new or the tree was not known by it."""
        kept = self._opened() if self._is_to_note else None
        self._is_to_note = False
        if kept is None:
            return
        from worker_lint.source.noting import note  # most runs note nothing

        noted = note(root, dict(zip(kept.files.paths, kept.files.ids, strict=True)), excluded)
        if noted is not None:
            familiar = _ENCODER.encode(noted.familiar)
            self._write((*kept.parts[:3], familiar, *noted[1:], *kept.parts[_PACKED]))

    def look_again(self, root: str, excluded: re.Pattern[str] | None) -> tuple[Standing, Again] | None:
        """The files below the root and how they differ from the run's; None when they must be listed anew."""
        self._root = root
        kept = self._opened()
        try:
            if kept is None or kept.noted is None:
                return None
            seen = partial(states_seen, root, kept.parts[_FILES.start])
            again = look_again(root, kept.noted, kept.files.paths, excluded, CHANGED_AT_MOST, seen)
        except (msgspec.MsgspecError, ValueError, IndexError):
            return None
        if again is None:
            self._is_to_note = True
            return None
        other = {path: Entry(path, f"{root}/{path}", found) for path, found in again.changed.items()}
        return Standing(root, kept.files, other), again

    def resume(self, snapshot: Snapshot, terms: Terms) -> tuple[Diagnostic, ...] | None:
        """The diagnostics of all files of a snapshot; None when they must be found without the earlier run."""
        kept = self._opened()
        state = kept.state if kept is not None else None
        if kept is None or state is None:
            return None
        try:
            reads = self._changed(kept.files, state, snapshot)
            if not reads:
                return state.diagnostics if reads is not None else None
            changed = {path: Known(read.skim, read.role, read.refusal) for path, read in reads.items()}
            skims = Skims(kept.files, kept.packed, changed)
            tree = self._tree(kept.files, state, snapshot, reads, skims)
            return resume(tree, terms, state, dict(self._before(kept.files, state, reads, skims)))
        except (Doubt, msgspec.MsgspecError, ValueError, IndexError):
            return None

    def _opened(self) -> Kept | None:
        if self._kept is None:
            parts = read_parts(self.folder, self.name)
            self._kept = Kept(parts) if parts is not None and len(parts) == _PACKED.stop else None
        return self._kept

    def _changed(self, files: Files, state: State, snapshot: Snapshot) -> dict[str, Read] | None:
        """The files that are not as they were; None when that is too much, or there are other files."""
        entries = snapshot.entries
        if isinstance(entries, Standing) and entries.files is files:
            other = list(entries.other.values())
        elif files.paths != sorted(entries):
            return None
        else:
            known = zip(files.paths, files.ids, strict=True)
            other = [entries[path] for path, content_id in known if entries[path].content_id != content_id]
        if len(other) > CHANGED_AT_MOST:
            return None
        reads: dict[str, Read] = {}
        for entry in other:
            if entry.content_id == files[entry.path]:
                continue  # the state before a change often is that of the earlier run
            found = self.read(entry)
            if found.problem is not None:
                return None
            if found.content_id != (state.read.get(entry.path) or files[entry.path]):
                reads[entry.path] = found
        return reads

    def _before(
        self, files: Files, state: State, reads: Mapping[str, Read], skims: Skims
    ) -> Iterator[tuple[str, Before]]:
        former = Former(self._root, {path: state.read.get(path) or files[path] for path in reads})
        for path, now in reads.items():
            content_id, earlier = files[path], skims.before(path)
            if earlier.role != now.role or earlier.refusal is not None or now.refusal is not None:
                raise Doubt
            record = self.get(f"record:{content_id}") or self.get(f"outline:{content_id}")
            yield path, Before(earlier.skim, record, partial(self._former_record, former, path, earlier.skim))

    def _former_record(self, former: Former, path: str, skim: Skim) -> bytes | None:
        """The record of a file that the earlier run did not look into."""
        data = former.content(path)
        found = self.read(Entry(path, "", None, data)) if data is not None else None
        if data is None or found is None or found.skim != skim:
            return None
        if found.record is not None:
            return found.record
        try:
            return encode_module(parse_outline(decoded_text(data, self.limit)))
        except Unparsable:
            return None

    def _tree(self, files: Files, state: State, snapshot: Snapshot, reads: Mapping[str, Read], skims: Skims) -> Tree:
        def role_of(path: str) -> Role:
            return snapshot.entries[path].role_with(skims.known(path).role)

        tree = Tree(FileSources(snapshot.read, self.limit), skims, _ByPath(files, role_of))
        tree.ids = ChainMap({path: found.content_id for path, found in reads.items()}, files)  # type: ignore[arg-type]
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
