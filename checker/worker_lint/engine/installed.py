"""
The rule packs that are installed, found by their entry points.

`importlib.metadata` brings the e-mail package along to read a few lines, which takes 20 ms of every
start. Where all distributions lie in plain folders of the import path their files are read directly;
anything else is left to it.
"""

# Paths are strings here: this runs at every start, and pathlib is several times slower.
# ruff: noqa: PTH110, PTH112, PTH118, PTH123, PTH208

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from typing import Final, NamedTuple

GROUP: Final = "worker_lint.rules"

_FOLDERS: Final = (".dist-info", ".egg-info")


class Installed(NamedTuple):
    """A package that is named as a rule pack, and the distribution that does so."""

    owner: str
    version: str
    package: str


class _Unusual(Exception):  # noqa: N818  # not a fault
    """Something here is not read directly."""


def installed_packs() -> list[Installed]:
    """All packages that are named in the entry-point group, in the order of the import path."""
    try:
        return list(_read_directly())
    except (_Unusual, OSError, UnicodeDecodeError):
        return _asked()


def _asked() -> list[Installed]:
    from importlib.metadata import entry_points

    found = []
    for entry in entry_points(group=GROUP):
        owner, version = (entry.dist.name, entry.dist.version) if entry.dist is not None else (entry.value, "")
        found.append(Installed(owner, version, entry.value))
    return found


def _read_directly() -> Iterator[Installed]:
    if any(hasattr(finder, "find_distributions") and finder.__module__ != _OWN for finder in sys.meta_path):
        raise _Unusual
    seen: set[str] = set()
    for place in dict.fromkeys(sys.path):
        folder = place or os.curdir
        if not os.path.isdir(folder):
            if os.path.exists(folder):
                raise _Unusual  # an archive
            continue
        if folder.endswith(".egg"):
            raise _Unusual
        for name in os.listdir(folder):
            if name.endswith(_FOLDERS):
                distribution = name.partition("-")[0].lower().replace(".", "_")
                if distribution not in seen:  # the first on the path is the one that counts
                    seen.add(distribution)
                    yield from _named_in(os.path.join(folder, name))


_OWN: Final = "_frozen_importlib_external"


def _named_in(folder: str) -> Iterator[Installed]:
    text = _text(os.path.join(folder, "entry_points.txt"))
    if GROUP not in text:
        return
    facts = _text(os.path.join(folder, "METADATA")) or _text(os.path.join(folder, "PKG-INFO"))
    owner, version = _fact(facts, "Name"), _fact(facts, "Version")
    section = ""
    for line in map(str.strip, text.splitlines()):
        if line.startswith("["):
            section = line.strip("[] ")
        elif section == GROUP and line and line[0] not in "#;":
            package = line.partition("=")[2].strip()
            if not all(part.isidentifier() for part in package.split(".")):
                raise _Unusual
            yield Installed(owner, version, package)


def _fact(text: str, name: str) -> str:
    """A field of a distribution's metadata, whose head ends with the first empty line."""
    for line in text.splitlines():
        if line.startswith(f"{name}:"):
            return line.partition(":")[2].strip()
        if not line:
            break
    raise _Unusual


def _text(file: str) -> str:
    try:
        with open(file, encoding="utf-8") as opened:
            return opened.read()
    except (FileNotFoundError, NotADirectoryError):
        return ""
