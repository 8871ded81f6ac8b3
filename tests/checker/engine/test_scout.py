"""The files of a known tree are looked at while the tool starts, and what was seen counts for that tree only."""

import os
from pathlib import Path

import pytest

from worker_lint.engine import scout
from worker_lint.engine.cache import cache_folder
from worker_lint.engine.parts import write_parts
from worker_lint.source.states import states_of

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="no second process without fork")
NAMES = ("a.py", "pkg/b.py")
PATHS = "\0".join(NAMES).encode()


@pytest.fixture(params=[None, "elsewhere"])
def tree(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A tree of two files with a state of an earlier run, kept in it or elsewhere."""
    root = tmp_path.resolve() / "tree"
    (root / "pkg").mkdir(parents=True)
    for name in NAMES:
        (root / name).write_text(name)
    monkeypatch.delenv("WORKER_LINT_CACHE", raising=False)
    if request.param is not None:
        monkeypatch.setenv("WORKER_LINT_CACHE", str(tmp_path / request.param))
    folder = cache_folder(root, scout.FOLDER, os.environ)
    folder.mkdir(parents=True)
    write_parts(str(folder), "state-1", (b"", PATHS, b""))
    monkeypatch.setattr(scout, "FEWEST", 1)
    monkeypatch.chdir(root)
    return root


def test_the_files_are_looked_at_once(tree: Path) -> None:
    scout.send_out(["check", "."])
    assert scout.states_seen(str(tree), PATHS) == states_of(str(tree), NAMES)
    assert scout.states_seen(str(tree), PATHS) is None


def test_a_folder_below_is_part_of_the_tree(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tree / "pkg")
    scout.send_out(["check", "."])
    assert scout.states_seen(str(tree), PATHS) == states_of(str(tree), NAMES)


def test_nothing_was_seen_of_other_files(tree: Path) -> None:
    for root, paths in ((str(tree), b"a.py"), (str(tree.parent), PATHS)):
        scout.send_out(["check", "."])
        assert scout.states_seen(root, paths) is None


def test_a_file_that_is_gone_is_left_to_the_listing(tree: Path) -> None:
    (tree / "a.py").unlink()
    scout.send_out(["check", "."])
    assert scout.states_seen(str(tree), PATHS) is None


@pytest.mark.parametrize("arguments", [[], ["rules"], ["check", "--no-cache"]])
def test_nobody_is_sent_out_for_other_commands(tree: Path, arguments: list[str]) -> None:
    scout.send_out(arguments)
    assert scout.states_seen(str(tree), PATHS) is None


def test_small_trees_are_left_alone(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scout, "FEWEST", 3)
    scout.send_out(["check"])
    assert scout.states_seen(str(tree), PATHS) is None
