"""
A run from snapshot to outcome, with everything that may be remembered from earlier runs.

First the whole answer is looked up; then the reads of each file; the rest is worked out.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Sequence
from contextlib import nullcontext, suppress
from functools import cached_property
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING

import msgspec

from worker_lint.analysis import Models, Project
from worker_lint.diagnostic import Diagnostic, Problem
from worker_lint.engine.ahead import Ahead
from worker_lint.engine.cache import FORMAT, Cache, digest_of
from worker_lint.engine.crew import Crew
from worker_lint.engine.environment import Environment, still_holds
from worker_lint.engine.garbage import rare_collection
from worker_lint.engine.going_on import EarlierRun
from worker_lint.engine.packed import Known
from worker_lint.engine.plan import Plan
from worker_lint.engine.processes import Processes
from worker_lint.engine.reading import Job, Order, Read, Refusal, read_all, read_bytes, read_file
from worker_lint.engine.resume import Terms
from worker_lint.engine.run import Company, Outcome, analyse
from worker_lint.engine.snapshot import Entry, Snapshot
from worker_lint.engine.sources import FileSources
from worker_lint.engine.tree import Tree
from worker_lint.source.discover import DiscoverOptions, Discovery, Named
from worker_lint.source.ignore import compile_patterns

if TYPE_CHECKING:
    from worker_lint.engine.confirming import SecondOpinion


class _Answer(msgspec.Struct, frozen=True, array_like=True):
    """A kept report."""

    diagnostics: tuple[Diagnostic, ...]
    problems: tuple[Problem, ...]
    unknown: int
    given_up: tuple[Diagnostic, ...]
    outside: tuple[tuple[str, str], ...] = ()


_ENCODER = msgspec.msgpack.Encoder()
_KEPT = msgspec.msgpack.Decoder(dict[str, Known])


class Session(msgspec.Struct, dict=True):
    """
    What the runs of one command share. `digest` covers everything but the files that an answer
    depends on: tool, rule packs, models, settings.
    """

    plan: Plan
    models: Models
    digest: str
    cache: Cache
    limit: int
    processes: int = msgspec.field(default_factory=lambda: os.cpu_count() or 1)
    method: str = ""
    confirm: bool = False
    environment: Environment | None = None
    progress: Callable[[int, int], None] = lambda done, total: None
    seconds: dict[str, float] = msgspec.field(default_factory=dict)
    cached_reads: int = 0
    fresh_reads: int = 0
    _kept: dict[str, Known] | None = None

    @rare_collection()
    def run(self, snapshot: Snapshot, *, remember: bool = True) -> Outcome:
        """The outcome for a snapshot; with `remember` a kept answer will do (it has no fixes)."""
        resumed = self._resume(snapshot) if remember else None
        if resumed is not None:
            return resumed
        key = self._answer_key(snapshot) if remember and self.cache.usable else None
        if key is not None:
            answer = self._known_answer(key)
            if answer is not None and still_holds(answer.outside):
                files = len(snapshot.wanted)
                unknown, given_up = answer.unknown, answer.given_up
                return Outcome(answer.diagnostics, {}, answer.problems, unknown, files, given_up=given_up)
        return self._whole(snapshot, key)

    def _whole(self, snapshot: Snapshot, key: str | None) -> Outcome:
        seen: list[tuple[Project, Collection[str]]] = []
        with Processes(self.processes, self.method) as processes:
            tree = self.tree(snapshot, processes)
            tree.ahead = Ahead(processes, snapshot.entries, self.limit)
            refused = tree.unparsable.keys() | ()
            crew = Crew(tree.ahead, self.cache.another if self.cache.usable else None)
            company = Company(lambda project, reached: seen.append((project, reached)), crew)
            opinion = self._second_opinion()
            outcome = analyse(tree, self.models, self.plan, snapshot.wanted, opinion, company)
        self._keep(tree, snapshot)
        is_whole = len(snapshot.wanted) == len(snapshot.entries) and not outcome.problems and not outcome.unknown
        if self._earlier is not None and is_whole and tree.unparsable.keys() == refused:
            known = {path: self._known_of(tree, path) for path in snapshot.entries}
            self._earlier.keep(tree, *seen[0], outcome.diagnostics, snapshot, known)
        self._add_seconds(outcome.stages)
        if key is not None and not outcome.problems:
            answer = _Answer(outcome.diagnostics, outcome.problems, outcome.unknown, outcome.given_up, self._outside())
            with suppress(UnicodeEncodeError):  # a path that is not UTF-8 cannot be kept
                self.cache.put_many({key: _ENCODER.encode(answer)})
        return outcome

    def _resume(self, snapshot: Snapshot) -> Outcome | None:
        """The outcome by way of an earlier run; it has no fixes."""
        if self._earlier is None:
            return None
        started = perf_counter()
        found = self._earlier.resume(snapshot, Terms(self.models, self.plan))
        self._add_seconds({"resume": perf_counter() - started})
        if found is None:
            return None
        if len(snapshot.wanted) < len(snapshot.entries):
            wanted = frozenset(snapshot.wanted)
            found = tuple(item for item in found if item.path in wanted)
        return Outcome(found, files=len(snapshot.wanted))

    @cached_property
    def _earlier(self) -> EarlierRun | None:
        if not self.cache.usable or self.confirm or self.environment is not None or not self.plan.is_resumable:
            return None
        name = f"state-{FORMAT}-{digest_of(self.digest, self._reads_key)}"
        return EarlierRun(self.cache.folder, name, self.cache.get, self._read_one, self.limit)

    def look_again(
        self, paths: Sequence[str | Path], root: str | Path, options: DiscoverOptions
    ) -> tuple[Discovery, Snapshot] | None:
        """
        What `discover` finds, with the entries of an earlier run for the files that are as they were
        then; None when the files must be listed anew, or some path names anything out of the ordinary.
        """
        named = Named(root, options)
        for path in paths:
            named.take(os.path.abspath(path))  # noqa: PTH100 - links stay as they are
        if self._earlier is None or not named.is_ordinary:
            return None
        found = self._earlier.look_again(named.root, compile_patterns(options.exclude))
        if found is None:
            return None
        standing, again = found
        wanted = tuple(standing) if named.folders else tuple(sorted(map(named.relative, named.files)))
        if not named.folders and not all(path in standing for path in wanted):
            return None
        return Discovery((), (), again.dirty, again.untracked), Snapshot(standing, wanted)

    def note(self, root: str | Path, options: DiscoverOptions) -> None:
        """Keeps what the next run needs to `look_again`."""
        if self._earlier is not None:
            self._earlier.note(os.path.realpath(root), compile_patterns(options.exclude))

    def _read_one(self, entry: Entry) -> Read:
        order = Order((), self.plan.words, self.plan.screens(), self.limit)
        job = Job(entry.path, entry.absolute, entry.role)
        if entry.data is not None:
            return read_bytes(job, entry.data, order)
        return read_file(job, order)

    def _second_opinion(self) -> SecondOpinion | None:
        if not self.confirm:
            return None
        from worker_lint.engine.confirming import SecondOpinion  # brings astroid along, which takes its time

        return SecondOpinion(self.cache)

    def _outside(self) -> tuple[tuple[str, str], ...]:
        """The files of the environment that were asked for, each with its state."""
        return tuple(sorted(self.environment.states.items())) if self.environment is not None else ()

    # --- the whole answer ---

    def _answer_key(self, snapshot: Snapshot) -> str | None:
        lines = []
        for path in sorted(snapshot.entries):
            entry = snapshot.entries[path]
            if entry.content_id is None:
                return None  # too young to be known without reading it
            lines.append(f"{path}\0{entry.content_id}")
        return "answer:" + digest_of(self.digest, "\n".join(lines), "\n".join(snapshot.wanted))

    def _known_answer(self, key: str) -> _Answer | None:
        data = self.cache.get(key)
        if data is None:
            return None
        try:
            return msgspec.msgpack.decode(data, type=_Answer)
        except (msgspec.MsgspecError, ValueError):
            return None

    # --- reads ---

    def tree(self, snapshot: Snapshot, processes: Processes | None = None) -> Tree:
        """The files of a snapshot as the analysis sees them."""
        started = perf_counter()
        with Processes(self.processes, self.method) if processes is None else nullcontext(processes) as readers:
            reads = self._reads(snapshot, readers)
        self._add_seconds({"read": perf_counter() - started})
        started = perf_counter()
        skims = {path: read.skim for path, read in reads.items()}
        roles = {path: snapshot.entries[path].role_with(read.role) for path, read in reads.items()}
        tree = Tree(FileSources(snapshot.read, self.limit), skims, roles)
        for path, read in reads.items():
            if read.record is not None:
                tree.encoded[path] = read.record
            elif read.refusal is not None:
                tree.refuse(path, read.refusal.message, read.refusal.line, read.refusal.column)
            if read.problem is not None:
                message, remedy, fatal = read.problem
                tree.problems.append(Problem(message, path, remedy, fatal=fatal))
        tree.ids = {path: read.content_id for path, read in reads.items() if read.content_id}
        tree.stated_roles = {path: read.role for path, read in reads.items() if read.role is not None}
        tree.fetch = self.cache.get
        tree.environment = self.environment
        self._add_seconds({"index": perf_counter() - started})
        return tree

    def _reads(self, snapshot: Snapshot, processes: Processes) -> dict[str, Read]:
        words, screens = self.plan.words, self.plan.screens()
        kept = self._known_reads()
        reads: dict[str, Read] = {}
        jobs: list[Job] = []
        for path, entry in snapshot.entries.items():
            known = kept.get(entry.content_id) if entry.content_id else None
            if known is not None and entry.content_id:
                reads[path] = Read(path, known.skim, entry.content_id, known.role, None, known.refusal)
            elif entry.data is None:
                jobs.append(Job(path, entry.absolute, entry.role))
            else:
                reads[path] = self._read_one(entry)
        self.cached_reads += len(snapshot.entries) - len(jobs)
        self.fresh_reads += len(jobs)
        found = read_all(jobs, words, screens, self.limit, processes)
        for done, read in enumerate(found, 1):
            reads[read.path] = read
            self.progress(done, len(jobs))
        return reads

    def _known_reads(self) -> dict[str, Known]:
        if self._kept is None:
            data = self.cache.get(self._reads_key)
            try:
                self._kept = _KEPT.decode(data) if data else {}
            except (msgspec.MsgspecError, ValueError):
                self._kept = {}
        return self._kept

    @property
    def _reads_key(self) -> str:
        return "reads:" + digest_of(b"\0".join(self.plan.words), str(self.plan.screens()), str(self.limit))

    def _keep(self, tree: Tree, snapshot: Snapshot) -> None:
        if not self.cache.usable:
            return
        started = perf_counter()
        kept = self._known_reads()
        changed = False
        for path, content_id in tree.ids.items():
            for name in {content_id, snapshot.entries[path].content_id or content_id}:
                if name not in kept:
                    kept[name] = self._known_of(tree, path)
                    changed = True
        entries = dict(tree.fresh_records(snapshot.entries))
        if changed:
            present = {name for path, name in tree.ids.items()} | {e.content_id for e in snapshot.entries.values()}
            self._kept = {
                name: value for name, value in kept.items() if name in present or len(kept) < 2 * len(present)
            }
            entries[self._reads_key] = _ENCODER.encode(self._kept)
        self.cache.put_many(entries)
        self._add_seconds({"cache": perf_counter() - started})

    def _known_of(self, tree: Tree, path: str) -> Known:
        # What was refused when somebody asked for it is asked again: the next run may not ask, and then says nothing.
        error = tree.unparsable.get(path) if tree.is_root(path) else None
        refusal = Refusal(error.message, error.line, error.column) if error else None
        return Known(tree.skims[path], tree.content_role(path), refusal)

    def _add_seconds(self, stages: dict[str, float]) -> None:
        for name, seconds in stages.items():
            self.seconds[name] = self.seconds.get(name, 0.0) + seconds
