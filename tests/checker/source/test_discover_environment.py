from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from worker_lint.source.discover import Discovery, discover


def paths_of(found: Discovery) -> list[str]:
    return [file.path for file in found.files]


class TestInHooks:
    def test_the_index_of_a_partial_commit_is_used(self, work_tree: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        work_tree.commit({"a.py": "x = 1\n"})
        other = work_tree.folder / ".git/next-index-1.lock"
        shutil.copy(work_tree.folder / ".git/index", other)
        work_tree.write({"b.py": ""})
        work_tree.git("add", "b.py")
        monkeypatch.setenv("GIT_INDEX_FILE", str(other))

        assert discover([work_tree.folder], work_tree.folder).untracked == {"b.py"}

    def test_the_index_of_another_repository_is_not(
        self, work_tree: Any, make_work_tree: Callable[[Path], Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        other = make_work_tree(tmp_path / "other")
        other.commit({"o.py": ""})
        work_tree.commit({"a.py": ""})
        monkeypatch.setenv("GIT_DIR", str(other.folder / ".git"))
        monkeypatch.setenv("GIT_INDEX_FILE", str(other.folder / ".git/index"))
        monkeypatch.setenv("GIT_WORK_TREE", str(other.folder))

        found = discover([work_tree.folder], work_tree.folder)

        assert paths_of(found) == ["a.py"]
        assert found.untracked == frozenset()

    def test_a_relative_index_is_meant_from_the_working_directory(
        self, work_tree: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        work_tree.commit({"a.py": ""})
        monkeypatch.chdir(work_tree.folder)
        monkeypatch.setenv("GIT_INDEX_FILE", ".git/index")
        monkeypatch.setenv("GIT_DIR", ".git")

        found = discover(["."], work_tree.folder)

        assert (paths_of(found), found.untracked) == (["a.py"], frozenset())

    def test_a_git_folder_elsewhere_is_bound_by_the_environment(
        self, work_tree: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        work_tree.commit({"a.py": "", ".gitignore": "b.py\n"})
        (work_tree.folder / ".git").rename(tmp_path / "store")
        work_tree.write({"b.py": ""})
        monkeypatch.setenv("GIT_DIR", str(tmp_path / "store"))
        monkeypatch.setenv("GIT_WORK_TREE", str(work_tree.folder))

        assert paths_of(discover([work_tree.folder], work_tree.folder)) == ["a.py"]


class TestHostileRepository:
    def test_no_program_that_the_repository_names_is_started(self, work_tree: Any, tmp_path: Path) -> None:
        marker = tmp_path / "marker"
        evil = tmp_path / "evil.sh"
        evil.write_text(f'#!/bin/sh\ntouch "{marker}"\ncat\n', encoding="utf-8")
        evil.chmod(0o755)
        work_tree.commit({"a.py": "x = 1\n", "sub/b.py": "", ".gitattributes": "*.py filter=evil diff=evil\n"})
        for key in (
            "filter.evil.clean",
            "filter.evil.smudge",
            "filter.evil.process",
            "diff.evil.textconv",
            "core.pager",
        ):
            work_tree.git("config", key, str(evil))
        work_tree.git("config", "core.fsmonitor", str(evil))
        hook = work_tree.folder / ".git/hooks/post-index-change"
        hook.parent.mkdir(exist_ok=True)
        shutil.copy(evil, hook)
        work_tree.write({"a.py": "x = 2\n", "new.py": ""})
        marker.unlink(missing_ok=True)

        found = discover([work_tree.folder / "sub", work_tree.folder], work_tree.folder)

        assert paths_of(found) == ["a.py", "new.py", "sub/b.py"]
        assert not marker.exists()
        work_tree.git("status")
        assert marker.exists(), "the trap does not work"

    def test_a_git_in_the_working_directory_is_not_started(
        self, work_tree: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        work_tree.commit({"a.py": ""})
        evil = work_tree.folder / "git"
        evil.write_text(f'#!/bin/sh\ntouch "{work_tree.folder}/marker"\n', encoding="utf-8")
        evil.chmod(0o755)
        monkeypatch.chdir(work_tree.folder)
        monkeypatch.setenv("PATH", f".{os.pathsep}{os.pathsep}{os.environ['PATH']}")

        assert paths_of(discover(["."], work_tree.folder)) == ["a.py"]
        assert not (work_tree.folder / "marker").exists()
