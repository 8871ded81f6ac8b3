from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from worker_lint.source.discover import DiscoverOptions, Discovery, discover


def paths_of(found: Discovery) -> list[str]:
    return [file.path for file in found.files]


def given_of(found: Discovery) -> list[str]:
    return [file.path for file in found.files if file.given]


def messages_of(found: Discovery) -> list[str]:
    return [problem.message for problem in found.problems]


def write(folder: Path, *paths: str, text: str = "x = 1\n") -> None:
    for path in paths:
        place = folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, encoding="utf-8")


class TestOutsideGit:
    def test_the_folders_of_tools_are_left_out(self, tmp_path: Path) -> None:
        write(tmp_path, "a.py", "pkg/b.py", ".venv/c.py", "x/site-packages/d.py", "build/lib/e.py", "my.egg-info/f.py")
        write(tmp_path, "build_tools/g.py", "dist/__init__.py", "dist/h.py", "odd-name/pyvenv.cfg", "odd-name/lib/i.py")

        found = discover([tmp_path], tmp_path)

        assert paths_of(found) == ["a.py", "build_tools/g.py", "dist/__init__.py", "dist/h.py", "pkg/b.py"]

    def test_a_settled_file_has_a_state_id_and_a_young_one_none(self, tmp_path: Path) -> None:
        write(tmp_path, "a.py")

        assert discover([tmp_path], tmp_path).files[0].content_id is None

    def test_links_are_not_followed(self, tmp_path: Path) -> None:
        root, outside = tmp_path / "root", tmp_path / "outside"
        write(root, "pkg/a.py")
        write(outside, "b.py")
        (root / "loop").symlink_to(root, target_is_directory=True)
        (root / "out").symlink_to(outside, target_is_directory=True)
        (root / "c.py").symlink_to(root / "pkg/a.py")

        assert paths_of(discover([root], root)) == ["pkg/a.py"]

    def test_a_named_link_stands_for_its_target_inside_the_root_only(self, tmp_path: Path) -> None:
        root, outside = tmp_path / "root", tmp_path / "outside"
        write(root, "pkg/a.py")
        write(outside, "b.py")
        (root / "inner").symlink_to(root / "pkg", target_is_directory=True)
        (root / "out.py").symlink_to(outside / "b.py")
        (root / "self.py").symlink_to(root / "self.py")

        found = discover([root / "inner", root / "out.py", root / "self.py"], root)

        assert paths_of(found) == ["pkg/a.py"]
        assert [(problem.path, problem.fatal) for problem in found.problems] == [("out.py", True), ("self.py", True)]
        assert "leads out" in messages_of(found)[0]

    def test_a_root_reached_through_a_link_is_no_way_out(self, tmp_path: Path) -> None:
        write(tmp_path / "real", "a.py")
        (tmp_path / "link").symlink_to(tmp_path / "real", target_is_directory=True)
        root = tmp_path / "link"

        found = discover([root / "a.py"], root)

        assert (paths_of(found), found.problems) == (["a.py"], ())

    def test_scripts_are_read_only_when_named(self, tmp_path: Path) -> None:
        write(tmp_path, "worker", text="#!/usr/bin/env python3\n")
        write(tmp_path, "shell", text="#!/bin/sh\n")
        write(tmp_path, "a.py")

        assert paths_of(discover([tmp_path], tmp_path)) == ["a.py"]
        found = discover([tmp_path / "worker", tmp_path / "shell"], tmp_path)
        assert paths_of(found) == ["worker"]
        assert [(problem.path, problem.fatal) for problem in found.problems] == [("shell", False)]

    def test_a_named_file_outside_the_root_keeps_its_way(self, tmp_path: Path) -> None:
        write(tmp_path, "root/a.py", "other/b.py", "other/pkg/c.py")

        found = discover([tmp_path / "other"], tmp_path / "root")

        assert paths_of(found) == ["../other/b.py", "../other/pkg/c.py"]
        assert given_of(found) == paths_of(found)

    def test_nothing_to_check_is_a_problem_that_ends_the_run(self, tmp_path: Path) -> None:
        write(tmp_path, "notes.txt")

        found = discover([tmp_path], tmp_path)

        assert [(problem.message, problem.fatal) for problem in found.problems] == [("no Python file to check", True)]

    def test_no_paths_at_all_are_no_problem(self, tmp_path: Path) -> None:
        assert discover([], tmp_path, DiscoverOptions(context=True)).problems == ()

    def test_a_path_that_is_not_there_is_named(self, tmp_path: Path) -> None:
        write(tmp_path, "a.py")

        found = discover([tmp_path / "nope.py", tmp_path / "a.py"], tmp_path)

        assert paths_of(found) == ["a.py"]
        assert [(problem.message, problem.path) for problem in found.problems] == [
            ("no such file or folder", "nope.py")
        ]

    @pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
    def test_a_named_pipe_does_not_block(self, tmp_path: Path) -> None:
        os.mkfifo(tmp_path / "pipe.py")
        write(tmp_path, "a.py")

        assert paths_of(discover([tmp_path], tmp_path)) == ["a.py"]
        assert messages_of(discover([tmp_path / "pipe.py"], tmp_path)) == ["not a regular file"]

    @pytest.mark.skipif(hasattr(os, "geteuid") and os.geteuid() == 0, reason="root may read everything")
    def test_a_folder_that_cannot_be_read_is_named_and_the_rest_goes_on(self, tmp_path: Path) -> None:
        write(tmp_path, "a.py", "locked/b.py")
        (tmp_path / "locked").chmod(0)
        try:
            found = discover([tmp_path], tmp_path)
        finally:
            (tmp_path / "locked").chmod(0o755)

        assert paths_of(found) == ["a.py"]
        assert [(problem.path, problem.fatal) for problem in found.problems] == [("locked", True)]

    def test_a_repository_below_is_listed_by_git(self, tmp_path: Path, make_work_tree: Callable[[Path], Any]) -> None:
        inner = make_work_tree(tmp_path / "repos/inner")
        inner.commit({"a.py": "", ".gitignore": "b.py\n"})
        inner.write({"b.py": ""})
        write(tmp_path, "c.py")

        assert paths_of(discover([tmp_path], tmp_path)) == ["c.py", "repos/inner/a.py"]
