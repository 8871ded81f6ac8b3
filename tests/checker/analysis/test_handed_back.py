"""Fields and items that an error keeps from being handed back to their pool."""

from __future__ import annotations

from typing import Any

import pytest

from worker_lint.analysis.handed_back import borrowed_fields, borrowed_items

BACK = "self.pool.release(self.link)"
FIELDS = {
    "after a question": (f"self.link.send(1)\n        {BACK}", ["self.link"]),
    "after a question that a narrow clause guards": (
        f"try:\n            self.link.send(1)\n        except OSError: pass\n        {BACK}",
        ["self.link"],
    ),
    "after one that is guarded": (
        f"try:\n            self.link.send(1)\n        except Exception: pass\n        {BACK}",
        [],
    ),
    "in a finally": (f"try:\n            self.link.send(1)\n        finally:\n            {BACK}", []),
    "nothing is asked": (f"self.link.name = ''\n        {BACK}", []),
    "handed back before": (f"{BACK}\n        self.link.send(1)", []),
    "handed back elsewhere, too": (f"self.link.send(1)\n        {BACK}\n    def close(self):\n        {BACK}", []),
    "tried again by the finalizer": (
        f"self.link.send(1)\n        {BACK}\n    def __del__(self):\n        self.reset()",
        [],
    ),
}
TAKE = "    all = []\n    for p in pools: all.append(p.acquire())\n"
USE = "    for one in all: one.write()\n"
ITEMS = {
    "in a loop at the end": (TAKE + USE + "    for one in all: p.release(one)", ["all"]),
    "a part of each": (TAKE + USE + "    for one in all: one.pool.release(one.link)", ["all"]),
    "in a finally": (TAKE + "    try:\n    " + USE + "    finally:\n        for one in all: p.release(one)", []),
    "nothing in between": (TAKE + "    for one in all: p.release(one)", []),
    "others are used": (TAKE + "    for one in pools: one.write()\n    for one in all: p.release(one)", []),
    "taken by somebody else": ("    all = list(pools)\n" + USE + "    for one in all: p.release(one)", []),
}


@pytest.mark.parametrize("case", FIELDS)
def test_fields(project_of: Any, method_of: Any, case: str) -> None:
    code, expected = FIELDS[case]
    project = project_of(f"class Link:\n    def reset(self):\n        {code}\n")
    method, cls = method_of(project, "Link.reset")
    assert [one.name for one in borrowed_fields(project, method, cls)] == expected


@pytest.mark.parametrize("case", ITEMS)
def test_items(project_of: Any, case: str) -> None:
    code, expected = ITEMS[case]
    project = project_of(f"def work(pools):\n{code}\n")
    function = next(iter(project.functions_in("worker.py")))
    assert [one.name for one in borrowed_items(project, function)] == expected
