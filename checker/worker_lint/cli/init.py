"""`worker-lint init`: write a configuration and the hook, and overwrite nothing."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import click

from worker_lint.cli.speaking import exiting, refuse, tell
from worker_lint.cli.version import VERSION
from worker_lint.cli.workbench import refusing
from worker_lint.config.project import OWN_FILE, SHARED_FILE, find_project
from worker_lint.diagnostic.address import PUBLIC_ADDRESS

HOOK_FILE: Final = ".pre-commit-config.yaml"
SETTINGS: Final = """\
# Nothing needs to be set. `worker-lint schema` and the page on configuration tell all keys.
# select = ["ABS"]                # use these rules only
# extend-select = ["ABS201"]      # use rules that are off by default, too
# preview = true                  # use preview rules
# extend-exclude = ["legacy/*"]   # leave files out
# worker-bases = ["shop.Worker"]  # your own base classes of workers
"""
STANZA: Final = ("- repo: {address}", "  rev: v{version}", "  hooks:", "    - id: worker-lint")


@click.command("init")
@click.argument("folder", default=".", type=click.Path(path_type=Path, file_okay=False, exists=True))
@click.option("--hook/--no-hook", default=True, help="Write the pre-commit hook.  [default: hook]")
@click.option("--config/--no-config", default=True, help="Write the configuration.  [default: config]")
def command(folder: Path, hook: bool, config: bool) -> None:  # noqa: FBT001  # given by click
    """
    Set up FOLDER (default: the working directory).

    Adds [tool.worker-lint] to pyproject.toml, or writes worker-lint.toml where there is none, and
    adds the hook to .pre-commit-config.yaml at the top of the repository. What is already there
    stays as it is.
    """
    with exiting(), refusing():
        if config:
            tell(write_settings(folder.absolute()))
        if hook:
            tell(write_hook(folder.absolute()))


def write_settings(folder: Path) -> str:
    """
    Writes the configuration and says what was done.

    Raises:
        Refused: a file cannot be read, changed or written.
        ConfigError: the configuration that is there cannot be read.
    """
    present = find_project(folder, folder).config
    if present is not None:
        return f"left as it is: {present.path} configures this project already"
    shared = folder / SHARED_FILE
    if not shared.is_file():
        _create(folder / OWN_FILE, SETTINGS)
        return f"written: {folder / OWN_FILE}"
    text = _read(shared)
    added = _joined(text, f"[tool.worker-lint]\n{SETTINGS}")
    try:
        tomllib.loads(added.lstrip("\ufeff"))
    except tomllib.TOMLDecodeError:
        remedy = f"write {OWN_FILE} instead, or add the table by hand"
        refuse("a table [tool.worker-lint] cannot be added at its end", remedy, str(shared))
    _replace(shared, added)
    return f"added: [tool.worker-lint] in {shared}"


def write_hook(folder: Path) -> str:
    """
    Writes the hook's stanza and says what was done.

    Raises:
        Refused: a file cannot be read, changed or written.
    """
    top = next((place for place in (folder, *folder.parents) if (place / ".git").exists()), folder)
    file = top / HOOK_FILE
    stanza = [line.format(address=PUBLIC_ADDRESS, version=VERSION) for line in STANZA]
    if not file.exists():
        _create(file, "\n".join(["repos:", *(f"  {line}" for line in stanza)]) + "\n")
        return f"written: {file}; `pre-commit install` makes git call it"
    text = _read(file)
    if re.search(r"^[\s-]*id:\s*['\"]?worker-lint\b", text, re.MULTILINE):
        return f"left as it is: {file} has the hook already"
    added = with_stanza(text, stanza)
    if added is None:
        refuse("its list of repositories is not in plain form", "add by hand:\n" + "\n".join(stanza), str(file))
    _replace(file, added)
    return f"added: the hook in {file}"


def with_stanza(text: str, stanza: Sequence[str]) -> str | None:
    """The text of a hook file with one more repository at the end of its list; None if it is no plain block list."""
    lines = text.splitlines()
    start = next((number for number, line in enumerate(lines) if re.match(r"repos:\s*(#.*)?$", line)), None)
    if start is None:
        return None
    end = start + 1
    indent = None
    for number in range(start + 1, len(lines)):
        line = lines[number]
        item = re.match(r"(\s*)- ", line)
        if indent is None and item:
            indent = item[1]
        if line.strip() and not line.startswith((" ", "-", "#")):
            break
        if line.strip() and not line.startswith("#"):
            end = number + 1
    if indent is None:
        return None
    lines[end:end] = [indent + line for line in stanza]
    return "\n".join(lines) + "\n"


def _joined(text: str, addition: str) -> str:
    """The text with an addition after one empty line."""
    body = text.rstrip("\r\n")
    return f"{body}\n\n{addition}" if body else addition


def _read(file: Path) -> str:
    """The text with LF at its line ends; `_replace` brings others back."""
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        refuse(f"cannot be read: {error}", "mend it, or write the lines by hand", str(file))


def _create(file: Path, text: str) -> None:
    try:
        with file.open("x", encoding="utf-8", newline="\n") as out:
            out.write(text)
    except OSError as error:
        refuse(f"cannot be written: {error.strerror or error}", "see whether the folder is writable", str(file))


def _replace(file: Path, text: str) -> None:
    from worker_lint.fixing import WriteError, write_atomically
    from worker_lint.source.content import content_id_of

    old = file.read_bytes()
    if b"\r\n" in old:
        text = text.replace("\n", "\r\n")
    try:
        write_atomically(file, text.encode(), content_id_of(old))
    except WriteError as error:
        refuse(error.message, error.remedy, str(file))
