"""The workers of a project and the roles of their methods, each computed once."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING, Final

from worker_lint.analysis.calls import Runs
from worker_lint.analysis.entity import Class, Function
from worker_lint.analysis.flow.visit import find
from worker_lint.analysis.models import ModelClass, WorkerTable
from worker_lint.analysis.stopping import is_stop_name
from worker_lint.analysis.workers.entry import Entry, entries_in, hands_over
from worker_lint.analysis.workers.worker import Worker
from worker_lint.source import ir

if TYPE_CHECKING:
    from worker_lint.analysis.project import Project

_STARTS: Final = frozenset(
    {"start", "run", "open", "connect", "setup", "begin", "launch", "serve", "__enter__", "__aenter__", "__init__"}
)
_LOOP_ROLES: Final = frozenset({"thread", "timer", "process", "pool", "task"})


class Workers:
    """Answers for one project; every result is kept."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self._workers: dict[Class, Worker | None] = {}
        self._examining: set[Class] = set()
        self._entries: dict[tuple[Function, Class | None], tuple[Entry, ...]] = {}
        self._methods: dict[Class, dict[str, Runs]] = {}

    def entries(self, function: Function, me: Class | None = None) -> tuple[Entry, ...]:
        """What a function hands to threads, pools, tasks, signals and callbacks."""
        key = (function, me)
        if key not in self._entries:
            self._entries[key] = tuple(entries_in(self.project, function, me))
        return self._entries[key]

    def hands_over(self, function: Function, wanted: Function, kinds: Collection[str]) -> bool:
        """Whether a function hands another one to something of these kinds; much cheaper than all its entries."""
        return hands_over(function, wanted, kinds)

    def methods(self, cls: Class) -> dict[str, Runs]:
        """The functions that objects of exactly this class have, by name, those of project bases included."""
        found = self._methods.get(cls)
        if found is None:
            self._methods[cls] = found = {}
            for base in self.project.hierarchy.order(cls):
                if isinstance(base, Class):
                    for method in self.project.values.fields.methods(base):
                        found.setdefault(method.name, Runs(method, cls))
        return found

    def stops(self, cls: Class) -> tuple[Runs, ...]:
        """The methods that end objects of the class: by their names, and by the models of its bases."""
        hooks = {name for table in self._tables(cls) for name in table.stop}
        return tuple(runs for name, runs in self.methods(cls).items() if is_stop_name(name) or name in hooks)

    def of(self, cls: Class) -> Worker | None:
        """The roles of a class's methods; None when it is no worker."""
        if cls not in self._workers:
            if cls in self._examining:
                self.project.unsettled.add(cls.path)
                return None
            self._examining.add(cls)
            self._workers[cls] = self._examined(cls)
            self._examining.discard(cls)
        return self._workers[cls]

    def _examined(self, cls: Class) -> Worker | None:
        tables = list(self._tables(cls))
        methods = self.methods(cls)
        held = tuple(
            one
            for base in self.project.hierarchy.order(cls)
            if isinstance(base, Class)
            for one in self.project.resources.held(base)
        )
        entries = tuple(entry for runs in methods.values() for entry in self.entries(*runs))
        loops = self._named(methods, tables, "loop") or tuple(self._loops(methods, entries))
        handlers = self._named(methods, tables, "handler") or self._handlers(cls, entries)
        stops = self.stops(cls)
        if not tables and not held and not ((loops or handlers) and stops):
            return None
        starts = self._named(methods, tables, "start") or tuple(
            runs for name, runs in methods.items() if name in _STARTS
        )
        return Worker(cls, bool(tables), loops, handlers, starts, stops, entries, held)

    def _tables(self, cls: Class) -> Iterator[WorkerTable]:
        for base in self.project.hierarchy.order(cls):
            if isinstance(base, ModelClass) and base.worker_roles is not None:
                yield base.worker_roles

    def _named(self, methods: dict[str, Runs], tables: list[WorkerTable], role: str) -> tuple[Runs, ...]:
        names = [name for table in tables for name in getattr(table, role)]
        return tuple(methods[name] for name in dict.fromkeys(names) if name in methods)

    def _loops(self, methods: dict[str, Runs], entries: tuple[Entry, ...]) -> Iterator[Runs]:
        """Methods with an endless or flagged loop that somebody else runs, or that are named for it."""
        run = {runs.function for entry in entries if entry.kind in _LOOP_ROLES for runs in entry.callee.runs}
        for name, runs in methods.items():
            named = any(word in name for word in ("run", "work", "loop", "consume", "serve", "listen", "poll", "watch"))
            if (named or runs.function in run) and has_service_loop(runs.function):
                yield runs

    def _handlers(self, cls: Class, entries: tuple[Entry, ...]) -> tuple[Runs, ...]:
        mine = [runs for entry in entries if entry.kind == "callback" for runs in entry.callee.runs]
        return tuple(runs for runs in dict.fromkeys(mine) if runs.me is cls)


def has_service_loop(function: Function) -> bool:
    """Whether the body has a loop that goes on until it is told to end: any `while`, or an `async for`."""
    if any(True for _ in find(ir.While, function.statements)):
        return True
    return any(loop.is_async for loop in find(ir.For, function.statements))
