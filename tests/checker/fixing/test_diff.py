"""The difference as `git apply` reads it."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from worker_lint.fixing import unified_diff


def test_a_diff_names_the_file_and_the_lines() -> None:
    assert unified_diff("a/b.py", b"one\ntwo\n", b"one\n2\n") == (
        "--- a/a/b.py\n+++ b/a/b.py\n@@ -1,2 +1,2 @@\n one\n-two\n+2\n"
    )


def test_no_change_no_diff() -> None:
    assert unified_diff("x.py", b"one", b"one") == ""


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"one\r\ntwo\r\n", b"one\r\n2\r\n"),
        (b"one\rstill one\ntwo", b"one\rstill one\n2"),
        (b"one", b"one\n"),
        (b"one\n", b"one"),
        ("grün\f\n\x1c\u2028\n".encode(), "rot\f\n\x1c\u2028\n".encode()),
        (b"\xef\xbb\xbfone\ntwo\n", b"\xef\xbb\xbfone\n2\n"),
        (b"", b"one\n"),
    ],
)
def test_git_applies_it(tmp_path: Path, old: bytes, new: bytes) -> None:
    (tmp_path / "x.py").write_bytes(old)
    patch = unified_diff("x.py", old, new).encode()
    command = ["git", "apply", "--whitespace=nowarn", "-"]
    subprocess.run(command, cwd=tmp_path, input=patch, check=True, capture_output=True)
    assert (tmp_path / "x.py").read_bytes() == new


def test_the_files_encoding_is_read_and_broken_bytes_do_no_harm() -> None:
    latin = "# coding: latin-1\nx = 'ü'\n".encode("latin-1")
    assert "-x = 'ü'\n" in unified_diff("x.py", latin, b"# coding: latin-1\n")
    assert "-\ufffd\n" in unified_diff("x.py", b"\xff\n", b"")
