"""Inputs and surroundings that break tools: an answer or a message each time, never a traceback."""

import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from worker_lint.engine import cache as caching
from worker_lint.engine.session import Session

Files = dict[str, str]
Command = Callable[..., Any]
Write = Callable[[Mapping[str, str | bytes]], Path]

DEFECT = "def stop():\n    raise NotImplemented\n"
ODD_SOURCES: dict[str, str | bytes] = {
    "python 2": "print 'NotImplemented'\nraise NotImplemented, 'x'\n",
    "NUL bytes": b"raise NotImplemented\n\0\n",
    "only NUL": b"\0" * 1000,
    "not UTF-8": b"name = '\xe9\xff' # NotImplemented\n",
    "declared latin-1": b"# -*- coding: latin-1 -*-\nname = '\xe9'\nraise NotImplemented\n",
    "declared nonsense": b"# coding: nonsense\nraise NotImplemented\n",
    "UTF-16": "raise NotImplemented\n".encode("utf-16"),
    "byte order mark": b"\xef\xbb\xbfraise NotImplemented\n",
    "old Mac line ends": b"def stop():\r    raise NotImplemented\r",
    "form feed": b"\x0cclass A:\n    pass\n\x0craise NotImplemented\n",
    "no line end": b"raise NotImplemented",
    "empty": b"",
    "lone surrogate": b"x = '\\ud800'\nraise NotImplemented\n",
    "deep parentheses": "x = " + "(" * 3000 + ")" * 3000 + "\nraise NotImplemented\n",
    "deep unary": "x = " + "-" * 20_000 + "1\nraise NotImplemented\n",
    "deep attributes": "x = a" + ".b" * 20_000 + "\nraise NotImplemented\n",
    "deep sum": "x = 1" + " + 1" * 20_000 + "\nraise NotImplemented\n",
    "deep blocks": "".join(f"{' ' * depth}if x:\n" for depth in range(95)) + " " * 95 + "raise NotImplemented\n",
    "self inheritance": "from abc import ABC\nclass A(A, ABC): pass\nA()\n",
    "cyclic inheritance": "from abc import ABC\nclass A(B, ABC): pass\nclass B(A): pass\nA()\nB()\n",
    "alias of itself": "from abc import ABC\nA = A\nB = C\nC = B\nclass D(A, B, ABC): pass\nD()\n",
    "inconsistent order": "from abc import ABC\nclass A(ABC): pass\nclass B(A): pass\nclass C(A, B): pass\nC()\n",
    "star import of itself": "from odd import *\nfrom abc import *\nclass A(ABC): pass\n",
    "control characters": b"class \x1b[31mA: pass\nraise NotImplemented\n",
}


@pytest.mark.parametrize("source", ODD_SOURCES.values(), ids=ODD_SOURCES)
def test_odd_sources(lint: Command, write: Write, source: str | bytes) -> None:
    write({"odd.py": source, "defect.py": DEFECT})
    result = lint("check", "-f", "concise", "--preview", "--profile", "strict")
    assert result.code == 1, result.err
    assert "defect.py:2:11: ABS111" in result.out
    assert "\x1b" not in result.out
    assert "Traceback" not in result.err
    repaired = lint("fix", "--diff", "--unsafe", "--preview")
    assert repaired.code == 1
    assert "Traceback" not in repaired.err


def test_cycles_through_files(lint: Command, write: Write) -> None:
    write(
        {
            "a.py": "from b import *\nfrom b import B\nclass A(B): pass\nA()\n",
            "b.py": "from a import *\nfrom a import A\nfrom abc import ABC\nclass B(A, ABC): pass\nB()\n",
            "defect.py": DEFECT,
        }
    )
    assert lint("check", "-f", "concise").out.startswith("defect.py:2")


@pytest.mark.slow
def test_a_line_of_10_megabytes_is_over_the_limit(lint: Command, write: Write) -> None:
    write({"line.py": "x = [" + "1, " * 3_500_000 + "]\n", "defect.py": DEFECT})
    result = lint("check", "-f", "concise")
    assert result.code == 1
    assert "line.py: not read: 10,500,007 bytes are over the limit" in result.err
    assert "defect.py:2" in result.out


@pytest.mark.slow
def test_a_long_line_below_the_limit(lint: Command, write: Write) -> None:
    write({"line.py": "from abc import ABC\nx = [" + "1, " * 500_000 + "]; NotImplemented\n"})
    assert lint("check").code == 0


@pytest.mark.slow
def test_10_000_classes_in_a_file(lint: Command, write: Write) -> None:
    lines = ["from abc import ABC, abstractmethod", "class C0(ABC):", "    @abstractmethod", "    def stop(self): ..."]
    lines += [f"class C{number}(C{number // 2}):\n    def m{number}(self): pass" for number in range(1, 10_000)]
    write({"many.py": "\n".join([*lines, "C9999()\n"])})
    result = lint("check", "-f", "concise", "--select", "ABS101")
    assert result.code == 1
    assert "`C9999` is instantiated" in result.out


