"""Tasks that a class keeps and never asks, by what the project hands the class to run."""

import textwrap
from collections.abc import Callable, Mapping

import pytest

from worker_lint.analysis import Project
from worker_lint.analysis.tiers.unasked import unasked_tasks

Link = Callable[[Mapping[str, str]], Project]

ONCE = """
import asyncio

class Once:
    def __init__(self, callback, name=""):
        self._callback = callback
        self._task = None

    async def _run(self):
        await self._callback()

    def start(self):
        self._task = asyncio.create_task(self._run())

    def stop(self):
        self._task.cancel()
"""
USER = """
from once import Once

class User:
    async def _harmless(self):
        self.seen = True

    async def _sending(self):
        await self.client.send(1)

    def begin(self, given):
        {body}
"""


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ("pass", 1),
        ("Once(self._harmless)", 0),
        ("Once(name='x', callback=self._harmless)", 0),
        ("Once(self._harmless), Once(self._sending)", 1),
        ("Once(given)", 1),
    ],
)
def test_what_the_project_hands_over_decides(link: Link, body: str, found: int) -> None:
    project = link({"once.py": ONCE, "user.py": textwrap.dedent(USER).format(body=body)})
    once = next(cls for cls in project.classes_in("once.py") if cls.name == "Once")
    assert len(list(unasked_tasks(once))) == found
