from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import pytest

from worker_lint.source.discover import discover
from worker_lint.source.history import EMPTY_TREES, Change, changed_since
from worker_lint.source.revision import HistoryError, tree


def changed(work_tree: Any, **options: Any) -> Change:
    root = str(work_tree.folder)
    return changed_since(root, dirty=discover([root], root).dirty, **options)


def summary(change: Change) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    return change.added, change.modified, change.deleted


class TestChangedSince:
    def test_a_clean_tree_has_no_change(self, work_tree: Any) -> None:
        commit = work_tree.commit({"a.py": "x = 1\n"})

        change = changed(work_tree)

        assert summary(change) == ((), (), ())
        assert change.base == commit

    def test_staged_additions_changes_and_deletions_are_told_apart(self, work_tree: Any) -> None:
        work_tree.commit({"a.py": "x = 1\n", "b.py": "x = 1\n", "c.py": ""})
        work_tree.write({"a.py": "x = 2\n", "new.py": ""})
        work_tree.git("rm", "--quiet", "b.py")
        work_tree.git("add", "--all")

        change = changed(work_tree)

        assert summary(change) == (("new.py",), ("a.py",), ("b.py",))
        assert change.old_blobs == tree(str(work_tree.folder), "HEAD", ["a.py", "b.py"])

    def test_changes_that_nobody_staged_count_too(self, work_tree: Any) -> None:
        work_tree.commit({"a.py": "x = 1\n", "b.py": "x = 1\n", "c.py": ""})
        work_tree.write({"a.py": "x = 2\n", "untracked.py": ""})
        (work_tree.folder / "b.py").unlink()

        assert summary(changed(work_tree)) == ((), ("a.py",), ("b.py",))

    def test_a_file_that_was_only_touched_is_no_change(self, work_tree: Any) -> None:
        work_tree.commit({"a.py": "x = 1\n"})
        os.utime(work_tree.folder / "a.py", (1, 1))

        assert summary(changed(work_tree)) == ((), (), ())

    def test_a_rename_is_a_deletion_and_an_addition(self, work_tree: Any) -> None:
        work_tree.commit({"a.py": "x = 1\n" * 50})
        work_tree.git("mv", "a.py", "b.py")

        assert summary(changed(work_tree)) == (("b.py",), (), ("a.py",))

    def test_a_file_replaced_by_a_link_is_a_deletion(self, work_tree: Any) -> None:
        work_tree.commit({"a.py": "x = 1\n", "b.py": ""})
        (work_tree.folder / "a.py").unlink()
        (work_tree.folder / "a.py").symlink_to("b.py")
        work_tree.git("add", "a.py")

        assert summary(changed(work_tree)) == ((), (), ("a.py",))

    def test_before_the_first_commit_everything_is_new(self, work_tree: Any) -> None:
        work_tree.write({"a.py": "x = 1\n"})
        work_tree.git("add", "a.py")

        change = changed(work_tree)

        assert summary(change) == (("a.py",), (), ())
        assert change.base == EMPTY_TREES[40]

    def test_a_root_inside_the_repository_sees_only_its_part(self, work_tree: Any) -> None:
        work_tree.commit({"a.py": "", "service/b.py": "x = 1\n"})
        work_tree.write({"a.py": "x = 2\n", "service/b.py": "x = 2\n", "service/new.py": ""})
        work_tree.git("add", "--all")

        change = changed_since(str(work_tree.folder / "service"))

        assert summary(change) == (("new.py",), ("b.py",), ())
        assert list(change.old_blobs) == ["b.py"]

    def test_given_paths_limit_all_but_deletions(self, work_tree: Any) -> None:
        work_tree.commit({"a.py": "x = 1\n", "b.py": "x = 1\n", "c.py": ""})
        work_tree.write({"a.py": "x = 2\n", "b.py": "x = 2\n", "new.py": "", "other.py": ""})
        work_tree.git("rm", "--quiet", "c.py")
        work_tree.git("add", "--all")

        change = changed(work_tree, given=["a.py", "new.py", "unchanged.py"])

        assert summary(change) == (("new.py",), ("a.py",), ("c.py",))

    def test_another_base_can_be_named(self, work_tree: Any) -> None:
        first = work_tree.commit({"a.py": "x = 1\n"})
        work_tree.commit({"a.py": "x = 2\n", "b.py": ""})

        change = changed(work_tree, base="HEAD~1")

        assert summary(change) == (("b.py",), ("a.py",), ())
        assert change.base == first

    @pytest.mark.parametrize("name", ["no-such-branch", "--output=evil", "", "HEAD:a.py"])
    def test_a_base_that_is_no_commit_is_named(self, work_tree: Any, name: str) -> None:
        work_tree.commit({"a.py": ""})

        with pytest.raises(HistoryError) as caught:
            changed_since(str(work_tree.folder), name)

        assert repr(name) in caught.value.problem.message
        assert caught.value.problem.help
        assert caught.value.problem.fatal

    def test_outside_a_repository_it_says_so(self, tmp_path: Path) -> None:
        with pytest.raises(HistoryError, match="not in a git work tree"):
            changed_since(str(tmp_path))

    def test_without_git_it_says_so(self, work_tree: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("PATH", "")

        with pytest.raises(HistoryError, match="git is not installed"):
            changed_since(str(work_tree.folder))

    def test_a_merge_names_the_other_parent(self, work_tree: Any) -> None:
        work_tree.commit({"a.py": "x = 1\n"})
        work_tree.git("checkout", "--quiet", "-b", "side")
        side = work_tree.commit({"side.py": ""})
        work_tree.git("checkout", "--quiet", "main")
        head = work_tree.commit({"main.py": ""})
        work_tree.git("merge", "--quiet", "--no-commit", "--no-ff", "side")

        change = changed(work_tree)

        assert summary(change) == (("side.py",), (), ())
        assert (change.base, change.merged) == (head, (side,))

    def test_a_file_in_conflict_is_modified(self, work_tree: Any) -> None:
        work_tree.commit({"a.py": "x = 1\n"})
        work_tree.git("checkout", "--quiet", "-b", "side")
        work_tree.commit({"a.py": "x = 2\n"})
        work_tree.git("checkout", "--quiet", "main")
        work_tree.commit({"a.py": "x = 3\n"})
        with pytest.raises(AssertionError):
            work_tree.git("merge", "side")

        change = changed(work_tree)

        assert summary(change) == ((), ("a.py",), ())
        assert change.old_blobs == tree(str(work_tree.folder), "HEAD")

    def test_odd_names_survive(self, work_tree: Any) -> None:
        names = ["with space.py", "zwölf.py", ":colon.py", "star*.py"]
        if sys.platform == "linux":
            names += ["line\nbreak.py", os.fsdecode(b"\xff.py")]
        work_tree.commit(dict.fromkeys(names, "x = 1\n"))
        work_tree.write(dict.fromkeys(names, "x = 2\n"))
        work_tree.git("add", "--all")

        assert set(changed(work_tree).modified) == set(names)
        assert work_tree.contents(names) == dict.fromkeys(names, b"x = 1\n")


class TestRanges:
    def test_a_range_begins_where_the_two_sides_parted(self, work_tree: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        parted = work_tree.commit({"a.py": "x = 1\n", "b.py": "x = 1\n"})
        work_tree.git("checkout", "--quiet", "-b", "topic")
        work_tree.commit({"a.py": "x = 2\n"})
        work_tree.git("checkout", "--quiet", "main")
        work_tree.commit({"b.py": "x = 2\n"})
        work_tree.git("checkout", "--quiet", "topic")
        monkeypatch.setenv("PRE_COMMIT_FROM_REF", "main")
        monkeypatch.setenv("PRE_COMMIT_TO_REF", "topic")

        change = changed(work_tree)

        assert summary(change) == ((), ("a.py",), ())
        assert change.base == parted

    def test_a_range_from_nothing_holds_everything(self, work_tree: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        work_tree.commit({"a.py": ""})
        monkeypatch.setenv("PRE_COMMIT_FROM_REF", "0" * 40)
        monkeypatch.setenv("PRE_COMMIT_TO_REF", "HEAD")

        assert summary(changed(work_tree)) == (("a.py",), (), ())

    def test_unrelated_histories_are_compared_directly(self, work_tree: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        work_tree.commit({"a.py": ""})
        work_tree.git("checkout", "--quiet", "--orphan", "other")
        work_tree.commit({"b.py": ""})
        monkeypatch.setenv("PRE_COMMIT_FROM_REF", "main")
        monkeypatch.setenv("PRE_COMMIT_TO_REF", "other")

        assert summary(changed(work_tree)) == (("b.py",), (), ())

    def test_a_range_with_an_unknown_end_is_named(self, work_tree: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        work_tree.commit({"a.py": ""})
        monkeypatch.setenv("PRE_COMMIT_FROM_REF", "gone")

        with pytest.raises(HistoryError, match="no commit called 'gone'"):
            changed(work_tree)


def test_no_filter_of_the_repository_is_started(work_tree: Any, tmp_path: Path) -> None:
    marker = tmp_path / "marker"
    evil = tmp_path / "evil.sh"
    evil.write_text(f'#!/bin/sh\ntouch "{marker}"\ncat\n', encoding="utf-8")
    evil.chmod(0o755)
    work_tree.commit({"a.py": "x = 1\n", ".gitattributes": "*.py filter=evil diff=evil\n"})
    for key in ("filter.evil.clean", "diff.evil.textconv", "diff.evil.command", "diff.external", "core.fsmonitor"):
        work_tree.git("config", key, str(evil))
    work_tree.write({"a.py": "x = 2\n"})
    marker.unlink(missing_ok=True)

    change = changed(work_tree)
    old = work_tree.contents(change.modified)

    assert old == {"a.py": b"x = 1\n"}
    assert not marker.exists()
