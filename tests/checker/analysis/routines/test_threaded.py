"""Closers that run in a thread: what they release, and what comes back from there."""

from __future__ import annotations

from typing import Any

import pytest

from worker_lint.analysis.skipping import Skipping

SOURCE = """
import asyncio
import pika
from anyio import to_thread

class Worker:
    def __init__(self):
        self.a = pika.BlockingConnection()
        self.b = pika.BlockingConnection()

    async def stop(self, loop):
        await {first}
        await {second}
"""
FIRST = {
    "asyncio.to_thread(self.a.close)": True,
    "asyncio.to_thread(lambda: self.a.close())": True,
    "to_thread.run_sync(self.a.close)": True,
    "loop.run_in_executor(None, self.a.close)": True,
    "asyncio.to_thread(print, self.a.close)": False,
}


@pytest.mark.parametrize("first", FIRST)
def test_an_error_comes_back_from_the_thread(project_of: Any, method_of: Any, first: str) -> None:
    project = project_of(SOURCE.format(first=first, second="asyncio.to_thread(self.b.close)"))
    function, cls = method_of(project, "Worker.stop")
    skips = list(Skipping(project, function, cls).skips())
    assert [place for skip in skips for place, _ in skip.places] == ([("self", "b")] if FIRST[first] else [])
