"""Whether an object may be stopped before a method has set a field."""

from __future__ import annotations

from typing import Any

import pytest

from worker_lint.analysis.starting import may_be_late

CASES = {
    "sets it first": ("start", "self.a = object()", False),
    "reaches out before": ("start", "self.link.connect(); self.a = object()", True),
    "awaits before": ("start", "await self.link.up(); self.a = object()", True),
    "its base begins before": ("start", "super().start(); self.a = object()", True),
    "reaches out afterwards": ("start", "self.a = object(); self.link.connect()", False),
    "need not be called": ("read", "self.a = object()", True),
}


@pytest.mark.parametrize("case", CASES)
def test_may_be_late(project_of: Any, method_of: Any, case: str) -> None:
    name, code, expected = CASES[case]
    body = code.replace("; ", "\n        ")
    project = project_of(f"class Worker:\n    async def {name}(self):\n        {body}\n")
    method, cls = method_of(project, f"Worker.{name}")
    (assigned,) = project.values.fields.assigned(cls, "a")
    assert may_be_late(cls, method, assigned.source.at) is expected
