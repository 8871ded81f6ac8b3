from __future__ import annotations

import os
import random
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from worker_lint.source.content import content_id_of
from worker_lint.source.discover import DiscoverOptions, Discovery, discover


def paths_of(found: Discovery) -> list[str]:
    return [file.path for file in found.files]


def given_of(found: Discovery) -> list[str]:
    return [file.path for file in found.files if file.given]


def write(folder: Path, *paths: str, text: str = "x = 1\n") -> None:
    for path in paths:
        place = folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, encoding="utf-8")


class TestInGit:
    def test_tracked_and_untracked_files_are_found_and_ignored_ones_are_not(self, work_tree: Any) -> None:
        work_tree.commit({"a.py": "", "pkg/b.pyi": "", "notes.txt": "", ".gitignore": "secret/\n"})
        work_tree.write({"new.py": "", "secret/c.py": "", ".venv/lib/d.py": "", "node_modules/e.py": ""})

        found = discover([work_tree.folder], work_tree.folder)

        assert paths_of(found) == ["a.py", "new.py", "pkg/b.pyi"]
        assert found.untracked == {"new.py"}
        assert found.problems == ()

    def test_a_clean_file_has_the_content_id_that_its_bytes_have(self, work_tree: Any) -> None:
        work_tree.commit({"a.py": "x = 1\n"})
        work_tree.let_time_pass()

        (file,) = discover([work_tree.folder], work_tree.folder).files

        assert file.content_id == content_id_of(b"x = 1\n")
        assert Path(file.absolute).read_bytes() == b"x = 1\n"

    def test_a_changed_file_of_the_same_size_never_has_the_blob_of_the_index(self, work_tree: Any) -> None:
        work_tree.commit({"a.py": "x = 1\n"})
        work_tree.let_time_pass()
        before = (work_tree.folder / "a.py").stat()
        work_tree.write({"other": "x = 2\n"})
        os.utime(work_tree.folder / "other", ns=(before.st_atime_ns, before.st_mtime_ns))
        (work_tree.folder / "other").replace(work_tree.folder / "a.py")

        found = discover([work_tree.folder], work_tree.folder)

        assert found.files[0].content_id != content_id_of(b"x = 1\n")
        assert found.dirty == {"a.py": content_id_of(b"x = 1\n").partition(":")[0]}

    def test_a_file_as_young_as_the_index_is_not_trusted(self, work_tree: Any) -> None:
        work_tree.commit({"a.py": "x = 1\n"})
        index = work_tree.folder / ".git/index"
        moment = (work_tree.folder / "a.py").stat().st_mtime_ns
        os.utime(index, ns=(moment, moment))

        assert discover([work_tree.folder], work_tree.folder).files[0].content_id is None

    def test_a_deleted_tracked_file_is_left_out_and_remembered(self, work_tree: Any) -> None:
        work_tree.commit({"a.py": "", "b.py": "x = 1\n"})
        (work_tree.folder / "b.py").unlink()

        found = discover([work_tree.folder], work_tree.folder)

        assert paths_of(found) == ["a.py"]
        assert found.dirty["b.py"] == content_id_of(b"x = 1\n").partition(":")[0]
        assert found.problems == ()

    def test_a_folder_narrows_the_answer_and_context_adds_the_rest(self, work_tree: Any) -> None:
        work_tree.commit({"a.py": "", "src/b.py": "", "srcs/c.py": ""})
        work_tree.write({"src/new.py": "", "other/new.py": ""})
        folder = work_tree.folder

        narrow = discover([folder / "src"], folder)
        wide = discover([folder / "src"], folder, DiscoverOptions(context=True))

        assert paths_of(narrow) == ["src/b.py", "src/new.py"]
        assert paths_of(wide) == ["a.py", "other/new.py", "src/b.py", "src/new.py", "srcs/c.py"]
        assert given_of(wide) == given_of(narrow) == ["src/b.py", "src/new.py"]

    def test_a_root_inside_the_repository_sees_only_its_part(self, work_tree: Any) -> None:
        work_tree.commit({"a.py": "", "service/b.py": "", "service/pkg/c.py": ""})
        work_tree.write({"service/new.py": ""})
        root = work_tree.folder / "service"

        assert paths_of(discover([root], root)) == ["b.py", "new.py", "pkg/c.py"]

    def test_what_is_named_is_checked_even_when_git_ignores_it(self, work_tree: Any) -> None:
        work_tree.commit({"a.py": "", ".gitignore": "hidden*\n"})
        work_tree.write({"hidden/b.py": "", "hidden/pkg/c.py": "", "hidden.py": "", ".tox/d.py": ""})
        folder = work_tree.folder

        found = discover(
            [folder / "hidden", folder / "hidden.py", folder / ".tox"], folder, DiscoverOptions(context=True)
        )

        assert paths_of(found) == [".tox/d.py", "a.py", "hidden.py", "hidden/b.py", "hidden/pkg/c.py"]
        assert given_of(found) == [".tox/d.py", "hidden.py", "hidden/b.py", "hidden/pkg/c.py"]

    def test_a_root_that_the_outer_repository_ignores_is_listed(self, work_tree: Any) -> None:
        work_tree.commit({".gitignore": "/corpus/\n"})
        work_tree.write({"corpus/pkg/a.py": "", "corpus/.venv/b.py": ""})
        root = work_tree.folder / "corpus"

        assert paths_of(discover([root], root)) == ["pkg/a.py"]

    def test_odd_names_survive(self, work_tree: Any) -> None:
        names = ["with space.py", "zwölf.py", "quote\"'.py", "日本/語.py"]
        if sys.platform == "linux":
            names += ["line\nbreak.py", os.fsdecode(b"\xff\xfe.py")]
        work_tree.commit(dict.fromkeys(names, ""))
        write(work_tree.folder, *[f"new/{name}" for name in names])

        found = discover([work_tree.folder], work_tree.folder)

        assert set(paths_of(found)) == {*names, *[f"new/{name}" for name in names]}
        assert all(Path(file.absolute).is_file() for file in found.files)

    def test_files_in_conflict_appear_once_without_a_blob_id(self, work_tree: Any) -> None:
        work_tree.commit({"a.py": "x = 1\n"})
        work_tree.git("checkout", "--quiet", "-b", "side")
        work_tree.commit({"a.py": "x = 2\n"})
        work_tree.git("checkout", "--quiet", "main")
        work_tree.commit({"a.py": "x = 3\n"})
        with pytest.raises(AssertionError):
            work_tree.git("merge", "side")
        work_tree.let_time_pass()

        found = discover([work_tree.folder], work_tree.folder)

        assert paths_of(found) == ["a.py"]
        assert found.files[0].content_id is None

    def test_an_intended_addition_has_no_blob_id(self, work_tree: Any) -> None:
        work_tree.commit({"a.py": ""})
        work_tree.write({"b.py": "x = 1\n"})
        work_tree.git("add", "--intent-to-add", "b.py")
        work_tree.let_time_pass()

        assert discover([work_tree.folder], work_tree.folder).files[1].content_id is None

    def test_a_submodule_and_a_clone_are_listed_by_their_own_index(
        self, work_tree: Any, make_work_tree: Callable[[Path], Any], tmp_path: Path
    ) -> None:
        library = make_work_tree(tmp_path / "library")
        library.commit({"lib.py": "", ".gitignore": "cache/\n"})
        work_tree.commit({"a.py": ""})
        work_tree.git("submodule", "--quiet", "add", str(library.folder), "sub")
        clone = make_work_tree(work_tree.folder / "clone")
        clone.commit({"c.py": ""})
        work_tree.write({"sub/cache/hidden.py": "", "sub/new.py": "", "clone/new.py": ""})

        found = discover([work_tree.folder], work_tree.folder)

        assert paths_of(found) == ["a.py", "clone/c.py", "clone/new.py", "sub/lib.py", "sub/new.py"]

    def test_a_submodule_that_is_not_checked_out_is_nothing(self, work_tree: Any) -> None:
        work_tree.commit({"a.py": ""})
        blob = work_tree.git("rev-parse", "HEAD").strip()
        work_tree.git("update-index", "--add", "--cacheinfo", f"160000,{blob},sub")
        (work_tree.folder / "sub").mkdir()

        found = discover([work_tree.folder], work_tree.folder)

        assert (paths_of(found), found.problems) == (["a.py"], ())

    def test_a_linked_work_tree_inside_is_another_version_and_left_out(self, work_tree: Any) -> None:
        work_tree.commit({"a.py": ""})
        work_tree.git("worktree", "add", "--quiet", "versions/other", "-b", "other")
        inner = work_tree.folder / "versions/other"

        assert paths_of(discover([work_tree.folder], work_tree.folder)) == ["a.py"]
        assert paths_of(discover([inner], inner)) == ["a.py"]

    def test_files_outside_a_sparse_checkout_are_not_missing(self, work_tree: Any) -> None:
        work_tree.commit({"a.py": "", "kept/b.py": "", "left/c.py": ""})
        work_tree.git("sparse-checkout", "set", "--cone", "kept")

        found = discover([work_tree.folder], work_tree.folder)

        assert paths_of(found) == ["a.py", "kept/b.py"]
        assert "left/c.py" not in found.dirty

    def test_without_untracked_files_only_what_git_knows_is_found(self, work_tree: Any) -> None:
        work_tree.commit({"a.py": ""})
        work_tree.write({"new.py": ""})

        found = discover([work_tree.folder], work_tree.folder, DiscoverOptions(untracked=False))

        assert paths_of(found) == ["a.py"]

    def test_patterns_apply_to_tracked_files_unless_they_are_named(self, work_tree: Any) -> None:
        work_tree.commit({"a.py": "", "old/b.py": "", "old/c.py": ""})
        folder, old = work_tree.folder, DiscoverOptions(exclude=("old",))

        assert paths_of(discover([folder], folder, old)) == ["a.py"]
        assert paths_of(discover([folder / "old"], folder, old)) == ["old/b.py", "old/c.py"]
        assert paths_of(discover([folder, folder / "old/b.py"], folder, old)) == ["a.py", "old/b.py"]

    def test_force_exclude_leaves_out_named_files_and_complains_of_nothing(self, work_tree: Any) -> None:
        work_tree.commit({"old/b.py": ""})
        options = DiscoverOptions(exclude=("old/",), force_exclude=True)

        found = discover([work_tree.folder / "old/b.py"], work_tree.folder, options)

        assert (found.files, found.problems) == ((), ())

    def test_without_git_the_tree_is_walked_with_a_note(self, work_tree: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        work_tree.commit({"a.py": "", ".gitignore": "b.py\n"})
        work_tree.write({"b.py": ""})
        monkeypatch.setenv("PATH", "")

        found = discover([work_tree.folder], work_tree.folder)

        assert paths_of(found) == ["a.py", "b.py"]
        assert [(problem.fatal, "not installed" in problem.message) for problem in found.problems] == [(False, True)]

    def test_a_repository_of_somebody_else_is_walked_with_a_note(
        self, work_tree: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        work_tree.commit({"a.py": ""})
        # Git's own switch for testing this case.
        fake = work_tree.folder.parent / "bin" / "git"
        fake.parent.mkdir()
        real = shutil.which("git")
        fake.write_text(f'#!/bin/sh\nGIT_TEST_ASSUME_DIFFERENT_OWNER=1 exec "{real}" "$@"\n', encoding="utf-8")
        fake.chmod(0o755)
        monkeypatch.setenv("PATH", str(fake.parent))

        found = discover([work_tree.folder], work_tree.folder)

        assert paths_of(found) == ["a.py"]
        assert "safe.directory" in found.problems[0].help
        assert not found.problems[0].fatal

    def test_a_damaged_index_is_no_reason_to_stop(self, work_tree: Any) -> None:
        work_tree.commit({"a.py": ""})
        (work_tree.folder / ".git/index").write_bytes(b"DIRC nonsense")

        found = discover([work_tree.folder], work_tree.folder)

        assert paths_of(found) == ["a.py"]
        assert [problem.fatal for problem in found.problems] == [False]


@pytest.mark.parametrize("seed", range(4))
def test_whatever_happened_a_blob_id_is_that_of_the_bytes(work_tree: Any, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - a repeatable walk, no secret
    names = ["a.py", "pkg/b.py", "pkg/c.py"]
    work_tree.commit(dict.fromkeys(names, "x = 0\n"))
    seen = 0
    for step in range(12):
        name = chance.choice(names)
        place = work_tree.folder / name
        match chance.randrange(7):
            case 0 | 1:
                work_tree.write({name: f"x = {chance.randrange(10)}\n"})
                os.utime(place, (step, step))  # the clock of the file system may not have ticked
            case 2:
                place.unlink(missing_ok=True)
            case 3:
                work_tree.git("add", "--all")
            case 4:
                work_tree.commit()
            case 5:
                work_tree.git("checkout", "--quiet", "HEAD", "--", ".")
            case _:
                work_tree.git("stash", "--quiet", "--include-untracked")
        work_tree.let_time_pass()
        for file in discover([work_tree.folder], work_tree.folder).files:
            if file.content_id is not None and not file.content_id.startswith("stat:"):
                assert file.content_id == content_id_of(Path(file.absolute).read_bytes())
                seen += 1
    assert seen


def test_the_order_of_the_paths_does_not_matter(work_tree: Any) -> None:
    work_tree.commit({"b.py": "", "a/z.py": "", "a.py": "", "a/b/c.py": ""})
    folder = work_tree.folder
    named = [folder / "b.py", folder / "a", folder / "a/b", folder / "a.py"]

    assert discover(named, folder) == discover(named[::-1], folder)


def test_a_stub_says_so(tmp_path: Path) -> None:
    write(tmp_path, "a.py", "a.pyi")

    assert [(file.path, file.is_stub) for file in discover([tmp_path], tmp_path).files] == [
        ("a.py", False),
        ("a.pyi", True),
    ]
