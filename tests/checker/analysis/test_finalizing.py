"""The fields that a finalizer reads, by itself and by the methods that it calls."""

from __future__ import annotations

from typing import Any

import pytest

from worker_lint.analysis.finalizing import fields_read

SOURCE = """
class Client:
    def __init__(self, link):
        self.link = link
        self.pool = link.pool()

    def __del__(self):
        {finalizer}

    def close(self):
        {close}

    def _give_back(self):
        self.pool.give(self.link)

    async def drain(self):
        await self.pool.drain()
"""
CASES = {
    "its own": ("print(self.link)", "pass", ["link"]),
    "by a method": ("self.close()", "self.pool.close()", ["pool"]),
    "by a method of a method": ("self.close()", "self._give_back()", ["link", "pool"]),
    "caught": (
        "try:\n            self.close()\n        except AttributeError:\n            pass",
        "self.pool.close()",
        [],
    ),
    "on a condition": ("if len(gone):\n            self.close()", "self.pool.close()", []),
    "it leaves before": ("self.close()", "if gone(): return\n        self.pool.close()", []),
    "it looks first": ("self.close()", "if hasattr(self, 'pool'): self.pool.close()", []),
    "a coroutine that nobody awaits": ("self.drain()", "pass", []),
}


@pytest.mark.parametrize("case", CASES)
def test_fields_read(project_of: Any, method_of: Any, case: str) -> None:
    finalizer, close, expected = CASES[case]
    project = project_of(SOURCE.format(finalizer=finalizer, close=close))
    function, cls = method_of(project, "Client.__del__")
    assert sorted({name for _, name, _ in fields_read(cls, function)}) == expected
