"""
What is left out: the usual folders of tools, and the patterns of the configuration.

Files that git tracks belong to the project, so only patterns apply to them. Everything else
also passes the default excludes. A path named on the command line is never left out.
"""

# Paths stay text here: a `Path` for each of 20,000 files costs more than its lstat.
# ruff: noqa: PTH110, PTH118

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from typing import Final

DEFAULT_EXCLUDES: Final = frozenset(
    {
        ".bzr",
        ".direnv",
        ".eggs",
        ".git",
        ".hg",
        ".hypothesis",
        ".ipynb_checkpoints",
        ".mypy_cache",
        ".nox",
        ".pants.d",
        ".pytest_cache",
        ".pytype",
        ".ruff_cache",
        ".svn",
        ".tox",
        ".venv",
        ".worker-lint-cache",
        "__pycache__",
        "__pypackages__",
        "bower_components",
        "buck-out",
        "node_modules",
        "site-packages",
    }
)
"""Folders never entered outside what git tracks."""

EXCLUDED_UNLESS_PACKAGE: Final = frozenset({"_build", "build", "dist", "env", "venv"})
"""Folders left out like these, except where an `__init__.py` makes them a package of that name."""


def compile_patterns(patterns: Sequence[str]) -> re.Pattern[str] | None:
    """
    One expression that `search` finds in each path (relative, `/`) that a pattern covers.

    A pattern without `/` covers every file or folder of that name; one with `/` is meant from
    the root on. `*` and `?` stay within a name, `**` crosses folders, `[...]` is a set of
    characters. A folder covers all that is in it. None for no patterns.
    """
    parts = [_translate(pattern) for pattern in patterns if pattern.strip("/ ")]
    return re.compile("|".join(parts), re.DOTALL) if parts else None


class Excludes:
    """Answers what is left out below one root; folders are asked once."""

    def __init__(self, root: str, patterns: re.Pattern[str] | None, *, defaults: bool = True) -> None:
        """`defaults=False` leaves only the patterns; `root` is absolute."""
        self._root = root
        self._patterns = patterns
        self._defaults = defaults
        self._folders: dict[str, bool] = {"": False}
        self._environments: set[str] = set()

    def by_pattern(self, path: str) -> bool:
        """Whether a pattern of the configuration covers the path, which is relative to the root."""
        return self._patterns is not None and self._patterns.search(path) is not None

    def by_default(self, folder: str) -> bool:
        """Whether a folder (relative to the root) is one of the usual ones, or lies in one."""
        known = self._folders.get(folder)
        if known is None:
            above, _, name = folder.rpartition("/")
            known = self._folders[folder] = self._defaults and (
                self.by_default(above) or self._is_tool_folder(folder, name)
            )
        return known

    def _is_tool_folder(self, folder: str, name: str) -> bool:
        if name in DEFAULT_EXCLUDES or name.endswith(".egg-info"):
            return True
        place = os.path.join(self._root, folder)
        if name in EXCLUDED_UNLESS_PACKAGE:
            return not os.path.exists(os.path.join(place, "__init__.py"))
        # A virtual environment may have any name; PEP 405 marks it by this file.
        return os.path.exists(os.path.join(place, "pyvenv.cfg"))


def _translate(pattern: str) -> str:
    anchored = "/" in pattern.rstrip("/")
    pattern = pattern.removeprefix("./").strip("/")
    start = r"\A" if anchored else r"(?:\A|/)"
    return f"{start}{''.join(_pieces(pattern))}(?:/|\\Z)"


def _is_backward(characters: str) -> bool:
    """Whether a range of the set runs backwards, as `?-.` does: then it is no set, but plain text."""
    return any(first > last for first, last in re.findall(r"(.)-(.)", characters, re.DOTALL)) or "--" in characters


def _pieces(pattern: str) -> list[str]:
    pieces, position = [], 0
    while position < len(pattern):
        for wildcard, expression in (("**/", "(?:[^/]+/)*"), ("**", ".*"), ("*", "[^/]*"), ("?", "[^/]")):
            if pattern.startswith(wildcard, position):
                pieces.append(expression)
                position += len(wildcard)
                break
        else:
            character_set = re.compile(r"\[(!?)(\]?[^\]/]*)\]").match(pattern, position)
            if character_set and character_set[2] and not _is_backward(character_set[2]):
                escaped = re.sub(r"([\\\[\]^&~|])", r"\\\1", character_set[2])
                # The slash is kept out in front: inside the brackets, a hyphen after it would be a range.
                pieces.append(f"(?!/)[^{escaped}]" if character_set[1] else f"[{escaped}]")
                position = character_set.end()
            else:
                pieces.append(re.escape(pattern[position]))
                position += 1
    return pieces
