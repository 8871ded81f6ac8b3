"""Where a project begins, and which file configures it."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from worker_lint.config.problems import ConfigError, ConfigProblem

OWN_FILE = "worker-lint.toml"
SHARED_FILE = "pyproject.toml"
TABLE = ("tool", "worker-lint")


class ConfigFile(msgspec.Struct, frozen=True):
    """A configuration file: its text, its table, and the keys above that table in the file."""

    path: Path
    text: str
    table: Mapping[str, Any]
    above: tuple[str, ...]


class Project(msgspec.Struct, frozen=True):
    """
    A project: all its paths are relative to `root`.

    `config` is None when nothing configures it.
    """

    root: Path
    config: ConfigFile | None


def find_project(first: Path, working: Path) -> Project:
    """
    Find the project of the first path that is checked.

    The root is the nearest folder above it with a configuration or a `.git`, else the working
    directory. The search ends at `.git`: what lies above a checkout belongs to one machine only,
    and laptop, hook and CI must agree. Raises ConfigError for a file that cannot be read.
    """
    start = first if first.is_dir() else first.parent
    for folder in (start.absolute(), *start.absolute().parents):
        config = _config_in(folder)
        if config is not None or (folder / ".git").exists():
            return Project(folder, config)
    return Project(working.absolute(), None)


def read_config(path: Path) -> ConfigFile:
    """
    Read a configuration file that was named by the user.

    Raises ConfigError when it cannot be read, is not TOML or holds no table for this tool.
    """
    config = _read_shared(path) if path.name == SHARED_FILE else _read_own(path)
    if config is None:
        raise _unusable(path, "there is no table [tool.worker-lint] in it", "add one, or name another file")
    return config


def _config_in(folder: Path) -> ConfigFile | None:
    own, shared = folder / OWN_FILE, folder / SHARED_FILE
    if own.is_file():
        return _read_own(own)
    return _read_shared(shared) if shared.is_file() else None


def _read_own(path: Path) -> ConfigFile:
    text = _text(path)
    return ConfigFile(path, text, _parsed(text, path), above=())


def _read_shared(path: Path) -> ConfigFile | None:
    text = _text(path)
    if TABLE[1] not in text:  # spares the parsing, and an error that is not ours
        return None
    tool = _parsed(text, path).get(TABLE[0])
    if not isinstance(tool, dict) or TABLE[1] not in tool:
        return None
    table = tool[TABLE[1]]
    if not isinstance(table, dict):
        raise _unusable(path, "tool.worker-lint is not a table", "write [tool.worker-lint] on a line of its own")
    return ConfigFile(path, text, table, above=TABLE)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise _unusable(path, f"cannot be read: {error.strerror or error}", "mend its permissions") from error
    except UnicodeDecodeError as error:
        raise _unusable(path, "is not UTF-8", "save it as UTF-8, as TOML demands") from error


def _parsed(text: str, path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        place = re.search(r"\(at line (\d+)", str(error))
        line = int(place[1]) if place else len(text.splitlines())  # "at end of document"
        message = f"is not TOML: {str(error).partition(' (at ')[0]}"
        raise _unusable(path, message, "mend the syntax", line) from error
    except RecursionError as error:
        raise _unusable(path, "is nested too deeply to be read", "flatten it") from error


def _unusable(path: Path, message: str, remedy: str, line: int = 0) -> ConfigError:
    return ConfigError([ConfigProblem(str(path), line, message, remedy)])
