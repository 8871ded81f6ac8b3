"""The code of a class that runs on threads: its own, those of its timers, and those of thread classes that call it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from worker_lint.analysis.calls import Runs
from worker_lint.analysis.children import is_thread_class
from worker_lint.analysis.entity import Class
from worker_lint.analysis.nesting import mentions
from worker_lint.analysis.reached import Reached, reached_from
from worker_lint.source import ir

_ELSEWHERE: Final = frozenset({"thread", "timer"})
_THREAD: Final = "threading.Thread"


class Threaded(NamedTuple):
    """A method that a thread runs first of all that it runs of an object, and the place that makes it run there."""

    runs: Runs
    at: ir.At


def threaded(cls: Class) -> Iterator[Threaded]:
    """The methods of the class body's objects with which a thread enters them."""
    has_run = "def run(" in cls.project.store.text(cls.path).source  # only what stands in this file counts
    if has_run and cls.project.hierarchy.derives_from(cls, _THREAD):
        own = cls.project.calls.method(cls, "run")
        if len(own.runs) == 1 and own.runs[0].function.path == cls.path:
            yield Threaded(Runs(own.runs[0].function, cls), own.runs[0].function.node.name_at)
    for method in cls.project.values.fields.methods(cls):
        for entry in cls.project.workers.entries(method, cls) if mentions(method, "Thread", "Timer") else ():
            runs = entry.callee.runs
            if entry.kind in _ELSEWHERE and len(runs) == 1 and runs[0].me is cls:
                yield Threaded(runs[0], entry.call.at)
    if has_run:
        yield from _called_back(cls)


def _called_back(cls: Class) -> Iterator[Threaded]:
    """The methods that thread classes of the same file call on objects of this class, which they are given."""
    for other in cls.project.classes_in(cls.path):
        if other is cls or not is_thread_class(other) or not cls.project.hierarchy.derives_from(other, _THREAD):
            continue
        run = cls.project.calls.method(other, "run")
        if len(run.runs) != 1 or run.runs[0].function.path != cls.path:
            continue
        for here in reached_from(Runs(run.runs[0].function, other)):
            if here.me is cls and here.ways and here.ways[-1].function.owner is other:
                yield Threaded(Runs(here.function, cls), here.ways[-1].call.at)


def reached_on_threads(cls: Class) -> list[Reached]:
    """All methods of the objects that surely run on a thread."""
    found = (here for one in threaded(cls) for here in reached_from(one.runs))
    return [here for here in found if here.me is cls]
