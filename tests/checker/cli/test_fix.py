"""Repairs from the command line: what is written, shown, left alone, and said."""

import os
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from worker_lint.cli import fix as fixing_command
from worker_lint.cli.repair import repair_files

Files = dict[str, str]
Command = Callable[..., Any]
Write = Callable[[Mapping[str, str | bytes]], Path]

REPAIRED = "class Worker:\n    def stop(self):\n        raise NotImplementedError  # kept\n"


def test_safe_repairs_are_written(lint: Command, write: Write, raising: Files) -> None:
    root = write(raising)
    result = lint("fix")
    assert (result.code, result.out, result.err) == (0, "", "fixed 1 in 1 file, left 0\n")
    assert (root / "raising.py").read_text(encoding="utf-8") == REPAIRED
    assert lint("fix").err == "fixed 0 in 0 files, left 0\n"


def test_diff_shows_the_same_and_writes_nothing(lint: Command, write: Write, raising: Files) -> None:
    root = write(raising)
    before = raising["raising.py"]
    result = lint("fix", "--diff")
    assert result.code == 1
    assert "-        raise NotImplemented  # kept\n+        raise NotImplementedError  # kept\n" in result.out
    assert result.err == "would fix 1 in 1 file, left 0\n"
    assert (root / "raising.py").read_text(encoding="utf-8") == before
    assert lint("check", "--fix", "--diff").out == result.out
    patched = subprocess.run(["git", "apply", "-"], input=result.out.encode(), cwd=root, check=False)
    assert patched.returncode == 0
    assert (root / "raising.py").read_text(encoding="utf-8") == REPAIRED


def test_unsafe_repairs_need_to_be_asked_for(lint: Command, write: Write) -> None:
    source = "from abc import abstractmethod\n\n\nclass Base:\n    @abstractmethod\n    def stop(self):\n        pass\n"
    root = write({"base.py": source})
    kept = lint("fix", "--preview")
    assert (kept.code, kept.err) == (1, "fixed 0 in 0 files, left 1\n")
    assert kept.out.startswith("base.py:4:")
    assert lint("fix", "--preview", "--unsafe").code == 0
    assert "class Base(ABC):" in (root / "base.py").read_text(encoding="utf-8")


def test_line_ends_and_byte_order_mark_are_kept(lint: Command, write: Write, raising: Files) -> None:
    bom = "\ufeff".encode()
    root = write({"raising.py": bom + raising["raising.py"].replace("\n", "\r\n").encode()})
    assert lint("fix").code == 0
    assert (root / "raising.py").read_bytes() == bom + REPAIRED.replace("\n", "\r\n").encode()


def test_what_the_baseline_holds_is_left_alone(lint: Command, write: Write, raising: Files) -> None:
    root = write(raising)
    assert lint("baseline").code == 0
    assert lint("fix").err == "fixed 0 in 0 files, left 0\n"
    assert (root / "raising.py").read_text(encoding="utf-8") == raising["raising.py"]
    assert lint("fix", "--no-baseline").err == "fixed 1 in 1 file, left 0\n"


def test_suppressed_and_unselected_ones_are_left_alone(lint: Command, write: Write, raising: Files) -> None:
    root = write(raising)
    assert lint("fix", "--ignore", "ABS111").err == "fixed 0 in 0 files, left 0\n"
    text = raising["raising.py"].replace("# kept", "# worker-lint: ignore[ABS111] as agreed")
    write({"raising.py": text})
    assert lint("fix").err == "fixed 0 in 0 files, left 0\n"
    assert (root / "raising.py").read_text(encoding="utf-8") == text


def test_only_the_given_files_are_repaired(lint: Command, write: Write, raising: Files) -> None:
    root = write({"one.py": raising["raising.py"], "two.py": raising["raising.py"]})
    assert lint("fix", "one.py").err == "fixed 1 in 1 file, left 0\n"
    assert (root / "two.py").read_text(encoding="utf-8") == raising["raising.py"]


def test_check_repairs_first_and_reports_what_is_left(
    lint: Command, write: Write, raising: Files, worker: Files
) -> None:
    root = write({**raising, **worker})
    result = lint("check", "--fix", "-f", "concise", "--select", "ABS101,ABS111")
    assert result.code == 1
    assert result.out.count("\n") == 1
    assert "ABS101" in result.out
    assert (root / "raising.py").read_text(encoding="utf-8") == REPAIRED


def test_a_file_that_changed_meanwhile_is_not_overwritten(
    lint: Command, write: Write, raising: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = write(raising)
    real = repair_files

    def meddling(*arguments: Any, **named: Any) -> Any:
        state = real(*arguments, **named)
        (root / "raising.py").write_text("somebody = 'typed'\n", encoding="utf-8")
        return state

    monkeypatch.setattr(fixing_command, "repair_files", meddling)
    result = lint("fix")
    assert result.code == 2
    assert "changed since it was read" in result.err
    assert "fixed 0 in 0 files, left 1" in result.err
    assert (root / "raising.py").read_text(encoding="utf-8") == "somebody = 'typed'\n"


def test_a_read_only_file_is_reported(lint: Command, write: Write, raising: Files) -> None:
    root = write(raising)
    os.chmod(root / "raising.py", 0o444)  # noqa: PTH101
    result = lint("fix")
    assert result.code == 2
    assert "is read-only" in result.err


def test_as_a_hook_it_repairs_and_fails_once(lint: Command, write: Write, raising: Files) -> None:
    root = write({"old.py": "x = 1\n"})
    git(root, "init", "-q")
    git(root, "add", ".")
    git(root, "commit", "-qm", "old")
    write(raising)
    git(root, "add", ".")
    assert lint("fix", "--changed", "raising.py").code == 1
    assert lint("fix", "--changed", "raising.py").code == 0
    assert lint("check", "--fix", "--changed", "raising.py").code == 0


def test_changed_without_paths_repairs_the_changed_files(lint: Command, write: Write, raising: Files) -> None:
    root = write({"old.py": raising["raising.py"]})
    git(root, "init", "-q")
    git(root, "add", ".")
    git(root, "commit", "-qm", "old")
    write(raising)
    git(root, "add", ".")
    assert lint("fix", "--changed").err == "fixed 1 in 1 file, left 0\n"
    assert (root / "raising.py").read_text(encoding="utf-8") == REPAIRED
    assert (root / "old.py").read_text(encoding="utf-8") == raising["raising.py"]


def test_several_passes_settle(lint: Command, write: Write) -> None:
    source = (
        "from abc import abstractmethod\n\n\nclass Base:\n"
        "    @abstractmethod\n    def stop(self):\n        raise NotImplemented\n\n"
        "    def run(self):\n        raise NotImplementedError\n"
    )
    write({"base.py": source})
    first = lint("fix", "--unsafe")
    assert "fixed" in first.err
    assert lint("fix", "--unsafe").err.startswith("fixed 0 in 0 files")


def git(root: Path, *arguments: str) -> None:
    identity = ("-c", "user.name=n", "-c", "user.email=e@example.org")
    subprocess.run(["git", *identity, *arguments], cwd=root, check=True)
