"""The prose keeps its word: links lead somewhere, snippets parse, commands exist."""

import ast
import re
import textwrap
import tomllib
from pathlib import Path

import pytest

from worker_lint.config import SETTINGS

FENCE = re.compile(r"^```(?P<language>\w+)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\((?P<target>[^)\s]+)\)")
MAKE_TARGET = re.compile(r"\bmake ([a-z]+)\b")


@pytest.fixture(scope="session")
def pages(tracked: list[Path], root: Path) -> dict[str, str]:
    """Every Markdown file outside tests, by path relative to the root."""
    markdown = [path for path in tracked if path.suffix == ".md" and "tests" not in path.relative_to(root).parts]
    return {path.relative_to(root).as_posix(): path.read_text(encoding="utf-8") for path in markdown}


def blocks(pages: dict[str, str], language: str) -> list[tuple[str, str]]:
    found = [(path, match) for path, text in pages.items() for match in FENCE.finditer(text)]
    return [(path, match["text"]) for path, match in found if match["language"] == language]


def test_relative_links_lead_to_files(pages: dict[str, str], root: Path) -> None:
    dead = [
        f"{path} -> {target}"
        for path, text in pages.items()
        for target in (match["target"].partition("#")[0] for match in LINK.finditer(FENCE.sub("", text)))
        if target and "://" not in target and not (root / path).parent.joinpath(target).exists()
    ]
    assert dead == []


def test_toml_snippets_parse(pages: dict[str, str]) -> None:
    found = blocks(pages, "toml")
    assert found
    for path, text in found:
        try:
            tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            pytest.fail(f"{path}: {error}\n{text}")


def test_documented_settings_exist(pages: dict[str, str]) -> None:
    tables = [tomllib.loads(text).get("tool", {}).get("worker-lint", {}) for _, text in blocks(pages, "toml")]
    named = {key for table in tables for key in table}
    assert named
    assert named <= set(SETTINGS)


def test_python_snippets_parse(pages: dict[str, str]) -> None:
    for path, text in blocks(pages, "python"):
        if "unparsable" in path:  # the page of the rule about files that nobody can parse shows one
            continue
        try:
            ast.parse(textwrap.dedent(text))
        except SyntaxError as error:
            pytest.fail(f"{path}: {error}\n{text}")


def test_make_targets_exist(pages: dict[str, str], root: Path) -> None:
    makefile = (root / "Makefile").read_text(encoding="utf-8")
    known = set(re.findall(r"^([a-z]+):", makefile, re.MULTILINE))
    named = {target for _, text in blocks(pages, "console") for target in MAKE_TARGET.findall(text)} | {
        target for text in pages.values() for target in re.findall(r"`make ([a-z]+)", text)
    }
    assert {"demo", "test", "check", "docs"} <= named
    assert named <= known
