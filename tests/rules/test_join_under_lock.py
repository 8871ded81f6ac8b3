"""Whose lock it is that the awaited code takes: a field of the same name in another object is another lock."""

import pytest

from worker_lint.testing import built_in_packs, check_files

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
    rules = [rule for rule in built_in_packs().rules if rule.code == "STP112"]
    diagnostics = check_files({"dispatcher.py": SOURCE.format(work=work)}, rules).diagnostics
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
    rules = [rule for rule in built_in_packs().rules if rule.code == "STP112"]
    diagnostics = check_files({"scheduler.py": CHILDREN.format(given=given)}, rules).diagnostics
    assert [one.confidence for one in diagnostics] == [expected]
