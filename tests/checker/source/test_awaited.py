"""What the bytes of a file tell of fields that are filled with what was awaited."""

import pytest

from worker_lint.source.awaited import FILLED_AFTER_WAIT, is_filled_after_wait
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
