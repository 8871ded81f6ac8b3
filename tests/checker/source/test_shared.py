"""What the bytes of a file tell of fields to which several threads or tasks may come."""

import pytest

from worker_lint.source.shared import FILLED_AFTER_WAIT, LOCK_TAKEN, is_filled_after_wait, is_lock_taken
from worker_lint.source.skim import skim


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("if self.link is None:\n    self.link = await connect()\n", True),
        ("if not self.link:\n    self.link: Link = await connect()\n", True),
        ("if not (\n    self.link\n):\n    other = self.link = await connect()\n", True),
        ("if self.link == None:\n    self.other = await connect()\n", False),
        ("if self.link is None:\n    link = await connect()\n", False),
        ("if self.link is not None:\n    self.link = await connect()\n", False),
        ("if self.link is None:\n    self.link = connect()\n    await self.link.ready()\n", False),
    ],
)
def test_is_filled_after_wait(source: str, *, expected: bool) -> None:
    assert is_filled_after_wait(source.encode()) is expected
    assert skim(source.encode(), (FILLED_AFTER_WAIT.encode(),)).words == int(expected)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("    def f(self):\n        with self._lock:\n            pass\n", True),
        ("    def f(self):\n        with open(path) as file, self._lock:\n            pass\n", True),
        ("    def f(self):\n        with (\n            self.mutex\n        ):\n            pass\n", True),
        ("    def f(self):\n        if self._lock.acquire(timeout=1):\n            pass\n", True),
        ("    @synchronized('lock')\n    def f(self):\n        pass\n", True),
        ("    def f(self):\n        with self.block:\n            pass\n", True),
        ("    def f(self):\n        with (\r\n            open(clock), self.flock\r\n        ): pass\n", True),
        (
            "    def f(self):\n        # blocks\n        with self._guard:\n            pass\n\nguard = Condition()\n",
            True,
        ),
        ("    def f(self):\n        # unlocked\n        with self._guard:\n            pass\n", True),
        ("    def f(self):\n        with self.guard:\n            self.guard = blocking ()\n", True),
        ("    def f(self):\n        with self.session:\n            self.set(block=True)\n", False),
        ("    async def f(self):\n        async with self._lock:\n            pass\n", False),
        ("    def f(self):\n        with self.session:\n            pass\n", False),
        ("    def f(self):\n        self._lock.release()\n", False),
    ],
)
def test_is_lock_taken(source: str, *, expected: bool) -> None:
    assert is_lock_taken(source.encode()) is expected
    assert skim(source.encode(), (LOCK_TAKEN.encode(),)).words == int(expected)
