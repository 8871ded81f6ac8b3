"""
Which code runs where, and what the methods of a worker are for.

    project.workers.of(cls)              # Worker | None: loops, handlers, starts, stops, entries, held resources
    project.workers.entries(function)    # what a function hands to threads, pools, tasks, signals, callbacks
    project.workers.stops(cls)           # the stop-like methods that objects of the class have
"""

from worker_lint.analysis.workers.entry import Entry, EntryKind
from worker_lint.analysis.workers.worker import Worker
from worker_lint.analysis.workers.workers import Workers

__all__ = ["Entry", "EntryKind", "Worker", "Workers"]
