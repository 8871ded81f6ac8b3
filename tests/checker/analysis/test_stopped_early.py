"""What proves that a stop comes before the start has done its work."""

from collections.abc import Callable

import pytest

from worker_lint.analysis.flow.visit import find
from worker_lint.analysis.project import Project
from worker_lint.analysis.standing import Standing
from worker_lint.analysis.starting import given_by_starts
from worker_lint.analysis.stopped_early import evidence_of
from worker_lint.analysis.suspending import never_suspends
from worker_lint.source import ir

LINK = """
import socket
import threading

class Link:
    def __init__(self):
        self._socket = None

    def open(self):
        self._socket = socket.create_connection(("events", 7000))

    def close(self):
        self._socket.close()
"""


def proof(project: Project) -> str:
    cls = next(cls for cls in project.classes_in("worker.py") if cls.name == "Link")
    stop = next(one for one in project.values.fields.methods(cls) if one.name == "close")
    standing = Standing(project, cls)
    misstep = standing.missteps(stop, standing.fresh)[0]
    found = evidence_of(standing, misstep, stop, given_by_starts(cls, misstep.place[1], stop))
    return found.text if found is not None else ""


def test_nothing_proves_it_of_a_class_that_nobody_uses(project_of: Callable[[str], Project]) -> None:
    assert proof(project_of(LINK)) == ""


WITH = """
    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.close()
"""
LATER = """
    def begin(self):
        threading.Thread(target=self.open).start()
"""
ITSELF = """
    def begin(self):
        try:
            self.open()
        except OSError:
            self.close()
"""
MAKER = """
def main():
    link = Link()
    try:
        link.open()
    finally:
        link.close()
"""
OWNER = """
class Owner:
    def start(self):
        self.link = Link()
        self.link.open()

    def stop(self):
        self.link.close()
"""


@pytest.mark.parametrize(
    ("code", "text"),
    [
        (WITH, "`with`"),
        (LATER, "runs elsewhere"),
        (ITSELF, "itself has failed"),
        (MAKER, "when the start has failed"),
        (OWNER, "also when `start` has failed"),
    ],
)
def test_it_is_proved(project_of: Callable[[str], Project], code: str, text: str) -> None:
    assert text in proof(project_of(LINK + code))


OPENED = WITH.replace("return self", "self.open()")
OPEN_FIRST = """
def main():
    link = Link()
    link.open()
    try:
        input()
    finally:
        link.close()
"""
TAKEN_BACK = """
class Owner:
    def start(self):
        self.link = Link()
        try:
            self.link.open()
        except OSError:
            self.link = None
            raise

    def stop(self):
        self.link.close()
"""
NAMED = """
    def begin(self):
        logger.info("begins with %s", name_of(self.open))
"""
EXPECTED = """
    def begin(self):
        try:
            self.open()
        except OSError:
            try:
                self.close()
            except Exception:
                print("not closed")
"""
EXPECTED_BY_OWNER = """
class Owner:
    def start(self):
        self.link = Link()
        self.link.open()

    def stop(self):
        try:
            self.link.close()
        except AttributeError:
            pass
"""


@pytest.mark.parametrize("code", [OPENED, OPEN_FIRST, TAKEN_BACK, NAMED, EXPECTED, EXPECTED_BY_OWNER])
def test_the_start_has_succeeded(project_of: Callable[[str], Project], code: str) -> None:
    assert proof(project_of(LINK + code)) == ""


COROUTINES = """
import asyncio

async def mark(seen):
    seen.add(1)

async def twice(seen):
    await mark(seen)

async def nap():
    await asyncio.sleep(1)

async def main(seen):
    await twice(seen)
    await nap()
    await seen.wait()
"""


def test_a_coroutine_that_waits_for_nothing(project_of: Callable[[str], Project]) -> None:
    main = next(one for one in project_of(COROUTINES).functions_in("worker.py") if one.name == "main")
    values = [one.value for one in find(ir.Await, main.body)]
    assert [never_suspends(main, value) for value in values] == [True, False, False]
