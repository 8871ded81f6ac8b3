"""Coroutines whose tasks nobody looks at in service."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from worker_lint.analysis import Project
from worker_lint.analysis.escaping import boundaries, functions_of
from worker_lint.analysis.escaping.unwatched import is_unwatched, says_so_itself

CONNECTOR = """
class Connector:
    async def listen(self):
        while True:
            await self.step()
"""
WORKER = """
import asyncio
from connector import Connector

class Worker:
    def __init__(self, connector: Connector):
        self.connector = connector

    def start(self):
        tasks = [asyncio.create_task(self.beat())]
        listening = self.connector.listen()
        {start}
        return tasks

    async def run(self):
        {first}
        tasks = self.start()
        try:
            {work}
        finally:
            await asyncio.gather(*tasks, return_exceptions=True)
"""
KEPT = "tasks.append(asyncio.create_task(listening))"
PLAIN = "await self.serve()"
CASES = {
    "looked at when all ends": (KEPT, "pass", PLAIN, True),
    "dropped": ("asyncio.create_task(listening)", "pass", PLAIN, True),
    "watched in service": (KEPT, "pass", "await asyncio.wait(tasks)", False),
    "told of the end": (KEPT, "pass", "tasks[0].add_done_callback(self.stop)", False),
    "of a group": ("self.group.create_task(listening)", "pass", PLAIN, False),
    "handed to somebody": ("self.manager.add(listening)", "pass", PLAIN, False),
    "kept in a field": ("self._task = asyncio.create_task(listening)", "pass", PLAIN, True),
    "asked in service": ("self._task = asyncio.create_task(listening)", "await self._task", PLAIN, False),
    "run by others as well": (KEPT, "await self.keep(self.connector.listen)", PLAIN, False),
}


@pytest.mark.parametrize(("start", "first", "work", "expected"), CASES.values(), ids=CASES)
def test_tasks_of_another_file(
    link: Callable[[Mapping[str, str]], Project],
    start: str,
    first: str,
    work: str,
    expected: bool,  # noqa: FBT001 - a table
) -> None:
    project = link({"connector.py": CONNECTOR, "worker.py": WORKER.format(start=start, first=first, work=work)})
    listen = next(one for one in functions_of(project, "connector.py") if one.name == "listen")
    assert is_unwatched(listen) is expected


def test_awaited_under_a_clause(link: Callable[[Mapping[str, str]], Project]) -> None:
    between = """
import asyncio
from connector import Connector

class Manager:
    def __init__(self, connector: Connector):
        self.connector = connector

    async def listen_for_jobs(self):
        try:
            await self.connector.listen()
        except {named}:
            pass

    def start(self):
        asyncio.create_task(self.listen_for_jobs())
"""
    found = []
    for named in ("asyncio.CancelledError", "OSError"):
        project = link({"connector.py": CONNECTOR, "manager.py": between.format(named=named)})
        found.append(is_unwatched(next(one for one in functions_of(project, "connector.py") if one.name == "listen")))
    assert found == [True, False]


LOGGED = """
class Shared:
    def start(self):
        {before}
            self._task = tasks.create(self._listen(), name="listen")

    async def _listen(self):
        try:
            while True:
                await self.step()
        except {named}:
            log.exception("ended")

    def look(self):
        {look}

    async def close(self):
        if self._task and not self._task.done():
            self._task.cancel()
            await self._task
"""
LEFT = {
    "it says so itself": ("if True:", "Exception", "pass", True),
    "started in turns": ("while True:", "Exception", "pass", False),
    "it lets most errors out": ("if True:", "KeyError", "pass", False),
    "somebody asks": ("if True:", "Exception", "if self._task.done(): self.start()", False),
}


@pytest.mark.parametrize(("before", "named", "look", "expected"), LEFT.values(), ids=LEFT)
def test_a_coroutine_that_writes_down_its_end(
    project_of: Callable[[str], Project],
    before: str,
    named: str,
    look: str,
    expected: bool,  # noqa: FBT001 - a table
) -> None:
    project = project_of(LOGGED.format(before=before, named=named, look=look))
    boundary = next(one for one in boundaries(project.escaping, "worker.py") if one.function.name == "_listen")
    assert says_so_itself(boundary) is expected
