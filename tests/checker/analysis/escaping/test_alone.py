"""Who learns that a loop has ended."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from worker_lint.analysis import Project
from worker_lint.analysis.escaping import boundaries, functions_of
from worker_lint.analysis.escaping.alone import ends_unseen, is_handed_on, leaves_it_to_caller
from worker_lint.analysis.escaping.apart import ends_apart

HEAD = """
import asyncio
import threading

class Worker:
    def start(self):
        {start}

    {kind} consume(self):
        {first}
        while True:
            self.step()

    async def stop(self):
        {stop}
"""
LET_GO = {
    "a thread": ("threading.Thread(target=self.consume).start()", "def", "pass", "pass", True),
    "a task of which nobody asks": ("self._task = asyncio.create_task(self.consume())", "async def", "", "", True),
    "a task that the stop awaits": (
        "self._task = asyncio.create_task(self.consume())",
        "async def",
        "",
        "await self._task",
        False,
    ),
    "called by whoever likes": ("pass", "def", "pass", "pass", False),
    "a reason": ("threading.Thread(target=self.consume).start()", "def", "# crashes on purpose", "pass", False),
    "a thread that is looked after": (
        "thread = threading.Thread(target=self.consume)\n        while thread.is_alive(): pass",
        "def",
        "pass",
        "pass",
        False,
    ),
}


@pytest.mark.parametrize(("start", "kind", "first", "stop", "expected"), LET_GO.values(), ids=LET_GO)
def test_ends_unseen(
    project_of: Callable[[str], Project],
    start: str,
    kind: str,
    first: str,
    stop: str,
    expected: bool,  # noqa: FBT001 - a table
) -> None:
    project = project_of(HEAD.format(start=start, kind=kind, first=first or "pass", stop=stop or "pass"))
    boundary = next(one for one in boundaries(project.escaping, "worker.py") if one.function.name == "consume")
    assert ends_unseen(boundary) is expected


TOLD = """
import threading

class Worker:
    def start(self):
        threading.Thread(target=self.consume).start()

    def consume(self):
        try:
            while True:
                self.step()
        except Exception as error:
            {clause}
        {behind}
"""
CLAUSES = {
    "a log line": ("log.exception('ended')", "pass", True),
    "a text of the error": ("log.error(traceback.format_exc())", "pass", True),
    "it is handed on": ("self.errors.put(error)", "pass", False),
    "it is kept": ("self.error = error", "pass", False),
    "it is raised": ("raise RuntimeError from error", "pass", False),
    "nothing is said": ("pass", "pass", False),
    "another one is started": ("log.exception('ended')", "self.start()", False),
}


@pytest.mark.parametrize(("clause", "behind", "expected"), CLAUSES.values(), ids=CLAUSES)
def test_a_log_line_restarts_nothing(
    project_of: Callable[[str], Project],
    clause: str,
    behind: str,
    expected: bool,  # noqa: FBT001 - a table
) -> None:
    project = project_of(TOLD.format(clause=clause, behind=behind))
    assert ends_unseen(next(iter(boundaries(project.escaping, "worker.py")))) is expected


APART = """
import gevent
import os

class Worker:
    def start(self):
        {start}

    def consume(self):
        while True:
            self.step()

    def on_end(self, greenlet):
        {answer}
"""
STARTS = {
    "a greenlet": ("gevent.spawn(self.consume)", "pass", True),
    "a greenlet and a log line": (
        "gevent.spawn(self.consume).link(self.on_end)",
        "log.error('ended')",
        True,
    ),
    "a greenlet that is started anew": ("gevent.spawn(self.consume).link(self.on_end)", "self.start()", False),
    "a greenlet of whose end somebody is told": ("gevent.spawn(self.consume).link(told)", "pass", False),
    "a process": ("multiprocessing.Process(target=self.consume).start()", "pass", True),
    "the child of a fork": ("if os.fork() == 0: self.consume()", "pass", True),
    "whoever calls": ("self.consume()", "pass", False),
}


@pytest.mark.parametrize(("start", "answer", "expected"), STARTS.values(), ids=STARTS)
def test_ends_apart(project_of: Callable[[str], Project], start: str, answer: str, expected: bool) -> None:  # noqa: FBT001 - a table
    project = project_of("import multiprocessing\n" + APART.format(start=start, answer=answer))
    boundary = next(one for one in boundaries(project.escaping, "worker.py") if one.function.name == "consume")
    assert ends_apart(boundary) is expected
    assert not ends_unseen(boundary)


HANDED = {
    "as the target of a thread": ("threading.Thread(target=self.consume).start()", False),
    "in its arguments": ("threading.Thread(target=forever, args=(self.consume, 1)).start()", True),
    "to a supervisor": ("supervise(self.consume)", True),
    "called": ("self.consume()", False),
    "to an executor": ("self.pool.submit(self.consume)", False),
}


@pytest.mark.parametrize(("start", "expected"), HANDED.values(), ids=HANDED)
def test_is_handed_on(project_of: Callable[[str], Project], start: str, expected: bool) -> None:  # noqa: FBT001 - a table
    project = project_of(HEAD.format(start=start, kind="def", first="pass", stop="pass"))
    consume = next(one for one in functions_of(project, "worker.py") if one.name == "consume")
    assert is_handed_on(consume) is expected


@pytest.mark.parametrize(
    ("first", "expected"),
    [
        ("'''Errors go to the caller, which retries.'''", True),
        ('"""Errors go to the caller, which retries."""', True),
        ("# the caller waits", False),
    ],
)
def test_leaves_it_to_caller(project_of: Callable[[str], Project], first: str, expected: bool) -> None:  # noqa: FBT001 - a table
    project = project_of(HEAD.format(start="pass", kind="def", first=first, stop="pass"))
    consume = next(one for one in functions_of(project, "worker.py") if one.name == "consume")
    assert leaves_it_to_caller(consume) is expected
