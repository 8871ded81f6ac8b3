"""
Looks at the files of a known tree while the tool is still starting.

Asking the system for the states of 20,000 files takes as long as half of the imports. On POSIX a second process,
which has loaded next to nothing, does it meanwhile, and git begins to look for new files. The newest state of an
earlier run tells which files those are; whether it is the one wanted shows later, and if not, nothing is lost.
"""

# Paths are strings here: this runs at every start, and pathlib is several times slower.
# ruff: noqa: PTH100, PTH109, PTH118, PTH120

from __future__ import annotations

import mmap
import os
import sys
from array import array
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from worker_lint.engine.parts import read_parts
from worker_lint.source.repository import UNTRACKED, begin_git, find_repository
from worker_lint.source.states import WIDTH, states_of

FOLDER: Final = ".worker-lint-cache"
"""Where the state lies unless the settings say otherwise; they are not read yet."""
PATHS: Final = 1
"""The part of a state that holds the paths."""
FEWEST: Final = 2_000
"""Files below which a process of its own is slower."""


class Scout(NamedTuple):
    """A process that looks at the files of `root`; it writes what it sees to `memory`."""

    process: int
    root: str
    paths: memoryview
    memory: mmap.mmap


_sent: list[Scout] = []


def send_out(arguments: Sequence[str], environ: Mapping[str, str] = os.environ) -> None:
    """Starts to look at the files of the project around the working directory, if an earlier run knew many."""
    if arguments[:1] != ["check"] or not hasattr(os, "fork") or "--no-cache" in arguments:
        return
    try:
        found = _known_tree(os.getcwd(), environ)
        if found is None:
            return
        root, paths = found
        count = bytes(paths).count(b"\0") + 1
        if count < FEWEST:
            return
        memory = mmap.mmap(-1, count * WIDTH)
        sys.stdout.flush()
        process = os.fork()
    except (OSError, ValueError):
        return
    if not process:
        _look(root, paths, memory)
    _sent.append(Scout(process, root, paths, memory))
    repository = find_repository(root)
    if repository is not None:
        begin_git(repository, UNTRACKED)


def states_seen(root: str, paths: bytes | memoryview) -> array[int] | None:
    """What was seen of exactly these files, joined by NUL; None when nobody looked, or something was amiss."""
    while _sent:
        scout = _sent.pop()
        try:
            _, status = os.waitpid(scout.process, 0)
        except OSError:
            continue
        if not status and scout.root == root and scout.paths == paths:
            states = array("Q")
            states.frombytes(scout.memory)
            return states
    return None


def _look(root: str, paths: memoryview, memory: mmap.mmap) -> None:
    """The work of the other process, which never returns."""
    code = 1
    try:
        for stream in range(3):  # whoever reads our output must not wait for this process
            os.close(stream)
        memory.write(states_of(root, str(paths, "utf-8").split("\0")).tobytes())
        code = 0
    finally:
        os._exit(code)


def _known_tree(folder: str, environ: Mapping[str, str]) -> tuple[str, memoryview] | None:
    """The nearest folder above with a state of an earlier run, and the paths in that."""
    chosen = environ.get("WORKER_LINT_CACHE")
    while True:
        place = os.path.join(os.path.abspath(chosen), _digest(folder)) if chosen else os.path.join(folder, FOLDER)
        name = _newest(place)
        if name:
            parts = read_parts(place, name)
            return (folder, parts[PATHS]) if parts is not None and len(parts) > PATHS else None
        above = os.path.dirname(folder)
        if above == folder:
            return None
        folder = above


def _digest(folder: str) -> str:
    from worker_lint.engine.places import digest_of_root

    return digest_of_root(folder)


def _newest(place: str) -> str:
    try:
        with os.scandir(place) as entries:
            states = [(entry.stat().st_mtime_ns, entry.name) for entry in entries if entry.name.startswith("state-")]
    except OSError:
        return ""
    return max((item for item in states if not item[1].endswith(".new")), default=(0, ""))[1]
