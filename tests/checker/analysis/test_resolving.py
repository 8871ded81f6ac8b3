"""Futures that are resolved although their waiters may have cancelled them."""

from __future__ import annotations

from typing import Any

import pytest

from worker_lint.analysis.resolving import resolved_after_cancel

SOURCE = """
import asyncio
from contextlib import suppress

class Client:
    def __init__(self, reader):
        self.reader = reader
        self.table = {{}}
        self.queue = asyncio.Queue()

    async def ask(self, number):
        future = asyncio.get_running_loop().create_future()
        {put}
        {wait}

    async def read(self):
        while True:
            {read}

    def end(self):
        {end}
"""
PUT, WAIT, QUEUED = (
    "self.table[number] = future",
    "return await asyncio.wait_for(future, 2)",
    "self.queue.put_nowait(future)",
)
POP = "self.table.pop(await self.reader()).set_result(1)"
REMOVED = "try:\n            return await future\n        finally:\n            self.table.pop(number)"
ASKED = "one = await self.queue.get()\n            if not one.done():\n                one.set_result(1)"
CAUGHT = "with suppress(asyncio.InvalidStateError):\n                self.table.pop(1).set_result(1)"
ALL = "for one in list(self.table.values()): one.set_exception(OSError())"
CASES = {
    "taken from a table": (PUT, WAIT, POP, "pass", ["read"]),
    "a plain wait": (PUT, "await future", POP, "pass", ["read"]),
    "taken from a queue": (QUEUED, WAIT, "one = await self.queue.get(); one.set_result(1)", "pass", ["read"]),
    "all at the end": (PUT, WAIT, "pass", ALL, ["end"]),
    "the waiter removes it": (PUT, REMOVED, POP, ALL, []),
    "shielded": (PUT, "await asyncio.shield(future)", POP, "pass", []),
    "it asks": (QUEUED, WAIT, ASKED, "pass", []),
    "caught": (PUT, WAIT, CAUGHT, "pass", []),
    "another table": (QUEUED, WAIT, POP, "pass", []),
    "no loop": (PUT, WAIT, "pass", "self.table.pop(1).set_result(1)", []),
}


@pytest.mark.parametrize("case", CASES)
def test_resolved_after_cancel(class_named: Any, case: str) -> None:
    put, wait, read, end, expected = CASES[case]
    cls = class_named(SOURCE.format(put=put, wait=wait, read=read, end=end), "Client")
    assert [one.resolver.name for one in resolved_after_cancel(cls)] == expected
