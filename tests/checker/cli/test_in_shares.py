"""A tree that several processes analyse gets the answers of one, and so does the run after an edit."""

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from worker_lint.engine import forks, shares
from worker_lint.engine.told import Analysis, Told
from worker_lint.source import content
from worker_lint.testing import all_examples, example_files

Command = Callable[..., Any]

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="only Linux copies a process as it is"),
]
EVERYTHING = ("-f", "json", "--preview", "--profile", "strict")


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Every sixth of the rules' examples, in folders that share bases, however few they are for several processes."""
    monkeypatch.setattr(shares, "WORTH", 0)
    monkeypatch.setattr(content, "SETTLING_NANOSECONDS", 0)
    for number, (_, example) in enumerate(all_examples()):
        for name, text in example_files(example).items() if number % 6 == 0 else ():
            path = tmp_path / f"e{number:04}" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    base = "from abc import ABC, abstractmethod\nclass Base(ABC):\n    @abstractmethod\n    def stop(self): ...\n"
    leaf = "from base import Base\nclass Leaf(Base):\n    pass\nLeaf()\n"
    (tmp_path / "base.py").write_text(base, encoding="utf-8")
    for folder in ("a", "m", "z"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "leaf.py").write_text(leaf, encoding="utf-8")
    (tmp_path / "worker-lint.toml").write_text("", encoding="utf-8")
    return tmp_path


@pytest.fixture
def forks_made(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many shares each run was cut into."""
    made: list[int] = []
    forked = forks.forked

    def counted(work: Any, orders: Any, count: int) -> Any:
        made.append(len(orders))
        return forked(work, orders, count)

    monkeypatch.setattr(forks, "forked", counted)
    return made


@pytest.mark.usefixtures("tree")
def test_the_answer_is_that_of_one_process(lint: Command, forks_made: list[int]) -> None:
    one = lint("check", "--no-cache", "-j", "1", *EVERYTHING)
    assert not forks_made
    for jobs in ("2", "3"):
        assert lint("check", "--no-cache", "-j", jobs, *EVERYTHING) == one
    assert forks_made == [shares.FEWEST] * 2
    assert '"ABS101"' in one.out


@pytest.mark.usefixtures("tree")
def test_the_functions_with_the_most_steps_are_those_of_one_process(lint: Command, forks_made: list[int]) -> None:
    def largest(jobs: str) -> list[str]:
        told = lint("check", "--no-cache", "-j", jobs, "--statistics", *EVERYTHING).err.splitlines()
        start = told.index("functions with the most steps to follow")
        return list(told[start : told.index("", start)])

    assert largest("2") == largest("1")
    assert forks_made


@pytest.mark.usefixtures("tree")
def test_shares_of_processes_that_die_are_analysed_here(
    lint: Command, forks_made: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    one = lint("check", "--no-cache", "-j", "1", *EVERYTHING)
    tell = Analysis.tell

    def dies_often(self: Analysis, paths: Any, *, with_questions: bool) -> Told:
        if len(paths) % 2:
            os._exit(1)
        return tell(self, paths, with_questions=with_questions)

    monkeypatch.setattr(Analysis, "tell", dies_often)
    assert lint("check", "--no-cache", "-j", "2", *EVERYTHING) == one
    assert forks_made


def test_a_run_after_an_edit_knows_what_all_processes_have_asked(
    lint: Command, tree: Path, forks_made: list[int]
) -> None:
    assert lint("check", "-j", "2", "-f", "json") == lint("check", "--no-cache", "-j", "1", "-f", "json")
    edits = (
        ("m/leaf.py", "from base import Base\nclass Leaf(Base):\n    def stop(self): ...\nLeaf()\n"),
        ("base.py", "class Base:\n    def stop(self): ...\n"),
        ("z/leaf.py", "x = 1\n"),
    )
    for path, text in edits:
        (tree / path).write_text(text, encoding="utf-8")
        assert lint("check", "-j", "2", "-f", "json") == lint("check", "--no-cache", "-j", "1", "-f", "json")
    assert forks_made
