"""Whose lock it is that the awaited code takes: a field of the same name in another object is another lock."""

import pytest

from worker_lint.testing import check_source

SOURCE = """
import threading
from concurrent.futures import ThreadPoolExecutor

class Buffer:
    def __init__(self):
        self.lock = threading.Lock()

    def flush(self):
        with self.lock:
            print("flushed")

class Dispatcher:
    def __init__(self):
        self.lock = threading.Lock()
        self.buffer = Buffer()
        self.pool = ThreadPoolExecutor()

    def flush(self):
        with self.lock:
            print("flushed")

    def begin(self):
        self.pool.submit({work})

    def stop(self):
        with self.lock:
            self.pool.shutdown()
"""


@pytest.mark.parametrize(("work", "expected"), [("self.flush", ["certain"]), ("self.buffer.flush", [])])
def test_whose_lock(work: str, expected: list[str]) -> None:
    diagnostics = check_source("STP112", SOURCE.format(work=work))
    assert [one.confidence for one in diagnostics] == expected


CHILDREN = """
from threading import RLock

class Scheduler:
    def __init__(self):
        self.lock = RLock()
        self.executors = {{}}
        self.jobs = []

    def start(self):
        for name, executor in self.executors.items():
            executor.start({given})

    def add_job(self, job):
        with self.lock:
            self.jobs.append(job)

    def shutdown(self, wait=True):
        with self.lock:
            for executor in self.executors.values():
                executor.shutdown(wait)
"""


@pytest.mark.parametrize(("given", "expected"), [("self, name", "certain"), ("name", "likely")])
def test_whether_the_children_know_the_object(given: str, expected: str) -> None:
    diagnostics = check_source("STP112", CHILDREN.format(given=given))
    assert [one.confidence for one in diagnostics] == [expected]
