"""Scratch repositories with the hooks, run by the real pre-commit."""

import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

BIN = Path(sys.executable).parent
LOCAL = """\
repos:
  - repo: local
    hooks:
      - id: worker-lint
        name: worker-lint
        entry: "{entry}"
        language: system
        types_or: [python, pyi]
        require_serial: true
        always_run: {always}
"""


@dataclass(frozen=True)
class Outcome:
    """What a run of pre-commit gave: its exit code and everything that it printed."""

    code: int
    text: str

    def lines(self, code: str = "ABS") -> list[str]:
        """The lines with a diagnostic."""
        return [line for line in self.text.splitlines() if f": {code}" in line]


class Scratch:
    """A repository whose hook is the tool of this environment."""

    def __init__(self, root: Path, home: Path) -> None:
        self.root = root
        self.environment = {name: value for name, value in os.environ.items() if not name.startswith(("GIT_", "PRE_"))}
        self.environment |= {
            "HOME": str(home),
            "PRE_COMMIT_HOME": str(home / "pre-commit"),
            "GIT_CONFIG_GLOBAL": str(home / "gitconfig"),
            "GIT_CONFIG_NOSYSTEM": "1",
            "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}",
        }
        self.environment.pop("PYTHONPATH", None)

    def write(self, files: Mapping[str, str | None]) -> None:
        """Writes files; None deletes one."""
        for name, text in files.items():
            path = self.root / name
            if text is None:
                path.unlink()
            else:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text, encoding="utf-8")

    def git(self, *arguments: str) -> str:
        """Runs git and gives what it prints."""
        done = subprocess.run(
            ["git", *arguments], cwd=self.root, env=self.environment, check=True, capture_output=True, text=True
        )
        return done.stdout.strip()

    def commit(self, files: Mapping[str, str | None], message: str = "state") -> str:
        """Commits files past the hooks; gives the commit's id."""
        self.stage(files)
        self.git("commit", "-q", "--no-verify", "--allow-empty", "-m", message)
        return self.git("rev-parse", "HEAD")

    def stage(self, files: Mapping[str, str | None]) -> None:
        """Writes files and adds them to the index."""
        self.write(files)
        self.git("add", "-A")

    def hook(self, *arguments: str) -> Outcome:
        """Runs the hooks as `git commit` would, or as the arguments say."""
        return self._run(str(BIN / "pre-commit"), "run", "--color", "never", "--verbose", *arguments)

    def try_commit(self, *arguments: str) -> Outcome:
        """A `git commit` with the hooks installed."""
        self._run(str(BIN / "pre-commit"), "install")
        return self._run("git", "commit", "-qm", "try", *arguments)

    def _run(self, *command: str) -> Outcome:
        done = subprocess.run(command, cwd=self.root, env=self.environment, check=False, capture_output=True, text=True)
        return Outcome(done.returncode, done.stdout + done.stderr)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path / "home"
    folder.mkdir()
    text = '[user]\nname = n\nemail = e@example.org\n[init]\ndefaultBranch = main\n[protocol "file"]\nallow = always\n'
    (folder / "gitconfig").write_text(text, encoding="utf-8")
    return folder


@pytest.fixture
def empty(tmp_path: Path, home: Path) -> Scratch:
    """A repository with the checking hook and without a commit."""
    root = tmp_path / "repository"
    root.mkdir()
    scratch = Scratch(root, home)
    scratch.git("init", "-q")
    entry = "worker-lint check --changed --format concise"
    scratch.write({".pre-commit-config.yaml": LOCAL.format(entry=entry, always="true")})
    scratch.write({".gitignore": ".worker-lint-cache/\n"})
    return scratch


@pytest.fixture
def scratch(empty: Scratch, sound: dict[str, str]) -> Scratch:
    """The same with one commit of sound code."""
    empty.commit(dict(sound))
    return empty


@pytest.fixture
def fixing(scratch: Scratch) -> Scratch:
    """The same with the repairing hook instead."""
    text = LOCAL.format(entry="worker-lint fix --changed", always="false")
    scratch.commit({".pre-commit-config.yaml": text})
    return scratch


@pytest.fixture
def sound() -> dict[str, str]:
    """A base, a mixin that supplies one member, and a worker that is created: nothing to report."""
    return {
        "shop/__init__.py": "",
        "shop/base.py": BASE,
        "shop/stopping.py": "class Stops:\n    def stop(self):\n        return True\n",
        "shop/mail.py": (
            "from shop.base import Worker\nfrom shop.stopping import Stops\n\n\n"
            "class Mail(Stops, Worker):\n    def run(self):\n        return 1\n"
        ),
        "shop/main.py": "from shop.mail import Mail\n\n\ndef main():\n    Mail().run()\n",
    }


BASE = """\
from abc import ABC, abstractmethod


class Worker(ABC):
    @abstractmethod
    def run(self):
        \"\"\"Works.\"\"\"

    @abstractmethod
    def stop(self):
        \"\"\"Stops.\"\"\"
"""


@pytest.fixture
def stricter() -> dict[str, str | None]:
    """The base with one more abstract member, which nobody implements."""
    return {"shop/base.py": BASE + '\n    @abstractmethod\n    def report(self):\n        """Tells."""\n'}


@pytest.fixture
def clone_of(tmp_path: Path, home: Path) -> Callable[[Scratch], Scratch]:
    """Clones a repository, without anything that git does not hold."""

    def clone_of(origin: Scratch) -> Scratch:
        root = tmp_path / "clone"
        origin.git("clone", "-q", str(origin.root), str(root))
        return Scratch(root, home)

    return clone_of