def test_names_with_spaces_and_beyond_ascii(lint: Command, write: Write) -> None:
    write({"a b/é 名.py": DEFECT, "pkg/__init__.py": "", "pkg/tab\tnew.py": DEFECT})
    result = lint("check", "-f", "concise")
    assert result.out.startswith("a b/é 名.py:2:11: ABS111")
    assert result.out.count("\n") == 2
    assert lint("check", "-f", "concise", "a b/é 名.py").out.count("\n") == 1


def test_a_name_that_is_not_utf_8(lint: Command, tmp_path: Path) -> None:
    try:
        Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff.py")).write_text(DEFECT, encoding="utf-8")
    except OSError:
        pytest.skip("this file system refuses such names")
    for form in ("full", "concise", "json", "sarif", "github", "gitlab", "junit"):
        result = lint("check", "-f", form)
        assert result.code == 1
        result.out.encode()


def test_loops_of_links_and_pipes(lint: Command, write: Write, tmp_path: Path) -> None:
    write({"pkg/defect.py": DEFECT})
    (tmp_path / "pkg" / "again").symlink_to(tmp_path / "pkg")
    (tmp_path / "loop.py").symlink_to(tmp_path / "loop.py")
    (tmp_path / "gone.py").symlink_to(tmp_path / "nowhere.py")
    (tmp_path / "folder.py").mkdir()
    os.mkfifo(tmp_path / "pipe.py")
    result = lint("check", "-f", "concise")
    assert result.out.count("\n") == 1
    assert "Traceback" not in result.err
    for name in ("loop.py", "gone.py", "pipe.py"):
        named = lint("check", name)
        assert named.code == 2
        assert named.err.startswith("error: ")


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="the superuser reads everything")
def test_an_unreadable_file_is_named(lint: Command, write: Write, tmp_path: Path) -> None:
    write({"closed.py": DEFECT, "defect.py": DEFECT})
    (tmp_path / "closed.py").chmod(0)
    result = lint("check", "-f", "concise")
    assert result.code == 2
    assert "closed.py: cannot be read" in result.err
    assert "defect.py:2" in result.out


