"""The repairing hook: it repairs, fails once, and passes when its work is staged."""

from typing import Any

import pytest

Scratch = Any  # the class is the conftest's, which test files do not import
pytestmark = pytest.mark.slow

DEFECT = "def stop():\n    raise NotImplemented\n"
REPAIRED = "def stop():\n    raise NotImplementedError\n"


def test_it_repairs_and_fails_once(fixing: Scratch) -> None:
    fixing.stage({"shop/more.py": DEFECT})
    first = fixing.hook()
    assert first.code == 1
    assert "fixed 1 in 1 file, left 0" in first.text
    assert (fixing.root / "shop/more.py").read_text(encoding="utf-8") == REPAIRED
    fixing.stage({})
    assert fixing.hook().code == 0
    assert fixing.try_commit().code == 0


def test_files_that_are_not_committed_are_left_alone(fixing: Scratch) -> None:
    fixing.commit({"shop/old.py": DEFECT})
    fixing.stage({"shop/more.py": "x = 1\n"})
    assert fixing.hook().code == 0
    assert (fixing.root / "shop/old.py").read_text(encoding="utf-8") == DEFECT


def test_unstaged_work_survives(fixing: Scratch) -> None:
    fixing.stage({"shop/more.py": DEFECT})
    fixing.write({"shop/main.py": "unfinished = True\n"})
    assert fixing.hook().code == 1
    assert (fixing.root / "shop/main.py").read_text(encoding="utf-8") == "unfinished = True\n"
    assert (fixing.root / "shop/more.py").read_text(encoding="utf-8") == REPAIRED
