from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from worker_lint.source.repository import find_repository, run_git


def test_the_nearest_top_is_found_from_any_folder(work_tree: Any) -> None:
    work_tree.commit({"a/b/c.py": ""})
    top = os.path.realpath(work_tree.folder)

    found = find_repository(f"{top}/a/b")

    assert found is not None
    assert (found.top, found.git_dir, found.common) == (top, f"{top}/.git", f"{top}/.git")


def test_known_answers_are_used_for_every_folder_on_the_way(work_tree: Any) -> None:
    work_tree.commit({"a/b/c.py": ""})
    top = os.path.realpath(work_tree.folder)
    known: dict[str, Any] = {}

    first = find_repository(f"{top}/a/b", known)

    assert known == {f"{top}/a/b": first, f"{top}/a": first, top: first}
    assert find_repository(f"{top}/a", known) is first


def test_an_empty_git_folder_is_no_repository(tmp_path: Path) -> None:
    (tmp_path / "project/.git").mkdir(parents=True)

    found = find_repository(os.path.realpath(tmp_path / "project"))

    assert found is None or found.top != str(tmp_path / "project")


def test_a_linked_work_tree_shares_the_common_folder(work_tree: Any, tmp_path: Path) -> None:
    work_tree.commit({"a.py": ""})
    work_tree.git("worktree", "add", "--quiet", str(tmp_path / "other"), "-b", "other")
    main = find_repository(os.path.realpath(work_tree.folder))
    other = find_repository(os.path.realpath(tmp_path / "other"))

    assert main is not None
    assert other is not None
    assert (other.common, other.top) == (main.common, os.path.realpath(tmp_path / "other"))
    assert main.linked_work_tree(other.top)
    assert other.linked_work_tree(main.top)
    assert not main.linked_work_tree(main.top)


def test_nothing_of_another_repository_reaches_git(work_tree: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    work_tree.commit({"a.py": ""})
    repository = find_repository(os.path.realpath(work_tree.folder))
    assert repository is not None
    for name in ("GIT_DIR", "GIT_WORK_TREE", "GIT_OBJECT_DIRECTORY", "GIT_INDEX_FILE", "GIT_PREFIX"):
        monkeypatch.setenv(name, "/nowhere")

    assert run_git(repository, "ls-files").output == b"a.py\n"


def test_no_transport_is_allowed(work_tree: Any) -> None:
    work_tree.commit({"a.py": ""})
    work_tree.git("config", "protocol.file.allow", "always")
    repository = find_repository(os.path.realpath(work_tree.folder))
    assert repository is not None

    answer = run_git(repository, "ls-remote", f"file://{work_tree.folder}")

    assert answer.code != 0
    assert "not allowed" in answer.complaint


def test_a_missing_git_is_an_answer(work_tree: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    repository = find_repository(os.path.realpath(work_tree.folder))
    assert repository is not None
    monkeypatch.setenv("PATH", "relative/folder")

    assert run_git(repository, "ls-files").code == 127
