"""Calls in coroutines that do not block after all."""

import pytest

from worker_lint.testing import check_source

SOURCE = """
import queue
import time
from sqlalchemy.orm import Session

class Store:
    def __init__(self, session: Session):
        self.session = session
        self.jobs = queue.Queue()

    async def load(self, statement):
        {line}
"""


def _codes(line: str) -> list[str]:
    return [one.code for one in check_source("STP134", SOURCE.format(line=line))]


@pytest.mark.parametrize("line", ["time.sleep(3)", "self.jobs.get()", "self.session.execute(statement)"])
def test_the_call_blocks(line: str) -> None:
    assert _codes(line) == ["STP134"]


@pytest.mark.parametrize(
    "line",
    [
        "return await self.session.execute(statement)",
        "self.jobs.put(None)\n        self.jobs.get()",
        "time.sleep(0.01)  # noqa: ASYNC251",
        "while self.jobs.empty():\n            await statement\n        self.jobs.get()",
        "if self.loop is None:\n            time.sleep(3)",
        "if self.jobs.empty():\n            return\n        self.jobs.get()",
        "self.session.execute(statement)\n        self.loop.stop()",
    ],
    ids=[
        "awaited in spite of its annotation",
        "filled just before",
        "answered to another checker",
        "waited before",
        "without a loop",
        "left before when empty",
        "the loop stops next",
    ],
)
def test_the_call_does_not_block(line: str) -> None:
    assert _codes(line) == []
