"""The packages work from an installed wheel, away from the working tree."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from distributions import Distribution

pytestmark = pytest.mark.slow


def run_isolated(folder: Path, code: str) -> subprocess.CompletedProcess[str]:
    """Runs code that sees the standard library and `folder`, not the environment's own packages."""
    program = f"import sys; sys.path.append({str(folder)!r})\n{code}"
    return subprocess.run(
        [sys.executable, "-I", "-S", "-W", "error", "-c", program], check=False, capture_output=True, text=True
    )


def unpack(wheel: Path, target: Path) -> Path:
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(target)
    return target


def test_runtime_needs_nothing_but_the_standard_library(runtime: Distribution, tmp_path: Path) -> None:
    folder = unpack(runtime.wheel, tmp_path)
    done = run_isolated(folder, "import worker_lint_runtime as r; print(r.__version__, r.__file__)")
    assert done.returncode == 0, done.stderr
    assert str(folder) in done.stdout


def test_runtime_brings_no_linter(runtime: Distribution, tmp_path: Path) -> None:
    done = run_isolated(unpack(runtime.wheel, tmp_path), "import worker_lint")
    assert "No module named 'worker_lint'" in done.stderr


def test_linter_brings_no_runtime(linter: Distribution, tmp_path: Path) -> None:
    done = run_isolated(unpack(linter.wheel, tmp_path), "import worker_lint_runtime")
    assert "No module named 'worker_lint_runtime'" in done.stderr
