from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from worker_lint.source.content import content_id_of
from worker_lint.source.revision import read_objects, tree


def test_a_tree_holds_regular_files_only(work_tree: Any, make_work_tree: Callable[[Path], Any], tmp_path: Path) -> None:
    library = make_work_tree(tmp_path / "library")
    library.commit({"lib.py": ""})
    work_tree.write({"a.py": "x = 1\n", "pkg/b.py": ""})
    (work_tree.folder / "link.py").symlink_to("a.py")
    work_tree.git("submodule", "--quiet", "add", str(library.folder), "sub")
    work_tree.commit()

    blobs = tree(str(work_tree.folder), "HEAD")

    assert sorted(blobs) == [".gitmodules", "a.py", "pkg/b.py"]
    assert f"{blobs['a.py']}:6" == content_id_of(b"x = 1\n")


def test_paths_are_relative_to_the_root(work_tree: Any) -> None:
    work_tree.commit({"a.py": "", "service/b.py": "x = 1\n"})
    root = str(work_tree.folder / "service")

    assert list(tree(root, "HEAD")) == ["b.py"]
    assert work_tree.contents(["b.py", "a.py"], "service") == {"b.py": b"x = 1\n"}


def test_many_and_large_files_do_not_block(work_tree: Any) -> None:
    files = {f"pkg{number % 7}/file_{number}.py": f"x = {number}\n" * 3000 for number in range(250)}
    work_tree.commit(files)

    found = work_tree.contents(list(files))

    assert found == {path: text.encode() for path, text in files.items()}


def test_bytes_are_not_touched(work_tree: Any) -> None:
    data = b"\xef\xbb\xbfx = 1\r\n\x00\xff blob\n"
    (work_tree.folder / "a.py").write_bytes(data)
    work_tree.commit()

    assert work_tree.contents(["a.py"]) == {"a.py": data}


def test_what_is_missing_is_left_out(work_tree: Any) -> None:
    work_tree.commit({"a.py": ""})
    root = str(work_tree.folder)

    assert work_tree.contents(["b.py"]) == {}
    assert list(read_objects(root, ["0" * 40])) == []


def test_a_reader_that_stops_early_leaves_no_process(work_tree: Any) -> None:
    work_tree.commit({f"file_{number}.py": "x = 1\n" * number * 1000 for number in range(1, 60)})

    reader = read_objects(str(work_tree.folder), tree(str(work_tree.folder), "HEAD").values())
    next(reader)
    reader.close()  # a warning about a process left behind would fail the test
