"""The shape of the source tree: sizes, names, docstrings, nothing private to one machine."""

import ast
import re
from pathlib import Path

import pytest

LONGEST_FILE = 400
EMPTY_NAMES = {"utils", "util", "helpers", "helper", "common", "base", "misc", "tools", "stuff"}
ROOTS = ("checker", "rules", "runtime", "scripts")
# Put together from pieces, so that this file does not hold what it looks for.
# From the root; a package may have a folder of such a name.
MACHINE_PATH = re.compile(r"(?<![\w.])/" + "(?:root|home/[a-z]|Users/[a-z]|work/|tmp/" + "[a-z])")
REGISTRY_HOST = re.compile("py" + r"pi\.org|python" + r"hosted|npm" + r"js\.(?:com|org)|deb\.debian" + r"\.org")
OPEN_END = re.compile(r"(?:#|//|<!--)\s*(?:TO" + "DO|FIX" + "ME|XX" + "X)\b")


@pytest.fixture(scope="session")
def modules(tracked: list[Path], root: Path) -> list[Path]:
    """Our own Python files, without tests and examples."""
    python = [path for path in tracked if path.suffix == ".py"]
    return [path for path in python if path.relative_to(root).parts[0] in ROOTS]


@pytest.fixture(scope="session")
def texts(tracked: list[Path], root: Path) -> dict[str, str]:
    """Every tracked text file that people write or read, by path relative to the root."""
    found = {}
    for path in tracked:
        content = path.read_bytes()
        if b"\0" not in content[:8000]:
            found[path.relative_to(root).as_posix()] = content.decode("utf-8", errors="replace")
    return found


def test_no_file_is_too_long(tracked: list[Path], root: Path) -> None:
    sizes = {
        path.relative_to(root).as_posix(): len(path.read_bytes().splitlines())
        for path in tracked
        if path.suffix == ".py"
    }
    assert {path: lines for path, lines in sizes.items() if lines > LONGEST_FILE} == {}


def test_functions_fit_the_eye(modules: list[Path]) -> None:
    # Figures from a survey of well-regarded codebases: nine functions of ten have at most 30 lines.
    lengths = sorted(
        (node.end_lineno or node.lineno) - node.lineno + 1
        for path in modules
        for node in ast.walk(ast.parse(path.read_bytes()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    )
    assert lengths[int(0.9 * (len(lengths) - 1))] <= 30


def test_every_module_is_named_after_what_it_holds(tracked: list[Path]) -> None:
    python = [path for path in tracked if path.suffix == ".py"]
    assert [path for path in python if EMPTY_NAMES & {path.stem, path.parent.name}] == []


def test_every_module_says_what_it_holds(modules: list[Path]) -> None:
    assert [path for path in modules if not ast.get_docstring(ast.parse(path.read_bytes()))] == []


def test_the_three_roots_are_folders_and_not_packages(root: Path) -> None:
    assert [name for name in ROOTS if (root / name / "__init__.py").exists()] == []


def test_test_folders_are_not_packages(tracked: list[Path]) -> None:
    folders = {path.parent for path in tracked if path.name.startswith("test_") and path.suffix == ".py"}
    assert [folder for folder in folders if (folder / "__init__.py").exists()] == []


@pytest.mark.parametrize("pattern", [MACHINE_PATH, REGISTRY_HOST, OPEN_END], ids=["machine", "registry", "open end"])
def test_nothing_private_or_unfinished_is_tracked(pattern: re.Pattern[str], texts: dict[str, str]) -> None:
    hits = [
        f"{path}:{number}: {line.strip()[:100]}"
        for path, text in texts.items()
        for number, line in enumerate(text.splitlines(), 1)
        if pattern.search(line)
    ]
    assert hits == []


def test_files_end_lines_as_git_stores_them(texts: dict[str, str]) -> None:
    assert [path for path, text in texts.items() if "\r\n" in text and not path.startswith("tests/")] == []
