from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from worker_lint.diagnostic import Problem
from worker_lint.source.content import SETTLING_NANOSECONDS, content_id_of, read_source, state_id_of


def test_the_id_of_bytes_is_the_blob_id_of_git_with_the_size(work_tree: Any) -> None:
    data = "x = 'ü'\r\n".encode()
    blob = work_tree.git("hash-object", "--stdin", feed=data).strip()

    assert content_id_of(data) == f"{blob}:{len(data)}"


def test_a_state_id_is_given_only_after_the_file_has_settled(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("x = 1\n", encoding="utf-8")
    state = (tmp_path / "a.py").stat()
    youngest = max(state.st_mtime_ns, state.st_ctime_ns)

    assert state_id_of(state, youngest + SETTLING_NANOSECONDS - 1) is None
    settled = state_id_of(state, youngest + SETTLING_NANOSECONDS)
    assert settled == f"stat:6:{state.st_mtime_ns}:{state.st_ctime_ns}:{state.st_ino}"


def test_a_file_from_the_future_has_no_state_id(tmp_path: Path) -> None:
    (tmp_path / "a.py").touch()
    os.utime(tmp_path / "a.py", (4e9, 4e9))

    assert state_id_of((tmp_path / "a.py").stat()) is None


def test_a_file_is_read_whole(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_bytes(b"x = 1\r\n\xff")

    assert read_source(str(tmp_path / "a.py"), "a.py") == b"x = 1\r\n\xff"


def test_a_file_over_the_limit_is_a_note(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_bytes(b"x" * 11)

    problem = read_source(str(tmp_path / "a.py"), "a.py", limit=10)

    assert isinstance(problem, Problem)
    assert (problem.path, problem.fatal) == ("a.py", False)
    assert "11 bytes are over the limit of 10" in problem.message


def test_a_vanished_file_is_a_note(tmp_path: Path) -> None:
    problem = read_source(str(tmp_path / "a.py"), "a.py")

    assert isinstance(problem, Problem)
    assert (problem.fatal, "vanished" in problem.message) == (False, True)


def test_a_link_in_the_last_place_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "a.py").touch()
    (tmp_path / "link.py").symlink_to("a.py")

    assert isinstance(read_source(str(tmp_path / "link.py"), "link.py"), Problem)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_a_pipe_does_not_block(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.py")

    problem = read_source(str(tmp_path / "a.py"), "a.py")

    assert isinstance(problem, Problem)
    assert problem.message == "not a regular file"


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    assert isinstance(read_source(str(tmp_path), "."), Problem)


@pytest.mark.skipif(hasattr(os, "geteuid") and os.geteuid() == 0, reason="root may read everything")
def test_an_unreadable_file_makes_the_run_fail(tmp_path: Path) -> None:
    (tmp_path / "a.py").touch()
    (tmp_path / "a.py").chmod(0)

    problem = read_source(str(tmp_path / "a.py"), "a.py")

    assert isinstance(problem, Problem)
    assert problem.fatal
