"""Commands run in this process, or as users start them."""

import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

import pytest

from worker_lint.cli.entry import run

SCRIPT = Path(sys.executable).with_name("worker-lint")


class Result(NamedTuple):
    code: int
    out: str
    err: str


Command = Callable[..., Result]
Write = Callable[[Mapping[str, str | bytes]], Path]


@pytest.fixture(autouse=True)
def _own_surroundings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("NO_COLOR", "FORCE_COLOR", "WORKER_LINT_CACHE", "PRE_COMMIT_FROM_REF", "PRE_COMMIT_TO_REF"):
        monkeypatch.delenv(name, raising=False)
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes files below the working directory."""

    def write(files: Mapping[str, str | bytes]) -> Path:
        for name, content in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content.encode() if isinstance(content, str) else content)
        return tmp_path

    return write


@pytest.fixture
def lint(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """Runs a command in this process."""

    def lint(*arguments: str) -> Result:
        monkeypatch.setattr(sys, "argv", ["worker-lint", *arguments])
        try:
            code = run()
        except SystemExit as stopped:
            code = stopped.code if isinstance(stopped.code, int) else 0
        captured = capsys.readouterr()
        return Result(code, captured.out, captured.err)

    return lint


@pytest.fixture
def start() -> Command:
    """Runs a command as users start it, with the environment changed as told (None takes a variable away)."""

    def start(*arguments: str, program: tuple[str, ...] = (str(SCRIPT),), **environment: str | None) -> Result:
        kept = {name: value for name, value in os.environ.items() if name not in environment}
        kept.update({name: value for name, value in environment.items() if value is not None})
        done = subprocess.run([*program, *arguments], capture_output=True, env=kept, check=False)
        return Result(done.returncode, done.stdout.decode("utf-8", "replace"), done.stderr.decode("utf-8", "replace"))

    return start


@pytest.fixture
def worker() -> dict[str, str]:
    """A base with an abstract member, a subclass that lacks it, and its creation: ABS101 in app.py."""
    return {
        "base.py": (
            "from abc import ABC, abstractmethod\n\n\n"
            "class Base(ABC):\n    @abstractmethod\n    def stop(self) -> None:\n        '''Stops.'''\n"
        ),
        "app.py": "from base import Base\n\n\nclass Mail(Base):\n    def run(self):\n        pass\n\n\nmail = Mail()\n",
    }


@pytest.fixture
def raising() -> dict[str, str]:
    """One defect with a safe repair: ABS111 in raising.py."""
    return {"raising.py": "class Worker:\n    def stop(self):\n        raise NotImplemented  # kept\n"}
