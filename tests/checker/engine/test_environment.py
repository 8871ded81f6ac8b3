"""The configured environment is read by its layout, and nothing in it is run."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from worker_lint.engine.environment import Environment, still_holds

Lay = Callable[[Mapping[str, str]], Path]
SITE = ".venv/lib/python3.12/site-packages"


@pytest.fixture
def lay(tmp_path: Path) -> Lay:
    """Writes files below the project root."""

    def written(files: Mapping[str, str]) -> Path:
        for name, text in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        return tmp_path

    return written


def opened(root: Path, place: str = ".venv") -> Environment:
    return Environment(str(root), place, 1_000)


@pytest.mark.parametrize(
    ("site", "place"),
    [
        (SITE, ".venv"),
        (".venv/lib/pypy3.11/site-packages", ".venv"),
        (".venv/Lib/site-packages", ".venv"),
        ("usr/lib/python3/dist-packages", "usr"),
    ],
)
def test_layouts(lay: Lay, site: str, place: str) -> None:
    found = opened(lay({f"{site}/queues/__init__.py": "", f"{site}/queues/base.py": "x = 1\n"}), place)
    assert found.find("queues.base") == f"{site}/queues/base.py"
    assert found.text(f"{site}/queues/base.py") == "x = 1\n"
    assert found.name_of(f"{site}/queues/base.py") == "queues.base"
    assert found.find("queues.other") is None


def test_the_interpreter_names_its_environment(lay: Lay) -> None:
    root = lay({".venv/bin/python": "#!/bin/sh\ntouch ran\n", f"{SITE}/queues.py": ""})
    assert opened(root, ".venv/bin/python").find("queues") == f"{SITE}/queues.py"
    assert not (root / "ran").exists()


def test_relative_imports(lay: Lay) -> None:
    files = dict.fromkeys(("queues/__init__.py", "queues/base.py", "queues/sub/__init__.py", "queues/sub/a.py"), "")
    found = opened(lay({f"{SITE}/{name}": text for name, text in files.items()}))
    inner, package = found.find("queues.sub.a"), found.find("queues.sub")
    assert inner is not None
    assert package is not None
    assert found.find_relative(2, "base", inner) == f"{SITE}/queues/base.py"
    assert found.find_relative(1, "a", package) == f"{SITE}/queues/sub/a.py"
    assert found.find_relative(2, "", inner) == f"{SITE}/queues/__init__.py"
    assert found.find_relative(5, "base", inner) is None


def test_lines_of_pth_files_with_code_are_skipped(lay: Lay) -> None:
    lines = "import os; open('ran', 'w')\n# other\n../../../../vendored\n\nimport\tevil\nmissing\n"
    root = lay({f"{SITE}/evil.pth": lines, "vendored/queues.py": "", f"{SITE}/os.py": ""})
    found = opened(root)
    assert found.find("queues") == "vendored/queues.py"
    assert len(found.folders) == 2
    assert not (root / "ran").exists()


@pytest.mark.parametrize(("answer", "count"), [("true", 2), ("false", 1)])
def test_packages_of_the_system_only_where_the_environment_lets_them_in(lay: Lay, answer: str, count: int) -> None:
    root = lay({f"{SITE}/a.py": "", "system/lib/python3.12/site-packages/b.py": ""})
    (root / ".venv/pyvenv.cfg").write_text(
        f"home = {root / 'system' / 'bin'}\nInclude-System-Site-Packages = {answer}\n", encoding="utf-8"
    )
    assert len(opened(root).folders) == count


def test_what_was_asked_is_remembered_with_its_state(lay: Lay) -> None:
    root = lay({f"{SITE}/queues.py": "x = 1\n"})
    found = opened(root)
    found.find("queues")
    found.find("later")
    states = tuple(found.states.items())
    assert still_holds(states)
    lay({f"{SITE}/later.py": ""})
    assert not still_holds(states)
    (root / SITE / "later.py").unlink()
    lay({f"{SITE}/queues.py": "x = 10\n"})
    assert not still_holds(states)


def test_no_environment(tmp_path: Path) -> None:
    assert opened(tmp_path).folders == ()
    assert opened(tmp_path).find("queues") is None
