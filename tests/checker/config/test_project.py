"""The nearest configuration counts, alone, and never one from outside the checkout."""

from __future__ import annotations

from pathlib import Path

import pytest

from worker_lint.config import ConfigError, find_project, read_config

OURS = "[tool.worker-lint]\npreview = true\n"


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def test_nearest_file_counts(tmp_path: Path) -> None:
    write(tmp_path / "pyproject.toml", OURS)
    nearest = write(tmp_path / "a" / "pyproject.toml", OURS)
    project = find_project(write(tmp_path / "a" / "b" / "c.py", ""), tmp_path)
    assert project.root == tmp_path / "a"
    assert project.config is not None
    assert project.config.path == nearest
    assert project.config.table == {"preview": True}


def test_pyproject_of_others_is_passed_over(tmp_path: Path) -> None:
    write(tmp_path / "pyproject.toml", OURS)
    write(tmp_path / "a" / "pyproject.toml", "[project]\nname = 'x'\n")
    write(tmp_path / "a" / "b" / "pyproject.toml", "not toml, and not ours")
    assert find_project(tmp_path / "a" / "b", tmp_path).root == tmp_path


def test_own_file_wins_in_one_folder(tmp_path: Path) -> None:
    write(tmp_path / "pyproject.toml", OURS)
    own = write(tmp_path / "worker-lint.toml", "preview = false")
    config = find_project(tmp_path, tmp_path).config
    assert config is not None
    assert config.path == own


@pytest.mark.parametrize("is_worktree", [False, True])
def test_search_ends_at_the_checkout(tmp_path: Path, *, is_worktree: bool) -> None:
    write(tmp_path / "pyproject.toml", OURS)
    (tmp_path / "repo").mkdir()
    if is_worktree:
        write(tmp_path / "repo" / ".git", "gitdir: elsewhere")
    else:
        (tmp_path / "repo" / ".git").mkdir()
    project = find_project(tmp_path / "repo" / "pkg" / "a.py", tmp_path)
    assert (project.root, project.config) == (tmp_path / "repo", None)


def test_byte_order_mark_is_no_matter(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_bytes(b"\xef\xbb\xbf" + OURS.encode())
    config = find_project(tmp_path, tmp_path).config
    assert config is not None
    assert config.table == {"preview": True}


@pytest.mark.parametrize(
    ("content", "line", "message"),
    [
        (b"[tool.worker-lint]\nselect = [", 2, "is not TOML"),
        (b"# worker-lint \xff", 0, "is not UTF-8"),
        (b"[tool]\nworker-lint = 3", 0, "tool.worker-lint is not a table"),
        (b"[tool.worker-lint]\npreview = [\n1 2]", 3, "is not TOML"),
    ],
)
def test_file_that_cannot_be_used(tmp_path: Path, content: bytes, line: int, message: str) -> None:
    (tmp_path / "pyproject.toml").write_bytes(content)
    with pytest.raises(ConfigError) as caught:
        find_project(tmp_path, tmp_path)
    (problem,) = caught.value.problems
    assert problem.message.startswith(message)
    assert problem.line == line
    assert problem.help


def test_hostile_nesting_is_a_message(tmp_path: Path) -> None:
    write(tmp_path / "pyproject.toml", "[tool.worker-lint]\nx = " + "[" * 100_000)
    with pytest.raises(ConfigError, match=r"nested too deeply|not TOML"):
        find_project(tmp_path, tmp_path)


def test_named_file_must_be_ours(tmp_path: Path) -> None:
    path = write(tmp_path / "pyproject.toml", "[project]\n")
    with pytest.raises(ConfigError, match="no table"):
        read_config(path)
    with pytest.raises(ConfigError, match="cannot be read"):
        read_config(tmp_path / "missing.toml")
    assert read_config(write(tmp_path / "any-name.toml", "preview = true")).table == {"preview": True}


def test_without_any_sign_the_working_directory_is_the_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Path, "is_file", lambda _: False)
    monkeypatch.setattr(Path, "exists", lambda _: False)
    project = find_project(Path("/somewhere/else/a.py"), Path("here"))
    assert (project.root, project.config) == (Path("here").absolute(), None)
