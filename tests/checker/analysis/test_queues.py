"""Queues that an object keeps."""

from collections.abc import Callable

import pytest

from worker_lint.analysis import Class
from worker_lint.analysis.queues import bounded_at, is_emptied_by_own

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
