"""Who learns that a loop has ended."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from worker_lint.analysis import Project
from worker_lint.analysis.escaping import boundaries, functions_of
from worker_lint.analysis.escaping.alone import ends_unseen, is_handed_on, leaves_it_to_caller

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
