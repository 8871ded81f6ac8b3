"""How the analysis sees a worker: plain values, for people and for other programs."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from msgspec import Struct

from worker_lint.analysis.calls import Runs
from worker_lint.analysis.entity import Class
from worker_lint.analysis.resources.held import Held, Site
from worker_lint.analysis.workers.answers import Answer, answers
from worker_lint.analysis.workers.entry import Entry
from worker_lint.analysis.workers.timeline import StopStep, timeline
from worker_lint.analysis.workers.worker import Worker

if TYPE_CHECKING:
    from worker_lint.analysis.project import Project


class Where(Struct, frozen=True):
    """A named place: a method with the line of its name, or a line of it."""

    name: str
    path: str
    line: int


class Entered(Struct, frozen=True):
    """Code that runs elsewhere: where (``thread``, ``signal`` …), what, and the place that hands it over."""

    kind: str
    runs: str
    at: Where


class Owned(Struct, frozen=True):
    """
    A resource that the worker makes.

    Attributes:
        name: The field, as the code writes it.
        of: The class of the object.
        role: What it is: connection, thread, lock …
        acquired: Where its release becomes due.
        released: Where it is released, asked to end or waited for, with how.
        is_ours: Whether nobody else can be meant to release it.
    """

    name: str
    of: str
    role: str
    acquired: tuple[Where, ...]
    released: tuple[tuple[str, Where], ...]
    is_ours: bool


class Stop(Struct, frozen=True):
    """A stop method with its steps; no steps when they cannot be told."""

    at: Where
    steps: tuple[StopStep, ...] | None


class Portrait(Struct, frozen=True):
    """A worker: its roles, the code that runs elsewhere, what it owns, what becomes of errors, how it stops."""

    name: str
    path: str
    line: int
    loops: tuple[Where, ...]
    handlers: tuple[Where, ...]
    starts: tuple[Where, ...]
    entries: tuple[Entered, ...]
    owned: tuple[Owned, ...]
    stops: tuple[Stop, ...]
    errors: tuple[Answer, ...] = ()


def portrait(project: Project, cls: Class) -> Portrait | None:
    """How a class works and stops; None when it is no worker."""
    worker = project.workers.of(cls)
    return None if worker is None else _portrait(project, worker)


def _portrait(project: Project, worker: Worker) -> Portrait:
    cls = worker.cls
    return Portrait(
        cls.symbol,
        cls.path,
        cls.node.name_at[0],
        _methods(worker.loops),
        _methods(worker.handlers),
        _methods(worker.starts),
        tuple(dict.fromkeys(map(_entered, worker.entries))),
        tuple(map(_owned, worker.held)),
        tuple(Stop(_method(runs), timeline(project, runs)) for runs in worker.stops),
        answers(project, worker),
    )


def _method(runs: Runs) -> Where:
    return Where(runs.function.name, runs.function.path, runs.function.node.name_at[0])


def _methods(many: Iterable[Runs]) -> tuple[Where, ...]:
    return tuple(map(_method, many))


def _at(site: Site) -> Where:
    return Where(site.method.name, site.function.path, site.at[0])


def _entered(entry: Entry) -> Entered:
    names = [runs.function.name for runs in entry.callee.runs]
    return Entered(entry.kind, " or ".join(dict.fromkeys(names)) or entry.callee.dotted or "unknown", _at(entry.site))


def _owned(held: Held) -> Owned:
    released = dict.fromkeys((end.kind, _at(end.site)) for end in held.ends)
    name = f"each of {held.name}" if held.is_collection else held.name
    acquired = tuple(dict.fromkeys(map(_at, held.acquired)))
    return Owned(name, held.duty.name, held.duty.role, acquired, tuple(released), held.is_ours)
