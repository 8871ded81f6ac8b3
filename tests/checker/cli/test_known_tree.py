"""A hook that knows the work tree says what one says that lists it anew, over chains of edits and commits."""

import os
import subprocess
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from worker_lint.cli.workbench import Workbench
from worker_lint.engine.session import Session
from worker_lint.source import content

Command = Callable[..., Any]
Files = Mapping[str, str | None]

BASE = "from abc import ABC, abstractmethod\n\n\nclass Base(ABC):\n    @abstractmethod\n    def stop(self): ...\n"
BARE = "from pkg.base import Base\n\n\nclass Leaf(Base):\n    pass\n"
TREE = {
    "alone.py": "import abc\n",
    "pkg/__init__.py": "",
    "pkg/base.py": BASE,
    "pkg/leaf.py": BARE,
    "main.py": "from pkg.leaf import Leaf\n\nLeaf()\n",
}
TEXTS = (
    *TREE.values(),
    BASE.replace("(ABC)", ""),
    f"{BARE}    def stop(self): return 1\n",
    f"{BARE}\n\nLeaf()\n",
    "from pkg.leaf import *\nLeaf()\n",
    "from pkg.base import Base\n\nBase()  # worker-lint: ignore[ABS101] known\n",
    "raise NotImplemented\n",
    "def torn(:\n",
)
PATHS = (*TREE, "base.py", "pkg/base.pyi", "pkg/sub/leaf.py", "tests/test_leaf.py")
EDITS = st.dictionaries(st.sampled_from(PATHS), st.none() | st.sampled_from(TEXTS), min_size=1, max_size=2)
GIT = {
    "init": ("init", "-q"),
    "add": ("add", "-A"),
    "commit": ("-c", "user.name=test", "-c", "user.email=test@example.org", "commit", "-qm", "step", "--allow-empty"),
}
STEPS = {"nothing": (), "check": (), "add": ("add",), "commit": ("add", "commit")}


@pytest.fixture(autouse=True)
def _known_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    # Each write below gets a time of its own, so no file has to be left alone for two seconds.
    monkeypatch.setattr(content, "SETTLING_NANOSECONDS", 0)


def edit(root: Path, files: Files, clock: Iterator[int]) -> None:
    """Writes and deletes files."""
    for name, text in files.items():
        path = root / name
        if text is None:
            path.unlink(missing_ok=True)
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        os.utime(path, (now := next(clock), now))


def git(*steps: str) -> None:
    """Does some of the steps in the working directory."""
    for step in steps:
        subprocess.run(["git", *GIT[step]], check=True)


@pytest.mark.parametrize("staged", [False, True])
def test_a_known_tree_is_not_listed_anew(
    lint: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, staged: bool
) -> None:
    # Without this the properties below would hold for a note that is never read.
    monkeypatch.chdir(tmp_path)
    clock = iter(range(1_000_000_000, 2_000_000_000, 1_000))
    edit(tmp_path, TREE, clock)
    git("init", "add", "commit")
    lint("check", "-f", "json")
    edit(tmp_path, {"alone.py": f"import abc\n{BASE}\n\nBase()\n"}, clock)
    if staged:
        git("add")
    options = ("check", "-f", "json", "--changed", "alone.py")
    cold, whole = lint(*options, "--no-cache"), lint("check", "-f", "json", "--no-cache")
    monkeypatch.setattr(Workbench, "discover", None)
    monkeypatch.setattr(Session, "_whole", None)
    assert lint(*options) == cold
    assert lint("check", "-f", "json") == whole
    assert cold != whole


@pytest.mark.slow
@given(
    start=st.dictionaries(st.sampled_from(PATHS), st.sampled_from(TEXTS), min_size=4),
    steps=st.lists(st.tuples(EDITS, st.sampled_from(sorted(STEPS))), min_size=1, max_size=6),
)
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
def test_any_chain_of_edits_and_commits_under_a_hook(
    lint: Command,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
    start: Files,
    steps: list[tuple[Files, str]],
) -> None:
    root, clock = tmp_path_factory.mktemp("tree"), iter(range(1_000_000_000, 2_000_000_000, 1_000))
    monkeypatch.chdir(root)
    edit(root, {"anchor.py": "raise NotImplemented\n", **start}, clock)
    git("init", "add", "commit")
    lint("check", "-f", "json")
    for files, then in steps:
        edit(root, files, clock)
        git(*STEPS[then])
        given_files = sorted(path for path, text in files.items() if text is not None)
        options = ("check", "-f", "json") if then == "check" else ("check", "-f", "json", "--changed", *given_files)
        assert lint(*options) == lint(*options, "--no-cache")
