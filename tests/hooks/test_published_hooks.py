"""The hooks as they are published: pre-commit clones this repository, installs it and runs its entry."""

import subprocess
import sysconfig
from pathlib import Path
from typing import Any

import pytest

Scratch = Any  # the class is the conftest's, which test files do not import
pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
DEFECT = "def stop():\n    raise NotImplemented\n"
CONFIG = """\
repos:
  - repo: {origin}
    rev: {revision}
    hooks:
      - id: worker-lint
        args: [--format, concise]
      - id: worker-lint-fix
"""


@pytest.fixture
def published(scratch: Scratch, tmp_path: Path) -> Scratch:
    """A repository that names a clone of this one; what the tool stands on comes from this environment."""
    origin = tmp_path / "origin"
    if not (ROOT / ".git").exists():
        pytest.skip("not a clone: nothing that pre-commit could clone")
    subprocess.run(["git", "clone", "-q", "--no-hardlinks", str(ROOT), str(origin)], check=True)
    revision = subprocess.run(
        ["git", "rev-parse", "HEAD"], cwd=origin, check=True, capture_output=True, text=True
    ).stdout.strip()
    scratch.environment |= {
        "PIP_NO_INDEX": "1",
        "PIP_NO_DEPS": "1",
        "PIP_NO_BUILD_ISOLATION": "0",  # pip reads it as "no isolation", whatever its value
        "PYTHONPATH": sysconfig.get_path("purelib"),
    }
    scratch.commit({".pre-commit-config.yaml": CONFIG.format(origin=origin.as_uri(), revision=revision)})
    return scratch


def test_both_hooks_work_from_a_clone(published: Scratch) -> None:
    published.stage({"shop/more.py": "x = 1\n"})
    assert published.hook().code == 0
    published.stage({"shop/more.py": DEFECT})
    outcome = published.hook()
    assert outcome.code == 1
    assert len(outcome.lines()) == 1
    assert "fixed 1 in 1 file, left 0" in outcome.text
    published.stage({})
    assert published.hook().code == 0
