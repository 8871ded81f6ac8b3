"""Setting a project up without touching what is there."""

import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from pre_commit.clientlib import load_config

from worker_lint.cli.init import STANZA, with_stanza
from worker_lint.diagnostic.address import PUBLIC_ADDRESS

Command = Callable[..., Any]
Write = Callable[[Mapping[str, str | bytes]], Path]
HOOKS = ".pre-commit-config.yaml"


def test_an_empty_folder_gets_both_files(lint: Command, tmp_path: Path) -> None:
    result = lint("init")
    assert (result.code, result.out) == (0, "")
    assert result.err.count("written: ") == 2
    assert tomllib.loads((tmp_path / "worker-lint.toml").read_text(encoding="utf-8")) == {}
    config = load_config(tmp_path / HOOKS)
    assert [repo["repo"] for repo in config["repos"]] == [PUBLIC_ADDRESS]
    assert [hook["id"] for hook in config["repos"][0]["hooks"]] == ["worker-lint"]


def test_a_second_time_changes_nothing(lint: Command, tmp_path: Path) -> None:
    lint("init")
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    result = lint("init")
    assert result.code == 0
    assert result.err.count("left as it is: ") == 2
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_the_written_settings_are_accepted(lint: Command, write: Write) -> None:
    write({"clean.py": "x = 1\n", "pyproject.toml": '[project]\nname = "x"'})
    assert lint("init").code == 0
    assert lint("check").code == 0


@pytest.mark.parametrize("ends", ["\n", "\r\n"])
def test_a_table_is_added_to_pyproject(lint: Command, write: Write, ends: str) -> None:
    before = f'[project]{ends}name = "x"{ends}'
    root = write({"pyproject.toml": before})
    assert lint("init", "--no-hook").code == 0
    data = (root / "pyproject.toml").read_bytes().decode()
    assert data.startswith(before)
    assert data.count("\n") == data.count(ends)
    assert tomllib.loads(data) == {"project": {"name": "x"}, "tool": {"worker-lint": {}}}
    assert not (root / HOOKS).exists()


def test_a_table_that_cannot_be_added_is_said(lint: Command, write: Write) -> None:
    root = write({"pyproject.toml": "tool = {ruff = {}}\n"})
    result = lint("init")
    assert result.code == 2
    assert "by hand" in result.err
    assert (root / "pyproject.toml").read_text(encoding="utf-8") == "tool = {ruff = {}}\n"


@pytest.mark.parametrize(
    "text",
    [
        "repos:\n  - repo: local\n    hooks: []\n",
        "repos:\n- repo: local\n  hooks: []\n",
        "# first\nrepos:  # all\n-   repo: local\n    hooks: []\n\n# last\nci:\n  skip: []\n",
        "default_stages: [pre-commit]\nrepos:\n\n  # ours\n  - repo: local\n    hooks: []\n\n",
    ],
)
def test_the_stanza_joins_the_list(lint: Command, write: Write, text: str) -> None:
    root = write({HOOKS: text})
    assert lint("init", "--no-config").code == 0
    added = (root / HOOKS).read_text(encoding="utf-8")
    before, after = yaml.safe_load(text), yaml.safe_load(added)
    assert after["repos"][:-1] == before.pop("repos")
    assert after.pop("repos")[-1]["repo"] == PUBLIC_ADDRESS
    assert after == before
    assert [line for line in text.splitlines() if line.strip()] == [
        line for line in added.splitlines() if line.strip() and line.strip() not in stanza()
    ]


@pytest.mark.parametrize("text", ["repos: []\n", "repos: [{repo: local, hooks: []}]\n", "", "repos:\n"])
def test_other_forms_are_left_to_people(lint: Command, write: Write, text: str) -> None:
    root = write({HOOKS: text})
    result = lint("init", "--no-config")
    assert result.code == 2
    assert "- id: worker-lint" in result.err
    assert (root / HOOKS).read_text(encoding="utf-8") == text
    assert with_stanza(text, STANZA) is None


def test_the_hook_goes_to_the_top_of_the_repository(lint: Command, write: Write) -> None:
    root = write({".git/HEAD": "ref: refs/heads/main\n", "app/x.py": ""})
    assert lint("init", "app").code == 0
    assert (root / HOOKS).exists()
    assert (root / "app" / "worker-lint.toml").exists()


def stanza() -> set[str]:
    from worker_lint.cli.version import VERSION

    return {line.format(address=PUBLIC_ADDRESS, version=VERSION).strip() for line in STANZA}
