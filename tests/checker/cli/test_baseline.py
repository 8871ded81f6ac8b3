"""Writing, updating and checking the baseline."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

Files = dict[str, str]
Command = Callable[..., Any]
Write = Callable[[Mapping[str, str | bytes]], Path]
FILE = ".worker-lint-baseline.json"


def codes(root: Path) -> list[str]:
    return [entry["code"] for entry in json.loads((root / FILE).read_text(encoding="utf-8"))["entries"]]


def test_what_is_accepted_does_not_fail(lint: Command, write: Write, worker: Files) -> None:
    root = write(worker)
    written = lint("baseline")
    assert (written.code, written.out, written.err) == (0, "", f"{FILE} holds 1 diagnostic: 1 new, 0 gone\n")
    assert codes(root) == ["ABS101"]
    result = lint("check", "-f", "concise")
    assert (result.code, result.out) == (0, "")
    assert "1 more in the baseline" in result.err
    assert lint("check", "--no-baseline").code == 1


def test_a_new_one_fails(lint: Command, write: Write, worker: Files, raising: Files) -> None:
    write(worker)
    lint("baseline")
    write(raising)
    result = lint("check", "-f", "concise")
    assert result.code == 1
    assert "ABS111" in result.out
    assert "ABS101" not in result.out


def test_check_shows_the_difference_and_writes_nothing(
    lint: Command, write: Write, worker: Files, raising: Files
) -> None:
    root = write(worker)
    lint("baseline")
    assert lint("baseline", "--check").code == 0
    before = (root / FILE).read_bytes()
    write({**raising, "app.py": "x = 1\n"})
    result = lint("baseline", "--check")
    assert result.code == 1
    assert [line[:2] for line in result.out.splitlines()] == ["- ", "+ "]
    assert result.err == f"{FILE} would hold 1 diagnostic: 1 new, 1 gone\n"
    assert (root / FILE).read_bytes() == before


def test_prune_takes_out_and_accepts_nothing(lint: Command, write: Write, worker: Files, raising: Files) -> None:
    root = write(worker)
    lint("baseline")
    write({**raising, "app.py": "x = 1\n"})
    assert lint("baseline", "--prune").code == 0
    assert codes(root) == []
    assert lint("check").code == 1


def test_a_part_of_the_tree_keeps_the_other_entries(lint: Command, write: Write, worker: Files, raising: Files) -> None:
    root = write({**worker, **raising})
    lint("baseline")
    (root / "raising.py").unlink()
    write({"app.py": worker["app.py"] + "again = Mail()\n"})
    lint("baseline", "base.py")
    assert codes(root) == ["ABS101"]
    lint("baseline", "app.py")
    assert codes(root) == ["ABS101", "ABS101"]


def test_a_gone_entry_is_a_note_and_does_not_fail(lint: Command, write: Write, worker: Files) -> None:
    write(worker)
    lint("baseline")
    write({"app.py": "x = 1\n"})
    result = lint("check", "-f", "concise")
    assert result.code == 0
    assert "WKL006" in result.out


def test_writing_twice_gives_the_same_bytes(lint: Command, write: Write, worker: Files) -> None:
    root = write(worker)
    lint("baseline")
    first = (root / FILE).read_bytes()
    lint("baseline", "--no-cache")
    assert (root / FILE).read_bytes() == first
