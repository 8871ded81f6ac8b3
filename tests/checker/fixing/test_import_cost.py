"""LibCST takes longer to import than a hook may take in all: only applying a fix may load it."""

from __future__ import annotations

import subprocess
import sys

PROBE = """
import sys
import worker_lint.rule, worker_lint.report, worker_lint.config, worker_lint.engine
assert "worker_lint.fixing" not in sys.modules, "checking imports fixing"
import worker_lint.fixing
assert "libcst" not in sys.modules, "importing the package loads LibCST"
from worker_lint.rule import Fix, Replace
worker_lint.fixing.apply_fixes(b"x = 1", [Fix("t", (Replace((1, 1, 1, 2), "y"),))], "x.py")
assert "libcst" in sys.modules
"""


def test_libcst_is_loaded_by_the_first_fix_and_not_before() -> None:
    done = subprocess.run([sys.executable, "-P", "-c", PROBE], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
