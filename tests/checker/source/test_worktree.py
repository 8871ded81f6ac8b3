from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from worker_lint.source.repository import Repository, find_repository
from worker_lint.source.worktree import GitRefusalError, Listing, ignored_folders, list_work_tree


def repository_at(work_tree: Any) -> Repository:
    found = find_repository(os.path.realpath(work_tree.folder))
    assert found is not None
    return found


def listed(work_tree: Any, *folders: str, names: tuple[str, ...] = ()) -> Listing:
    return list_work_tree(repository_at(work_tree), folders, names)


def test_only_the_folders_and_names_asked_for_are_listed(work_tree: Any) -> None:
    work_tree.commit({"a.py": "", "b/c.py": "", "bc/d.py": "", "e.py": ""})
    work_tree.write({"b/new.py": "", "new.py": ""})

    listing = listed(work_tree, "b", names=("e.py",))

    assert sorted(item.path for item in listing.files) == ["b/c.py", "b/new.py", "e.py"]


def test_names_alone_need_no_git_command(work_tree: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    work_tree.commit({"a.py": "", "b.py": ""})
    monkeypatch.setenv("PATH", "")

    assert [item.path for item in listed(work_tree, names=("b.py",)).files] == ["b.py"]


def test_a_tracked_folder_replaced_by_a_link_is_not_followed(work_tree: Any, tmp_path: Path) -> None:
    work_tree.commit({"pkg/sub/a.py": "x = 1\n", "b.py": ""})
    outside = tmp_path / "outside"
    (work_tree.folder / "pkg").rename(outside)
    (outside / "sub/a.py").write_text("x = 'other'\n", encoding="utf-8")
    (work_tree.folder / "pkg").symlink_to(outside, target_is_directory=True)

    assert [item.path for item in listed(work_tree, "").files] == ["b.py"]


def test_a_tracked_link_is_left_out(work_tree: Any) -> None:
    work_tree.write({"a.py": ""})
    (work_tree.folder / "link.py").symlink_to("a.py")
    work_tree.commit()
    (work_tree.folder / "new.py").symlink_to("a.py")

    assert [item.path for item in listed(work_tree, "").files] == ["a.py"]


def test_a_tracked_file_turned_into_a_folder_is_missing(work_tree: Any) -> None:
    work_tree.commit({"a.py": "x = 1\n"})
    (work_tree.folder / "a.py").unlink()
    work_tree.write({"a.py/b.py": ""})

    listing = listed(work_tree, "")

    assert [item.path for item in listing.files] == ["a.py/b.py"]


def test_assumed_unchanged_is_not_believed(work_tree: Any) -> None:
    work_tree.commit({"a.py": "x = 1\n"})
    work_tree.git("update-index", "--assume-unchanged", "a.py")
    work_tree.write({"a.py": "x = 'changed'\n"})
    work_tree.let_time_pass()

    (item,) = listed(work_tree, "").files
    assert not item.clean


def test_ignored_folders_are_told(work_tree: Any) -> None:
    work_tree.commit({".gitignore": "out/\n:odd/\n", "src/a.py": ""})
    work_tree.write({"out/b.py": "", ":odd/c.py": "", "out/deep/d.py": ""})
    asked = ["src", "out", ":odd", "out/deep"]

    assert ignored_folders(repository_at(work_tree), asked) == {"out", ":odd", "out/deep"}
    assert ignored_folders(repository_at(work_tree), []) == set()


def test_a_missing_git_is_refused_with_a_remedy(work_tree: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")

    with pytest.raises(GitRefusalError) as caught:
        listed(work_tree, "")

    assert caught.value.problem.help.startswith("install git")
    assert not caught.value.problem.fatal
