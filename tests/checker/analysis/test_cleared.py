"""What a stop does wrong after a method that has taken a field away."""

from __future__ import annotations

from typing import Any

import pytest

from worker_lint.analysis.cleared import cleared_before
from worker_lint.analysis.standing import Standing

SOURCE = """
class Client:
    def __init__(self, transport):
        self.transport = transport
        self.open = True
        {given}

    def {name}(self, really=True):
        {code}

    def reset(self):
        self.transport = None
        self.transport = object()
        self.open = False

    def close(self):
        {end}
"""
CLEARS, CLOSES = "self.transport = None", "self.transport.close()"
CASES = {
    "cleared": ("lost", CLEARS, CLOSES, ["lost"]),
    "not on all ways": ("lost", "if really: self.transport = None", CLOSES, []),
    "private": ("_lost", CLEARS, CLOSES, []),
    "private, called at an event": ("_lost", CLEARS, CLOSES, ["_lost"]),
    "asked before": ("lost", CLEARS, "if self.transport: self.transport.close()", []),
    "something is asked before": ("lost", CLEARS, "if self.open: self.transport.close()", []),
}


@pytest.mark.parametrize("case", CASES)
def test_cleared_before(project_of: Any, method_of: Any, case: str) -> None:
    name, code, end, expected = CASES[case]
    given = "transport.on_close = self._lost" if "event" in case else "pass"
    project = project_of(SOURCE.format(name=name, code=code, end=end, given=given))
    stop, cls = method_of(project, "Client.close")
    assert [one.method.name for one in cleared_before(cls, stop, Standing(project, cls))] == expected
