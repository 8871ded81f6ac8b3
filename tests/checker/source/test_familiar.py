"""A work tree that was listed before is compared as a whole; whatever is unusual is no answer."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from worker_lint.source import content, familiar
from worker_lint.source.content import content_id_of
from worker_lint.source.discover import DiscoverOptions, Discovery, discover
from worker_lint.source.familiar import Again, Noted, look_again
from worker_lint.source.ignore import compile_patterns
from worker_lint.source.noting import note

FILES = {"a.py": "1\n", "pkg/b.py": "2\n", "pkg/c.pyi": "3\n", "notes.txt": "4\n", "left/d.py": "5\n"}
EXCLUDED = compile_patterns(("left",))


@pytest.fixture(autouse=True)
def _known_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(content, "SETTLING_NANOSECONDS", 0)


class Known:
    """A tree, what is known of it, and the two ways of looking at it."""

    def __init__(self, folder: Path) -> None:
        self.root = os.path.realpath(folder)
        self.found = self.listed()
        self.ids = {file.path: file.content_id or "" for file in self.found.files}
        self.before = self.contents()
        self.noted = note(self.root, self.ids, EXCLUDED)

    def listed(self) -> Discovery:
        return discover([self.root], self.root, DiscoverOptions(exclude=("left",)))

    def again(self, most: int = 10) -> Again | None:
        assert isinstance(self.noted, Noted)
        return look_again(self.root, self.noted, list(self.ids), EXCLUDED, most)

    def agrees(self) -> bool:
        """Whether every change is seen, of files and of what git has of them, and nothing else is there."""
        again, now = self.again(), self.listed()
        assert again is not None
        contents = self.contents()
        differing = {path for path, data in contents.items() if data != self.before[path]}
        blobs = {path: content_id_of(data).partition(":")[0] for path, data in contents.items()}
        dirty = {path: blob for path, blob in now.dirty.items() if blobs[path] != blob}
        return (
            differing <= again.changed.keys()
            and dirty.items() <= again.dirty.items()
            and ((contents.keys(), now.untracked) == (self.before.keys(), again.untracked))
        )

    def contents(self) -> dict[str, bytes]:
        return {file.path: Path(file.absolute).read_bytes() for file in self.listed().files}


@pytest.fixture(params=["settled", "racy"])
def known(work_tree: Any, request: pytest.FixtureRequest) -> Known:
    work_tree.commit(FILES)
    if request.param == "settled":
        work_tree.let_time_pass()
    work_tree.write({"new.py": "6\n"})
    return Known(work_tree.folder)


def test_nothing_changed(known: Known) -> None:
    again = known.again()
    assert again is not None
    assert not again.changed
    assert sorted(again.untracked) == ["new.py"]
    assert known.agrees()


@pytest.mark.parametrize(
    "edit",
    [
        lambda tree: tree.write({"a.py": "other\n"}),
        lambda tree: tree.write({"a.py": "9\n", "new.py": "other\n", "pkg/c.pyi": "4\n"}),
        lambda tree: (tree.write({"pkg/b.py": "x\n"}), tree.git("add", "pkg/b.py")),
        lambda tree: (
            tree.write({"pkg/b.py": "x\n"}),
            tree.git("add", "."),
            tree.git("rm", "-q", "--cached", "new.py"),
        ),
        lambda tree: (tree.write({"notes.txt": "other\n"}), tree.git("commit", "-qam", "notes")),
        lambda tree: (tree.write({"a.py": "other\n"}), tree.git("commit", "-qam", "a"), tree.write({"a.py": "1\n"})),
        lambda tree: (tree.write({"left/d.py": "x\n", "left/e.py": ""}), tree.git("add", "left/d.py")),
        lambda tree: ((tree.folder / "a.py").chmod(0o755), tree.git("add", "a.py"), tree.git("status")),
    ],
    ids=range(8),
)
def test_edits_of_known_files_are_seen(known: Known, work_tree: Any, edit: Callable[[Any], object]) -> None:
    edit(work_tree)
    assert known.agrees()


@pytest.mark.parametrize(
    "edit",
    [
        lambda tree: tree.write({"other.py": ""}),
        lambda tree: (tree.folder / "a.py").unlink(),
        lambda tree: (tree.folder / "new.py").unlink(),
        lambda tree: tree.git("add", "new.py"),
        lambda tree: tree.git("rm", "-q", "--cached", "a.py"),
        lambda tree: tree.git("mv", "notes.txt", "notes2.py"),
        lambda tree: (tree.git("mv", "a.py", "z.py"), tree.git("mv", "z.py", "b.py")),
        lambda tree: ((tree.folder / "a.py").unlink(), (tree.folder / "a.py").mkdir()),
        lambda tree: ((tree.folder / "a.py").rename(tree.folder / "x.txt"), (tree.folder / "a.py").symlink_to("x.txt")),
        lambda tree: type(tree)(tree.folder / "inner"),
        lambda tree: (tree.folder / ".git" / "index").write_bytes(b"torn"),
        lambda tree: tree.write({".gitignore": "new.py\n"}),
    ],
    ids=range(12),
)
def test_other_files_are_no_answer(known: Known, work_tree: Any, edit: Callable[[Any], object]) -> None:
    edit(work_tree)
    if (work_tree.folder / "inner").exists():
        (work_tree.folder / "inner" / "deep.py").write_text("", encoding="utf-8")
    assert known.again() is None


def test_too_many_changes_are_no_answer(known: Known, work_tree: Any) -> None:
    work_tree.write({"a.py": "x\n", "pkg/b.py": "x\n"})
    assert known.again(2) is not None
    assert known.again(1) is None


def test_a_file_too_young_to_be_known_is_looked_at(work_tree: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(content, "SETTLING_NANOSECONDS", 10**12)
    work_tree.commit(FILES)
    known = Known(work_tree.folder)
    again = known.again()
    assert again is not None
    assert again.changed.keys() == known.ids.keys()


@pytest.mark.parametrize("version", ["2", "3", "4"])
def test_an_index_of_each_version(work_tree: Any, version: str, monkeypatch: pytest.MonkeyPatch) -> None:
    work_tree.git("config", "index.version", version)
    work_tree.commit({f"m{number}.py": f"{number}\n" for number in range(200)})
    work_tree.git("update-index", "--index-version", version)
    known = Known(work_tree.folder)
    work_tree.write({"m7.py": "x\n", "m199.py": "y\n"})
    work_tree.git("add", ".")
    if version == "2":  # the entries are compared one by one, and nothing is read as a whole
        monkeypatch.setattr(familiar, "read_index", None)
    again = known.again()
    assert again is not None
    assert again.changed.keys() == {"m7.py", "m199.py"}
    blobs = {path: work_tree.git("hash-object", path).strip() for path in again.changed}
    assert blobs.items() <= again.dirty.items()


def test_a_file_from_before_1970_is_no_answer(known: Known, work_tree: Any) -> None:
    os.utime(work_tree.folder / "a.py", (-5, -5))
    assert known.again() is None
    assert Known(work_tree.folder).noted is None


def test_no_repository_is_no_answer(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("", encoding="utf-8")
    assert note(os.path.realpath(tmp_path), {"a.py": "id"}, None) is None
