"""What an error keeps from being handed back to its pool."""

from __future__ import annotations

from typing import Any

import pytest

from worker_lint.analysis.borrowed import borrowed

TAKE = "c = pool.acquire()\n    "
CASES = {
    "at the end of the normal way": (TAKE + "c.execute(1)\n    pool.release(c)", ["c"]),
    "inside a loop": (TAKE + "for one in all:\n        c.execute(one)\n    pool.release(c)", ["c"]),
    "in a finally": (TAKE + "try:\n        c.execute(1)\n    finally:\n        pool.release(c)", []),
    "guarded on the way": (
        TAKE + "try:\n        c.execute(1)\n    except Exception: pass\n    pool.release(c)",
        [],
    ),
    "nothing is asked of it": (TAKE + "print(1)\n    pool.release(c)", []),
    "kept by somebody": (TAKE + "all.append(c)\n    c.execute(1)\n    pool.release(c)", []),
    "never handed back": (TAKE + "c.execute(1)", []),
}


@pytest.mark.parametrize("case", CASES)
def test_what_stays_out_of_the_pool(project_of: Any, case: str) -> None:
    code, expected = CASES[case]
    project = project_of(f"def work(pool, all):\n    {code}\n")
    function = next(iter(project.functions_in("worker.py")))
    assert [one.name for one in borrowed(project, function)] == expected


@pytest.mark.parametrize(("name", "is_certain"), [("work", True), ("main", False)])
def test_a_pool_ends_with_the_program(project_of: Any, name: str, is_certain: bool) -> None:  # noqa: FBT001
    project = project_of(f"def {name}(pool):\n    {TAKE}c.execute(1)\n    pool.release(c)\n")
    function = next(iter(project.functions_in("worker.py")))
    assert [one.is_certain for one in borrowed(project, function)] == [is_certain]
