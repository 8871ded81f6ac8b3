"""How long code pauses, and on what."""

from collections.abc import Callable

import pytest

from worker_lint.analysis import Class
from worker_lint.analysis.flow import find
from worker_lint.analysis.nesting import own_calls, placed_statements
from worker_lint.analysis.pauses import asked_event, blocked_on, may_be_woken, slept
from worker_lint.source import ir

Named = Callable[[str, str], Class]

SOURCE = """
import queue
import threading
import time

PAUSE = 2.5

class Worker:
    interval = 60

    def __init__(self, delay=3):
        self.stopping = threading.Event()
        self.jobs = queue.Queue()
        self.given = delay

    def run(self, wanted, pause=7):
        while not self.stopping.is_set():
            {statement}
"""


@pytest.mark.parametrize(
    ("written", "expected"),
    [("1", 1.0), ("PAUSE", 2.5), ("pause", 7.0), ("self.interval", 60.0), ("2 * PAUSE", 5.0), ("wanted", None),
     ("self.given", 3.0), ("self.unknown", None)],
)  # fmt: skip
def test_durations_are_known_where_they_are_written(class_named: Named, written: str, expected: float | None) -> None:
    cls = class_named(SOURCE.format(statement=f"time.sleep({written})"), "Worker")
    run = cls.project.workers.methods(cls)["run"].function
    calls = [call for call in find(ir.Call, run.body) if getattr(call.func, "name", "") == "sleep"]
    assert slept(run, calls[0], cls) == expected


def test_the_event_of_the_innermost_loop_is_found(class_named: Named) -> None:
    cls = class_named(SOURCE.format(statement="print(1)"), "Worker")
    run = cls.project.workers.methods(cls)["run"].function
    asked = [asked_event(run, placed, cls) for placed in placed_statements(run.body)]
    assert asked[0] is None
    assert asked[1] is not None
    assert ir.dotted_name(asked[1].event) == "self.stopping"


@pytest.mark.parametrize(
    ("statement", "expected"),
    [("self.jobs.get()", "jobs"), ("self.jobs.get(timeout=1)", ""), ("self.jobs.get(False)", ""), ("wanted.get()", "")],
)
def test_waits_without_limit_are_told_by_their_field(class_named: Named, statement: str, expected: str) -> None:
    cls = class_named(SOURCE.format(statement=statement), "Worker")
    run = cls.project.workers.methods(cls)["run"].function
    placed = list(placed_statements(run.body))[-1]
    call = next(iter(own_calls(placed.statement)))
    assert blocked_on(cls, run, placed, call) == expected
    assert not may_be_woken(cls, "jobs")
