"""The workers of a tree, as the analysis sees them."""

from __future__ import annotations

from collections.abc import Callable

from worker_lint.analysis import Project
from worker_lint.analysis.workers.portrait import Portrait, portrait
from worker_lint.engine.session import Session
from worker_lint.engine.snapshot import Snapshot


def portraits(session: Session, snapshot: Snapshot, wants: Callable[[str], bool]) -> list[Portrait]:
    """The workers in the wanted files, by path and line; `wants` is asked for the qualified name of each class."""
    project = Project(session.tree(snapshot), session.models)
    found = []
    for path in snapshot.wanted:
        for cls in project.classes_in(path):
            shown = portrait(project, cls) if wants(cls.symbol) else None
            if shown is not None and _is_worker(shown):
                found.append(shown)
    return found


def _is_worker(shown: Portrait) -> bool:
    """A class that only has a lock, or only closes something, is no worker to a reader."""
    return bool(shown.loops or shown.handlers or shown.entries or any(owned.role != "lock" for owned in shown.owned))
