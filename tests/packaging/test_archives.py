"""What the wheels and source archives hold, and what installing them brings along."""

import re
import tomllib
from pathlib import Path

import pytest

from distributions import Distribution

pytestmark = pytest.mark.slow


def package_files(folder: Path, package: str) -> set[str]:
    """Every file of a package in the working tree, as the wheel names it."""
    files = (path for path in (folder / package).rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    return {path.relative_to(folder).as_posix() for path in files}


def without_metadata(files: set[str]) -> set[str]:
    return {name for name in files if ".dist-info/" not in name}


def test_linter_wheel_holds_checker_and_rules_only(linter: Distribution, root: Path) -> None:
    expected = package_files(root / "checker", "worker_lint") | package_files(root / "rules", "worker_lint_rules")
    assert without_metadata(linter.wheel_files()) == expected | {"worker_lint/worker-lint.schema.json"}


def test_runtime_wheel_holds_the_runtime_only(runtime: Distribution, root: Path) -> None:
    assert without_metadata(runtime.wheel_files()) == package_files(root / "runtime", "worker_lint_runtime")


def test_every_package_is_marked_as_typed(linter: Distribution, runtime: Distribution) -> None:
    markers = {name for name in linter.wheel_files() | runtime.wheel_files() if name.endswith("py.typed")}
    assert markers == {f"{name}/py.typed" for name in ("worker_lint", "worker_lint_rules", "worker_lint_runtime")}


def test_runtime_has_no_dependencies(runtime: Distribution) -> None:
    needed = runtime.metadata().get_all("Requires-Dist") or []
    assert [each for each in needed if "extra ==" not in each] == []


def test_linter_depends_on_what_the_card_names_and_not_on_the_runtime(linter: Distribution) -> None:
    required = linter.metadata().get_all("Requires-Dist") or []
    names = {re.split(r"[^A-Za-z0-9._-]", line)[0] for line in required}
    assert names == {"astroid", "click", "libcst", "msgspec", "rich"}


def test_licence_travels_along(linter: Distribution, runtime: Distribution) -> None:
    for distribution in (linter, runtime):
        assert distribution.metadata()["License-Expression"] == "MIT"
        assert any(name.endswith("/licenses/LICENSE") for name in distribution.wheel_files())
        assert "LICENSE" in distribution.sdist_files()


def test_source_archive_is_enough_to_build_from(linter: Distribution, runtime: Distribution) -> None:
    # The wheels above were built from these archives; here: nothing of the other half slipped in.
    assert not any(name.startswith(("runtime/", "tests/")) for name in linter.sdist_files())
    assert {"pyproject.toml", "README.md", "CHANGELOG.md"} <= linter.sdist_files()
    assert not any("worker_lint_rules" in name or name.startswith("worker_lint/") for name in runtime.sdist_files())


def test_entry_points(linter: Distribution, root: Path) -> None:
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    written = linter.read_metadata("entry_points.txt")
    assert f"worker-lint = {project['scripts']['worker-lint']}" in written
    assert "[worker_lint.rules]\nbuiltin = worker_lint_rules" in written
