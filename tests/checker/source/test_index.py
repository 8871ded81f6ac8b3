from __future__ import annotations

import os
import subprocess
from typing import Any

import pytest

from worker_lint.source.index import Index, read_index
from worker_lint.source.repository import Repository, find_repository


def repository_at(work_tree: Any) -> Repository:
    found = find_repository(os.path.realpath(work_tree.folder))
    assert found is not None
    return found


def index_of(work_tree: Any) -> Index:
    index = read_index(repository_at(work_tree))
    assert index is not None
    return index


def blobs_by_git(work_tree: Any) -> dict[str, str]:
    """What git itself says, as the oracle."""
    records = work_tree.git("ls-files", "-s", "-z").split("\0")[:-1]
    pairs = (record.split("\t", 1) for record in records)
    return {path: facts.split()[1] for facts, path in pairs if path.endswith((".py", ".pyi"))}


@pytest.mark.parametrize("version", ["2", "3", "4"])
def test_each_version_gives_what_git_gives(work_tree: Any, version: str) -> None:
    long_name = "/".join(["a" * 200] * 6) + "/deep.py"  # the length no longer fits the flags only beyond 4095
    names = ["a.py", "a/b.py", "a/bc.py", "ab.py", "pkg/x.pyi", "zwölf.py", long_name, "notes.txt"]
    work_tree.git("config", "index.version", version)
    work_tree.commit({name: f"{name[:20]}\n" for name in names})
    if version == "3":
        work_tree.git("update-index", "--skip-worktree", "a.py")
    work_tree.git("update-index", "--index-version", version)

    index = index_of(work_tree)

    assert {os.fsdecode(entry.path): entry.blob.hex() for entry in index.files} == blobs_by_git(work_tree)
    assert {entry.path for entry in index.files if entry.sparse} == ({b"a.py"} if version == "3" else set())


def test_a_name_too_long_for_its_length_field_is_read(work_tree: Any) -> None:
    name = "/".join(["d" * 250] * 20) + ".py"
    blob = work_tree.git("hash-object", "-w", "--stdin", feed=b"x\n").strip()
    work_tree.git("update-index", "--add", "--cacheinfo", f"100644,{blob},{name}")
    work_tree.git("update-index", "--add", "--cacheinfo", f"100644,{blob},e.py")

    assert [entry.path.decode() for entry in index_of(work_tree).files] == [name, "e.py"]


def test_a_repository_with_the_other_hash_is_read(work_tree: Any) -> None:
    try:
        work_tree.git("init", "--quiet", "--object-format=sha256", str(work_tree.folder / "new"))
    except AssertionError:
        pytest.skip("this git knows no sha256 repositories")
    work_tree.folder /= "new"
    work_tree.commit({"a.py": "x = 1\n", "b/c.py": ""})

    found = {os.fsdecode(entry.path): entry.blob.hex() for entry in index_of(work_tree).files}

    assert found == blobs_by_git(work_tree)
    assert {len(blob) for blob in found.values()} == {64}


def test_submodules_are_named(work_tree: Any) -> None:
    commit = work_tree.commit({"a.py": ""})
    work_tree.git("update-index", "--add", "--cacheinfo", f"160000,{commit},sub")

    assert index_of(work_tree).submodules == [b"sub"]


def test_a_state_matches_only_the_very_file(work_tree: Any) -> None:
    work_tree.commit({"a.py": "x = 1\n"})
    work_tree.let_time_pass()
    (entry,) = index_of(work_tree).files
    place = work_tree.folder / "a.py"

    assert entry.matches(place.lstat())
    place.rename(work_tree.folder / "kept.py")
    work_tree.write({"a.py": "x = 1\n"})
    assert not entry.matches(place.lstat())


def test_an_index_that_is_not_there_is_empty(work_tree: Any) -> None:
    assert index_of(work_tree) == Index([], [])


@pytest.mark.parametrize("setting", ["split", "sparse"])
def test_an_index_that_needs_more_than_one_file_is_left_to_git(work_tree: Any, setting: str) -> None:
    work_tree.commit({"a.py": "", "b/c.py": "", "d/e/f.py": ""})
    if setting == "split":
        work_tree.git("update-index", "--split-index")
    else:
        work_tree.git("sparse-checkout", "set", "--cone", "--sparse-index", "b")

    assert read_index(repository_at(work_tree)) is None


@pytest.mark.parametrize("length", [0, 3, 11, 12, 40, 80, 100])
def test_a_torn_index_is_left_to_git(work_tree: Any, length: int) -> None:
    work_tree.commit({"a.py": "", "b.py": ""})
    place = work_tree.folder / ".git/index"
    place.write_bytes(place.read_bytes()[:length])

    assert read_index(repository_at(work_tree)) is None


def test_a_sparse_or_split_index_still_gives_the_files(work_tree: Any) -> None:
    from worker_lint.source.discover import discover

    work_tree.commit({"a.py": "", "b/c.py": "", "d/e/f.py": ""})
    work_tree.git("sparse-checkout", "set", "--cone", "--sparse-index", "b")

    found = discover([work_tree.folder], work_tree.folder)

    assert [file.path for file in found.files] == ["a.py", "b/c.py"]
    assert found.problems == ()


def test_the_blob_ids_are_those_of_git(work_tree: Any) -> None:
    work_tree.commit({"a.py": "x = 1\n"})
    expected = subprocess.run(
        ["git", "hash-object", str(work_tree.folder / "a.py")], capture_output=True, check=True, text=True
    )

    assert index_of(work_tree).files[0].blob.hex() == expected.stdout.strip()
