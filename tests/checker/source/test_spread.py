from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from worker_lint.source.ignore import compile_patterns
from worker_lint.source.spread import Spread, relative_path


@pytest.mark.skipif(os.sep != "/", reason="paths of this kind of system")
@pytest.mark.parametrize(
    ("path", "root", "wanted"),
    [
        ("/p/a.py", "/p", "a.py"),
        ("/p/q/a.py", "/p", "q/a.py"),
        ("/p", "/p", ""),
        ("/pq/a.py", "/p", "../pq/a.py"),
        ("/a.py", "/p/q", "../../a.py"),
        ("/a.py", "/", "a.py"),
    ],
)
def test_paths_are_seen_from_the_root(path: str, root: str, wanted: str) -> None:
    assert relative_path(path, root) == wanted


def test_folders_inside_one_another_are_listed_once(work_tree: Any) -> None:
    work_tree.commit({"a/b/c.py": "", "a-b/d.py": "", "e.py": ""})
    top = os.path.realpath(work_tree.folder)
    spread = Spread(top, None)

    spread.run([f"{top}/a", f"{top}/a/b", f"{top}/a-b"], {}, context=False)

    assert sorted(spread.found) == ["a-b/d.py", "a/b/c.py"]


def test_a_pattern_keeps_out_a_nested_repository(tmp_path: Path, make_work_tree: Any) -> None:
    make_work_tree(tmp_path / "outer/clone").commit({"a.py": ""})
    (tmp_path / "outer/b.py").touch()
    top = os.path.realpath(tmp_path / "outer")
    spread = Spread(top, compile_patterns(["clone"]))

    spread.run([top], {}, context=False)

    assert sorted(spread.found) == ["b.py"]


def test_a_missing_file_is_seen_from_the_root(work_tree: Any) -> None:
    work_tree.commit({"service/a.py": "x = 1\n", "b.py": "x = 1\n"})
    (work_tree.folder / "service/a.py").unlink()
    root = os.path.realpath(work_tree.folder / "service")
    spread = Spread(root, None)

    spread.run([root], {}, context=False)

    assert list(spread.missing) == ["a.py"]
