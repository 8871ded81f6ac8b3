"""
Git as a reader: which repository a folder belongs to, and how a git command is started.

A repository of unknown origin can name programs in its own `.git/config` (file system
monitor, filters, hooks, remote helpers) that git starts by itself. Here none of them runs:
monitor and hooks are switched off, every transport is forbidden, and no command is used
that compares file contents, since that would start the filters.
"""

# Paths stay text here: a `Path` for each of 20,000 files costs more than its lstat.
# ruff: noqa: PTH100, PTH110, PTH112, PTH113, PTH117, PTH118, PTH120, PTH123

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from functools import cache
from typing import IO, TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    import subprocess

_QUIET = (
    "--no-optional-locks",
    "-c",
    "core.fsmonitor=false",
    "-c",
    f"core.hooksPath={os.devnull}",
)


class Repository(NamedTuple):
    """
    A work tree and its git folder, as absolute paths without links.

    `common` is the folder that linked work trees share. `explicit` tells that only the
    environment (GIT_DIR, GIT_WORK_TREE) binds the two, as with dot-file repositories.
    """

    top: str
    git_dir: str
    common: str
    index_file: str
    explicit: bool = False

    def linked_work_tree(self, folder: str) -> bool:
        """Whether the folder is another work tree of this same repository."""
        other = _git_dir_at(folder)
        return other is not None and _common_dir(other) == self.common and other != self.git_dir


class GitOutput(NamedTuple):
    """What a finished git command gave; `code` 127 means that there is no git."""

    code: int
    output: bytes
    complaint: str


def find_repository(
    folder: str, known: dict[str, Repository | None] | None = None, environ: Mapping[str, str] = os.environ
) -> Repository | None:
    """
    The repository whose work tree holds the folder (absolute, without links), or None.

    The place decides, not the environment: a hook's GIT_DIR may speak of another repository.
    GIT_INDEX_FILE is honoured only for the repository that the environment means, because
    during `git commit -a` or `git commit FILE` the next commit is in another index file.
    `known` keeps the answers for a caller that asks about many folders.
    """
    known = {} if known is None else known
    passed = []
    current, answer = folder, None
    while current not in known:
        passed.append(current)
        git_dir = _git_dir_at(current)
        above = os.path.dirname(current)
        if git_dir is not None:
            index = _environment_index(git_dir, environ) or os.path.join(git_dir, "index")
            answer = Repository(current, git_dir, _common_dir(git_dir), index)
            break
        if above == current:
            answer = _explicit_repository(folder, environ)
            break
        current = above
    else:
        answer = known[current]
    known.update(dict.fromkeys(passed, answer))
    return answer


class GitCommand:
    """A git command under way; `finish` waits for it. Several may run side by side."""

    def __init__(self, repository: Repository, arguments: Sequence[str], *, piped: bool = False) -> None:
        """Start the command in the work tree's top folder; `piped` opens its standard input."""
        self._process: subprocess.Popen[bytes] | None = None
        self._answer: GitOutput | None = None
        program = _git_program(os.environ.get("PATH", os.defpath))
        if program is None:
            return
        import subprocess

        try:
            self._process = subprocess.Popen(  # noqa: S603 - git itself, by absolute path, arguments as a list
                [program, *_QUIET, "-C", repository.top, *arguments],
                stdin=subprocess.PIPE if piped else subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=_environment(repository),
            )
        except OSError:
            self._process = None

    @property
    def pipes(self) -> tuple[IO[bytes], IO[bytes]] | None:
        """Standard input and output of a command started with `piped`; None without git."""
        process = self._process
        if process is None or process.stdin is None or process.stdout is None:
            return None
        return process.stdin, process.stdout

    def finish(self, feed: bytes | None = None) -> GitOutput:
        """Wait for the end, feeding standard input first; never raises for a failed command. Later calls repeat it."""
        if self._process is None:
            return GitOutput(127, b"", "git is not installed")
        if self._answer is None:
            output, complaint = self._process.communicate(feed)
            self._answer = GitOutput(self._process.returncode, output, complaint.decode("utf-8", "replace").strip())
        return self._answer


