"""One version, static, said the same everywhere."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

import worker_lint_runtime
from worker_lint.cli.version import VERSION


@pytest.fixture(params=["pyproject.toml", "runtime/pyproject.toml"])
def project(request: pytest.FixtureRequest, root: Path) -> dict[str, Any]:
    data = tomllib.loads((root / request.param).read_text(encoding="utf-8"))
    table: dict[str, Any] = data["project"]
    return table


@pytest.fixture
def version(root: Path) -> str:
    data = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    text: str = data["project"]["version"]
    return text


def test_version_is_static(project: dict[str, Any]) -> None:
    assert re.fullmatch(r"\d+\.\d+\.\d+", project["version"])
    assert "dynamic" not in project


def test_both_distributions_carry_the_same_version(project: dict[str, Any], version: str) -> None:
    assert project["version"] == version


def test_constant_of_the_command_line(version: str) -> None:
    assert version == VERSION


def test_runtime_constant(version: str) -> None:
    assert worker_lint_runtime.__version__ == version


def test_documented_hook_revision(root: Path, version: str) -> None:
    for page in ("README.md", "docs/index.md"):
        revisions = re.findall(r"rev: v([\d.]+)", (root / page).read_text(encoding="utf-8"))
        assert revisions == [version], page


def test_supported_pythons_agree(project: dict[str, Any], root: Path) -> None:
    assert project["requires-python"] == ">=3.11"
    named = [line.rpartition(" ")[2] for line in project["classifiers"] if ":: 3." in line]
    assert named == ["3.11", "3.12", "3.13"]
    assert "Python 3.11, 3.12 and 3.13" in (root / "docs/versioning.md").read_text(encoding="utf-8")
