"""A real git repository in a temporary folder, shielded from the user's own configuration."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Collection
from pathlib import Path

import pytest

from worker_lint.source.revision import read_objects, tree


@pytest.fixture(autouse=True)
def _no_surroundings(monkeypatch: pytest.MonkeyPatch) -> None:
    """The tests themselves may run inside a hook, whose variables speak of another repository."""
    for name in list(os.environ):
        if name.startswith(("GIT_", "PRE_COMMIT")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_SYSTEM", os.devnull)


class WorkTree:
    """A folder to write files in and to ask git about."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.git("init", "--quiet", "--initial-branch=main")

    def git(self, *arguments: str, feed: bytes | None = None) -> str:
        identity = ("-c", "user.name=Somebody", "-c", "user.email=somebody@example.org")
        command = ["git", "-C", str(self.folder), *identity, "-c", "protocol.file.allow=always", *arguments]
        answer = subprocess.run(command, input=feed, capture_output=True, check=False)
        assert answer.returncode == 0, answer.stderr.decode()
        return os.fsdecode(answer.stdout)

    def write(self, files: dict[str, str]) -> None:
        for path, text in files.items():
            place = self.folder / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(text, encoding="utf-8", newline="")

    def commit(self, files: dict[str, str] | None = None) -> str:
        self.write(files or {})
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message=step")
        return self.git("rev-parse", "HEAD").strip()

    def contents(self, paths: Collection[str], below: str = "") -> dict[str, bytes]:
        """What HEAD holds at these paths, relative to a folder of the work tree."""
        root = str(self.folder / below)
        blobs = {path: blob for path, blob in tree(root, "HEAD").items() if path in paths}
        found = dict(read_objects(root, set(blobs.values())))
        return {path: found[blob] for path, blob in blobs.items()}

    def let_time_pass(self) -> None:
        """Make the index look much younger than the files: its entries become settled."""
        index = self.folder / self.git("rev-parse", "--git-path", "index").strip()
        later = index.stat().st_mtime + 3600
        os.utime(index, (later, later))


@pytest.fixture
def make_work_tree() -> Callable[[Path], WorkTree]:
    if shutil.which("git") is None:
        pytest.skip("git is not installed")
    return WorkTree


@pytest.fixture
def work_tree(make_work_tree: Callable[[Path], WorkTree], tmp_path: Path) -> WorkTree:
    return make_work_tree(tmp_path / "project")
