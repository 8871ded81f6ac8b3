"""The runtime and the examples of its pages are what the rules ask for: they have no diagnostic."""

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from worker_lint.cli.app import app

FENCE = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)


CLEAN = "no errors or warnings in "
"""How the summary of a run without a diagnostic begins; notes would stand before it."""


def diagnose(*arguments: str | Path) -> str:
    """What a run with the rules in preview says, in lines."""
    options = ["--preview", "--isolated", "--no-cache", "--format", "concise"]
    return CliRunner().invoke(app, ["check", *options, *map(str, arguments)]).output


@pytest.mark.slow
def test_the_runtime_has_no_diagnostic(root: Path) -> None:
    assert diagnose("--profile", "strict", root / "runtime" / "worker_lint_runtime").startswith(CLEAN)


def test_the_examples_of_its_pages_have_none(root: Path, tmp_path: Path) -> None:
    count = 0
    for page in [*sorted((root / "docs" / "runtime").glob("*.md")), root / "runtime" / "README.md"]:
        for example in FENCE.findall(page.read_text(encoding="utf-8")):
            count += 1
            (tmp_path / f"example_{page.stem.lower()}_{count}.py").write_text(example, encoding="utf-8")
    assert count >= 8
    # What the strict profile adds asks for docstrings and tests, which stand around the examples of a page.
    assert diagnose(tmp_path).startswith(CLEAN)


def test_a_wrong_worker_would_be_seen(tmp_path: Path) -> None:
    (tmp_path / "wrong.py").write_text(
        "class Consumer:\n    def read(self):\n        raise NotImplemented\n", encoding="utf-8"
    )
    assert "ABS111" in diagnose(tmp_path)
