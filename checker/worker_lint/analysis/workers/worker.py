"""A class that works: what its methods are for."""

from __future__ import annotations

from dataclasses import dataclass

from worker_lint.analysis.calls import Runs
from worker_lint.analysis.entity import Class
from worker_lint.analysis.resources.held import Held
from worker_lint.analysis.workers.entry import Entry


@dataclass(frozen=True, slots=True, eq=False)
class Worker:
    """
    The roles of a worker's methods, own and inherited ones, as objects of exactly this class have them.

    Attributes:
        cls: The class.
        is_modelled: It derives from a worker class of a library.
        loops: Methods that go round until something ends them.
        handlers: Methods that a library calls with messages or events.
        starts: Methods that begin the work.
        stops: Methods that end it.
        entries: Its code that runs elsewhere: threads, tasks, callbacks.
        held: Resources that its methods make and keep, those of bases included.
    """

    cls: Class
    is_modelled: bool
    loops: tuple[Runs, ...]
    handlers: tuple[Runs, ...]
    starts: tuple[Runs, ...]
    stops: tuple[Runs, ...]
    entries: tuple[Entry, ...]
    held: tuple[Held, ...]

    @property
    def threaded(self) -> tuple[Entry, ...]:
        """The entries that run on a thread other than the caller's."""
        return tuple(entry for entry in self.entries if entry.kind in ("thread", "timer", "pool"))
