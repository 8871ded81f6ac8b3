"""What becomes of exceptions in the loops of a worker."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from worker_lint.analysis import Project
from worker_lint.analysis.workers.answers import answers

SOURCE = """
import json
import logging
import os
import time

class Worker:
    def run(self):
        while self.running:
            message = self.client.get_message()
            try:
                self.process(message)
            {clause}

    def stop(self):
        self.running = False
"""
DEEDS = {
    "goes on": ("except ValueError:\n                logging.exception('bad')", "continues"),
    "waits": ("except ConnectionError:\n                time.sleep(5)", "retries"),
    "ends": ("except PermissionError:\n                break", "stops"),
    "ends by the flag": ("except PermissionError:\n                self.running = False", "stops"),
    "alerts": ("except MemoryError:\n                logging.critical('no memory')", "alerts"),
    "swallows": ("except Exception:\n                pass", "swallows"),
    "raises": ("except SystemExit:\n                raise", "raises"),
}


@pytest.mark.parametrize(("clause", "expected"), DEEDS.values(), ids=DEEDS)
def test_what_a_clause_does(project_of: Callable[[str], Project], clause: str, expected: str) -> None:
    project = project_of(SOURCE.format(clause=clause))
    (cls,) = project.classes_in("worker.py")
    worker = project.workers.of(cls)
    assert worker is not None
    (row,) = answers(project, worker)
    assert (row.method, row.caught, row.does) == ("run", 12, expected)


def test_what_leaves_has_the_tier_of_its_cause(project_of: Callable[[str], Project]) -> None:
    source = """
    import json

    class Worker:
        def run(self):
            while self.running:
                item = self.client.blpop("jobs")
                json.loads(item)

        def stop(self):
            self.running = False
    """
    project = project_of(source)
    (cls,) = project.classes_in("worker.py")
    worker = project.workers.of(cls)
    assert worker is not None
    rows = [(row.exception, row.tier, row.raised, row.does) for row in answers(project, worker)]
    assert rows == [
        ("the loss of the connection", "recoverable", 6, "escapes"),
        ("UnicodeDecodeError", "message", 7, "escapes"),
        ("json.decoder.JSONDecodeError", "message", 7, "escapes"),
    ]
