"""Queues that an object keeps."""

from collections.abc import Callable

import pytest

from worker_lint.analysis import Class
from worker_lint.analysis.queues import bounded_at, is_emptied_by_own, is_left_unread

Named = Callable[[str, str], Class]

SOURCE = """
import queue
import threading

class Worker:
    def __init__(self):
        self.jobs = queue.Queue({limit})
        {start}

    def run(self):
        self.jobs.get()
"""


@pytest.mark.parametrize(
    ("limit", "is_bounded"), [("", False), ("0", False), ("5", True), ("maxsize=5", True), ("n", False)]
)
def test_only_a_written_limit_counts(class_named: Named, limit: str, is_bounded: bool) -> None:  # noqa: FBT001 - a case
    cls = class_named(SOURCE.format(limit=limit, start=""), "Worker")
    assert (bounded_at(cls, "jobs") is not None) is is_bounded


@pytest.mark.parametrize(
    ("start", "expected"),
    [("threading.Thread(target=self.run).start()", True), ("print(1)", False), ("print(self.jobs)", True)],
)
def test_who_empties_it(class_named: Named, start: str, expected: bool) -> None:  # noqa: FBT001 - a case
    cls = class_named(SOURCE.format(limit="5", start=start), "Worker")
    assert is_emptied_by_own(cls, "jobs") is expected


UPDATES = """
import queue

class Watcher:
    def __init__(self):
        self.updates = queue.Queue(8)

    def __iter__(self):
        return self

    def {read}(self):
        return self.updates.get()

    {more}

    def stop(self):
        self.updates.put(None)
"""


@pytest.mark.parametrize(
    ("read", "more", "expected"),
    [
        ("__next__", "def on_message(self, it): self.updates.put(it)", True),
        ("__next__", "", False),
        ("read", "def on_message(self, it): self.updates.put(it)", False),
    ],
)
def test_an_iteration_may_be_left(class_named: Named, read: str, more: str, expected: bool) -> None:  # noqa: FBT001
    cls = class_named(UPDATES.format(read=read, more=more), "Watcher")
    stop = next(method for method in cls.project.values.fields.methods(cls) if method.name == "stop")
    assert is_left_unread(cls, "updates", stop) is expected


def test_others_may_fill_it(class_named: Named) -> None:
    source = (
        UPDATES.format(read="__next__", more="")
        + """
def watch(stream):
    watcher = Watcher()
    stream.on_message(lambda it: watcher.updates.put(it))
    return watcher
"""
    )
    cls = class_named(source, "Watcher")
    stop = next(method for method in cls.project.values.fields.methods(cls) if method.name == "stop")
    assert is_left_unread(cls, "updates", stop)
