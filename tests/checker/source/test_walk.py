from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from worker_lint.source.walk import walk


def write(folder: Path, *paths: str) -> None:
    for path in paths:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).touch()


def test_python_files_are_found_by_suffix(tmp_path: Path) -> None:
    write(tmp_path, "a.py", "pkg/b.pyi", "pkg/c.pyx", "d.py.txt", "pkg/e.PY", "script")

    assert sorted(item.path for item in walk(str(tmp_path)).files) == ["a.py", "pkg/b.pyi"]


def test_a_folder_called_like_a_file_is_entered(tmp_path: Path) -> None:
    write(tmp_path, "odd.py/a.py")

    assert [item.path for item in walk(str(tmp_path)).files] == ["odd.py/a.py"]


def test_a_repository_is_named_and_entered_only_when_asked(tmp_path: Path) -> None:
    write(tmp_path, "a.py", "inner/.git/HEAD", "inner/b.py")

    listing = walk(str(tmp_path))
    entered = walk(str(tmp_path), enter_repositories=True)

    assert [item.path for item in listing.files] == ["a.py"]
    assert listing.nested == [f"{tmp_path}/inner"]
    assert sorted(item.path for item in entered.files) == ["a.py", "inner/b.py"]


def test_a_locked_folder_is_a_problem_and_the_rest_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, "a.py", "locked/b.py", "z/c.py")
    real = os.scandir

    def refusing(path: str) -> Any:
        if path.endswith("locked"):
            raise PermissionError(13, "Permission denied", path)
        return real(path)

    monkeypatch.setattr(os, "scandir", refusing)
    listing = walk(str(tmp_path))

    assert sorted(item.path for item in listing.files) == ["a.py", "z/c.py"]
    assert [(problem.path, problem.fatal) for problem in listing.problems] == [("locked", True)]
    assert "Permission denied" in listing.problems[0].message


def test_very_deep_folders_are_walked(tmp_path: Path) -> None:
    deep = tmp_path
    for _ in range(300):
        deep = deep / "d"
    write(tmp_path, str(deep.relative_to(tmp_path) / "a.py"))

    assert len(walk(str(tmp_path)).files) == 1
