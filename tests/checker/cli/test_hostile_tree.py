"""
Looking is harmless: a tree in which everything that could run by accident leaves a marker.

Each trap writes its name into a folder outside the tree. Every command is started in that tree, by
the console script and by `python -m`.
"""

import subprocess
import sys
import sysconfig
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

Command = Callable[..., Any]
Write = Callable[[Mapping[str, str | bytes]], Path]

MODULES = (
    # what the tool imports from others, and from the standard library after its own start
    *("click", "rich", "astroid", "libcst", "msgspec", "yaml", "attr", "typing_extensions"),
    *("ast", "dataclasses", "inspect", "json", "re", "tomllib", "typing", "enum", "sqlite3", "hashlib", "tempfile"),
    *("multiprocessing", "concurrent", "subprocess", "socket", "random", "pickle", "logging", "importlib_metadata"),
    *("__future__", "difflib", "textwrap", "traceback", "signal", "queue", "xml", "zlib"),
    # what the interpreter and test runners look for
    *("sitecustomize", "usercustomize", "conftest", "setup", "tests", "worker_lint_rules"),
)
COMMANDS = (
    ("check",),
    ("check", "--no-cache", "--no-screen", "--preview", "--profile", "strict", "-f", "json"),
    ("check", "--jobs", "2", "--start-method", "spawn", "--no-cache"),
    ("check", "--jobs", "2", "--start-method", "forkserver", "--no-cache"),
    ("check", "--changed"),
    ("check", "--confirm", "--no-cache", "--preview", "--profile", "strict"),
    ("check", "--confirm", "--changed"),
    ("fix", "--diff", "--confirm"),
    ("check", "--color", "always"),
    ("fix", "--diff"),
    ("fix", "--changed"),
    ("fix", "--unsafe"),
    ("explain", "ABS101", "--color", "always"),
    ("rules",),
    ("baseline",),
    ("init",),
    ("new", "rule", "retry-forever", "--pack", "new_rules", "--family", "SHP"),
    ("new", "worker", "OrderWorker"),
    ("schema",),
    ("--version",),
    ("--help",),
)
WAYS = {
    "script": (str(Path(sys.executable).with_name("worker-lint")),),
    "module": (sys.executable, "-m", "worker_lint"),
}


@pytest.fixture
def tree(tmp_path: Path, write: Write, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The tree, as the working directory; the markers go to `markers` beside it."""
    markers = tmp_path / "markers"
    markers.mkdir()
    files: dict[str, str | bytes] = {f"tree/{name}.py": trap(markers, name) for name in MODULES}
    suffix = sysconfig.get_config_var("EXT_SUFFIX")
    files |= {f"tree/{name}{suffix}": b"\x7fELF no library" for name in ("audioop", "_bisect")}
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    files["tree/.venv/pyvenv.cfg"] = f"home = /usr/bin\nversion = {version}\n"
    files[f"tree/.venv/lib/python{version}/site-packages/evil.pth"] = "import sys; " + line(markers, "evil.pth")
    files["tree/evil.pth"] = "import sys; " + line(markers, "evil.pth")
    files["tree/.venv/bin/python"] = files["tree/git"] = f"#!/bin/sh\necho ran > '{markers}/program'\n"
    files["tree/worker-lint.toml"] = 'python = ".venv"\npreview = true\n'
    files["tree/app.py"] = APP
    files |= {
        f"tree/many/m{number}.py": f"from app import Base\nclass C{number}(Base): pass\n" for number in range(450)
    }
    write(files)
    root = tmp_path / "tree"
    for program in (".venv/bin/python", "git"):
        (root / program).chmod(0o755)
    poison_git(root, markers)
    monkeypatch.chdir(root)
    return root


APP = """\
import audioop, click, ast, sitecustomize, conftest, astroid
from usercustomize import *
from abc import ABC, abstractmethod
audioop.thing.value = conftest.thing.value = astroid.thing.value = 1
class Base(ABC):
    @abstractmethod
    def stop(self): ...
class Worker(Base, audioop.Thing, click.Group): pass
class Mail(Base):
    def run(self): raise NotImplemented
print(Mail())
"""


def line(markers: Path, name: str) -> str:
    return f"open({str(markers / name)!r}, 'w').close()\n"


def trap(markers: Path, name: str) -> str:
    return line(markers, name) + "raise SystemExit('the analysed code was run')\n"


def poison_git(root: Path, markers: Path) -> None:
    """A repository whose own settings name programs."""
    identity = ("-c", "user.name=n", "-c", "user.email=e@example.org")
    for arguments in (("init", "-q"), ("add", "app.py"), ("commit", "-qm", "first"), ("add", "-f", ".")):
        subprocess.run(["git", *identity, *arguments], cwd=root, check=True)
    program = root / "git"
    for key in ("core.fsmonitor", "core.pager", "filter.evil.clean", "filter.evil.process", "diff.external"):
        subprocess.run(["git", "config", key, str(program)], cwd=root, check=True)
    (root / ".gitattributes").write_text("*.py filter=evil diff=evil\n", encoding="utf-8")
    hook = root / ".git" / "hooks" / "post-index-change"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f"#!/bin/sh\necho ran > '{markers}/git-hook'\n", encoding="utf-8")
    hook.chmod(0o755)


@pytest.mark.slow
@pytest.mark.parametrize("way", WAYS)
def test_no_command_runs_anything_of_the_tree(tree: Path, start: Command, way: str) -> None:
    markers = tree.parent / "markers"
    for command in COMMANDS:
        result = start(*command, program=WAYS[way], PYTHONPATH=None)
        left = sorted(path.name for path in markers.iterdir())
        assert left == [], f"{' '.join(command)}: {result.err}"
        assert result.code in {0, 1}, f"{' '.join(command)}: {result.err}"
        assert "Traceback" not in result.err


@pytest.mark.slow
def test_the_traps_would_spring(tree: Path) -> None:
    subprocess.run([sys.executable, "-c", "import conftest"], cwd=tree, capture_output=True, check=False)
    subprocess.run([str(tree / ".venv/bin/python")], capture_output=True, check=False)
    assert sorted(path.name for path in (tree.parent / "markers").iterdir()) == ["conftest", "program"]
