"""Timers that call for the next one, and what may end such a chain."""

from __future__ import annotations

from typing import Any

import pytest

from worker_lint.analysis.rearmed import rearmed

SOURCE = """
from threading import Timer

class Beat:
    def __init__(self, loop, link):
        self._loop, self._link = loop, link
        self._closed = False

    def _tick(self):
        {code}

    def _send(self):
        self._link.send()

    def close(self):
        self._closed = True
        {end}
"""
ARM, KEPT = "self._loop.call_later(1, self._tick)", "self._timer = self._loop.call_later(1, self._tick)"
CASES = {
    "for ever": (f"self._send(); {ARM}", "pass", True),
    "a thread's timer": ("Timer(1, function=self._tick).start()", "pass", True),
    "whatever happens": (f"try:\n            self._send()\n        finally:\n            {ARM}", "pass", True),
    "kept, never cancelled": (KEPT, "pass", True),
    "cancelled": (KEPT, "self._timer.cancel()", False),
    "it looks": (f"if not self._closed: {ARM}", "pass", False),
    "it leaves": (f"if self._closed: return\n        {ARM}", "pass", False),
    "the link is closed": (f"self._send(); {ARM}", "self._link.close()", False),
    "the loop is stopped": (ARM, "self._loop.stop()", False),
    "after an error alone": (
        f"try:\n            self._send()\n        except OSError:\n            {ARM}",
        "pass",
        False,
    ),
    "another method": ("self._loop.call_later(1, self._send)", "pass", False),
}


@pytest.mark.parametrize("case", CASES)
def test_rearmed(class_named: Any, case: str) -> None:
    code, end, expected = CASES[case]
    cls = class_named(SOURCE.format(code=code, end=end), "Beat")
    assert [one.method.name for one in rearmed(cls)] == (["_tick"] if expected else [])