UNTRACKED: Final = ("--literal-pathspecs", "ls-files", "--others", "--exclude-standard", "-z", "--")
"""Asks for the files that git neither knows nor ignores, in the whole tree or below folders that follow."""

_begun: dict[tuple[Repository, tuple[str, ...]], GitCommand] = {}


def begin_git(repository: Repository, arguments: Sequence[str]) -> None:
    """Starts a command before anybody asks for it."""
    _begun[repository, tuple(arguments)] = GitCommand(repository, arguments)


def ask_git(repository: Repository, arguments: Sequence[str]) -> GitCommand:
    """A command under way: one that was begun already, or a new one."""
    return _begun.pop((repository, tuple(arguments)), None) or GitCommand(repository, arguments)


def run_git(repository: Repository, *arguments: str, feed: bytes | None = None) -> GitOutput:
    """Start one git command and wait for it."""
    return GitCommand(repository, arguments, piped=feed is not None).finish(feed)


def _git_dir_at(folder: str) -> str | None:
    """The git folder that `folder/.git` is or names; None when the folder is no top of a work tree."""
    place = os.path.join(folder, ".git")
    try:
        with open(place, "rb") as file:
            match = re.match(rb"gitdir: ([^\r\n]+)", file.read(4096))
    except IsADirectoryError:
        return os.path.realpath(place) if os.path.exists(os.path.join(place, "HEAD")) else None
    except PermissionError:  # what Windows says about opening a folder
        return os.path.realpath(place) if os.path.isdir(place) else None
    except OSError:
        return None
    return os.path.realpath(os.path.join(folder, os.fsdecode(match[1]))) if match else None


@cache
def _common_dir(git_dir: str) -> str:
    try:
        with open(os.path.join(git_dir, "commondir"), "rb") as file:
            return os.path.realpath(os.path.join(git_dir, os.fsdecode(file.read().strip())))
    except OSError:
        return git_dir


def _environment_index(git_dir: str, environ: Mapping[str, str]) -> str | None:
    index = environ.get("GIT_INDEX_FILE")
    if not index:
        return None
    index = os.path.abspath(index)
    meant = environ.get("GIT_DIR")
    if meant:
        return index if os.path.realpath(meant) == git_dir else None
    return index if os.path.realpath(os.path.dirname(index)) == git_dir else None


def _explicit_repository(folder: str, environ: Mapping[str, str]) -> Repository | None:
    git_dir, top = environ.get("GIT_DIR"), environ.get("GIT_WORK_TREE")
    if not git_dir or not top:
        return None
    git_dir, top = os.path.realpath(git_dir), os.path.realpath(top)
    if folder != top and not folder.startswith(top.rstrip(os.sep) + os.sep):
        return None
    index = _environment_index(git_dir, environ) or os.path.join(git_dir, "index")
    return Repository(top, git_dir, _common_dir(git_dir), index, explicit=True)


def _environment(repository: Repository) -> dict[str, str]:
    """The caller's environment, without what would bind git to another repository."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    for name in ("GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM", "GIT_CONFIG_NOSYSTEM", "GIT_CEILING_DIRECTORIES"):
        if name in os.environ:
            kept[name] = os.environ[name]
    if repository.explicit:
        kept["GIT_DIR"], kept["GIT_WORK_TREE"] = repository.git_dir, repository.top
    # An empty list of allowed transports outranks every protocol setting of the repository,
    # so an object that a partial clone lacks is missing instead of fetched.
    kept |= {"GIT_ALLOW_PROTOCOL": "", "GIT_NO_LAZY_FETCH": "1", "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}
    kept["GIT_INDEX_FILE"] = repository.index_file
    return kept


@cache
def _git_program(search_path: str) -> str | None:
    """The git in an absolute folder of the search path: the working directory may be hostile."""
    name = "git.exe" if os.name == "nt" else "git"
    for folder in search_path.split(os.pathsep):
        program = os.path.join(folder, name)
        if os.path.isabs(folder) and os.path.isfile(program) and os.access(program, os.X_OK):
            return program
    return None