def test_a_file_that_cannot_be_read_is_named(lint: Command, write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    write({"closed.py": DEFECT, "defect.py": DEFECT})
    real = os.open

    def refusing(path: Any, *arguments: Any, **named: Any) -> int:
        if os.fspath(path).endswith("closed.py"):
            raise PermissionError(13, "Permission denied")
        return real(path, *arguments, **named)

    monkeypatch.setattr(os, "open", refusing)
    result = lint("check", "-f", "concise")
    assert result.code == 2
    assert "closed.py: cannot be read: Permission denied" in result.err
    assert "defect.py:2" in result.out


def test_a_file_that_vanishes_is_a_note(
    lint: Command, write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write({"gone.py": DEFECT, "defect.py": DEFECT})
    real = Session.run

    def late(self: Session, *arguments: Any, **named: Any) -> Any:
        (tmp_path / "gone.py").unlink(missing_ok=True)
        return real(self, *arguments, **named)

    monkeypatch.setattr(Session, "run", late)
    result = lint("check", "-f", "concise")
    assert result.code == 1
    assert "gone.py: the file vanished during the run" in result.err
    assert result.out.startswith("defect.py:2")


def test_a_cache_folder_that_cannot_be_written_costs_a_note(lint: Command, write: Write, tmp_path: Path) -> None:
    write({"defect.py": DEFECT, ".worker-lint-cache": "no folder\n"})
    result = lint("check", "-f", "concise")
    assert result.code == 1
    assert "note: " in result.err
    assert "running without a cache" in result.err
    assert (tmp_path / ".worker-lint-cache").read_text(encoding="utf-8") == "no folder\n"


def test_a_damaged_cache_is_built_anew(lint: Command, write: Write, tmp_path: Path) -> None:
    write({"defect.py": DEFECT})
    first = lint("check", "-f", "json")
    for file in (tmp_path / ".worker-lint-cache").glob("*.db"):
        file.write_bytes(b"not a database" * 1000)
    assert lint("check", "-f", "json") == first
    assert lint("check", "-f", "json") == first


def test_a_cache_that_is_damaged_inside_is_built_anew(lint: Command, write: Write, tmp_path: Path) -> None:
    write({f"m{number}.py": f"class C{number}: pass\n" + DEFECT * 50 for number in range(50)})
    first = lint("check", "-f", "json")
    (file,) = (tmp_path / ".worker-lint-cache").glob("*.db")
    data = file.read_bytes()
    file.write_bytes(data[:4096] + b"\xff" * (len(data) - 4096))
    assert lint("check", "-f", "json") == first
    assert lint("check", "-f", "json") == first


def test_a_locked_cache_is_left_alone(lint: Command, write: Write, tmp_path: Path) -> None:
    write({"defect.py": DEFECT})
    first = lint("check", "-f", "concise")
    (file,) = (tmp_path / ".worker-lint-cache").glob("*.db")
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        result = lint("check", "-f", "concise")
    assert (result.code, result.out) == (first.code, first.out)
    assert "running without a cache: database is locked" in result.err
    assert lint("check", "-f", "concise") == first


def test_a_full_disk_costs_a_note(lint: Command, write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    write({"defect.py": DEFECT})
    real = caching._connect

    def full(file: Path) -> Any:
        database = real(file)
        pages = database.execute("PRAGMA page_count").fetchone()[0]
        database.execute(f"PRAGMA max_page_count={pages}")
        return database

    monkeypatch.setattr(caching, "_connect", full)
    write({f"m{number}.py": f"class C{number}: pass\n" + DEFECT * 50 for number in range(50)})
    result = lint("check", "-f", "concise")
    assert result.code == 1
    assert result.out.count("\n") == 2501
    assert "running without a cache" in result.err
    assert "full" in result.err


@pytest.mark.slow
def test_a_full_device_for_the_report_gives_2(start: Command, write: Write) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("no device that is always full")
    write({"defect.py": DEFECT})
    result = start("check", "-o", "/dev/full")
    assert result.code == 2
    assert "cannot be written" in result.err
    assert "Traceback" not in result.err
    with open("/dev/full", "wb") as full:  # noqa: PTH123
        command = [str(Path(sys.executable).with_name("worker-lint")), "check"]
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, check=False)
    assert done.returncode == 2
    assert b"Traceback" not in done.stderr


@pytest.mark.slow
def test_a_reader_that_goes_away_is_no_error(write: Write, tmp_path: Path) -> None:
    write({f"m{number}.py": DEFECT * 300 for number in range(20)})
    command = [str(Path(sys.executable).with_name("worker-lint")), "check"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=tmp_path) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.read(10)
        process.stdout.close()
        error = process.stderr.read()
    assert b"Traceback" not in error
    assert b"Exception ignored" not in error


@pytest.mark.slow
@pytest.mark.parametrize("environment", [{"HOME": None}, {"PATH": "/nowhere"}, {"HOME": "/nowhere", "USER": None}])
def test_poor_surroundings(start: Command, write: Write, environment: Mapping[str, str | None]) -> None:
    write({"defect.py": DEFECT})
    result = start("check", "-f", "concise", **environment)
    assert result.code == 1
    assert result.out.startswith("defect.py:2")


@pytest.mark.slow
def test_without_git_a_repository_is_walked_and_changed_is_refused(start: Command, write: Write) -> None:
    root = write({"defect.py": DEFECT})
    subprocess.run(["git", "init", "-q"], cwd=root, check=True)
    assert start("check", "-f", "concise", PATH="/nowhere").out.startswith("defect.py:2")
    result = start("check", "--changed", PATH="/nowhere")
    assert result.code == 2
    assert "git" in result.err
    assert "Traceback" not in result.err


@pytest.fixture
def _heeded_ctrl_c() -> Iterator[None]:
    """A shell starts what it runs in the background with the signal ignored, and processes inherit that."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.slow
@pytest.mark.usefixtures("_heeded_ctrl_c")
@pytest.mark.parametrize("jobs", ["1", "2"])
def test_ctrl_c_gives_130_and_few_words(write: Write, tmp_path: Path, jobs: str) -> None:
    write({f"m{number}.py": "from abc import ABC\n" + "x = 1\n" * 2000 for number in range(1500)})
    command = [str(Path(sys.executable).with_name("worker-lint")), "check", "--no-screen", "--no-cache", "-j", jobs]
    with subprocess.Popen(
        command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True
    ) as process:
        # The run has begun when it reads files: until then Python itself would answer the signal.
        while process.poll() is None and not _reads_sources(process.pid):
            os.sched_yield()
        os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to the reading processes too
        out, error = process.communicate()
    assert process.returncode == 130
    assert out == b""
    assert b"Traceback" not in error


def _reads_sources(pid: int) -> bool:
    try:
        return b"libsqlite" in Path(f"/proc/{pid}/maps").read_bytes()
    except OSError:
        return True


@pytest.mark.slow
def test_two_runs_at_once_say_the_same(write: Write, tmp_path: Path) -> None:
    write({f"m{number}.py": DEFECT for number in range(100)})
    command = [str(Path(sys.executable).with_name("worker-lint")), "check", "-f", "json"]
    running = [subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE) for _ in "ab"]
    answers = [process.communicate() for process in running]
    assert [process.returncode for process in running] == [1, 1]
    assert answers[0] == answers[1]
    assert answers[0][0].count(b"ABS111") == 100


def test_a_rule_that_crashes_is_named_and_the_rest_goes_on(
    lint: Command, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    from worker_lint_rules.contracts import abstract_class_instantiated

    def crash(*_: object) -> Any:
        raise ZeroDivisionError("inside")

    for name in ("class_checks", "function_checks", "module_checks"):
        checks = getattr(abstract_class_instantiated.rule, name)
        monkeypatch.setattr(abstract_class_instantiated.rule, name, [crash for _ in checks])
    write({"defect.py": "from abc import ABC, abstractmethod\nclass A(ABC):\n    pass\nA()\n" + DEFECT})
    result = lint("check", "-f", "concise")
    assert result.code == 2
    assert "ABS101" in result.err
    assert "defect.py" in result.err
    assert "ABS111" in result.out
