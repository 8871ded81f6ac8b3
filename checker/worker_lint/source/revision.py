"""Old versions of files, read from git's objects: never from the work tree, never over a network."""

from __future__ import annotations

import os
from collections.abc import Generator, Iterable, Iterator
from typing import IO

from worker_lint.diagnostic import Problem, clean_text
from worker_lint.source.repository import GitCommand, Repository, find_repository, run_git
from worker_lint.source.spread import relative_path

_REQUESTS = 4096  # bytes; a pipe holds at least as much on every system


class HistoryError(Exception):
    """Git cannot answer; `problem` says what and how to help."""

    def __init__(self, message: str, remedy: str = "", path: str = "") -> None:
        """Make the problem."""
        super().__init__(message)
        self.problem = Problem(message, path, remedy)


def tree(root: str, revision: str, paths: Iterable[str] = ()) -> dict[str, str]:
    """
    The blob id (hexadecimal) of each regular file of a revision below the root, by its path
    from there; with `paths`, of these only.

    Raises:
        HistoryError: no git, no repository, or no such revision.
    """
    root = os.path.realpath(root)
    repository = require_repository(root)
    above = relative_path(root, repository.top)
    prefix = f"{above}/" if above else ""
    places = [prefix + path for path in paths]
    command = ["--literal-pathspecs", "ls-tree", "-r", "-z", "--full-tree", _require_plain(revision)]
    if places or above:
        command += ["--", *(places or [above])]
    blobs: dict[str, str] = {}
    for record in require_output(repository, *command).split(b"\0"):
        facts, _, name = record.partition(b"\t")
        if facts.startswith(b"100"):
            blobs[os.fsdecode(name)[len(prefix) :]] = facts.split(b" ")[2].decode("ascii")
    return blobs


def read_objects(root: str, blobs: Iterable[str]) -> Generator[tuple[str, bytes], None, None]:
    """
    Id and content of each of the blobs, by one git command; those that are missing (in a
    partial or shallow clone) are left out, since nothing is ever fetched.

    Raises:
        HistoryError: no git, or no repository.
    """
    asked = sorted(blobs)
    if not asked:
        return
    command = GitCommand(require_repository(os.path.realpath(root)), ("cat-file", "--batch"), piped=True)
    if command.pipes is None:
        raise HistoryError("git is not installed", "install git")
    requests, answers = command.pipes
    try:
        # A few questions at a time: more could fill both pipes, and each side would wait.
        size = max(1, _REQUESTS // (len(asked[0]) + 1))
        for start in range(0, len(asked), size):
            portion = asked[start : start + size]
            requests.write("".join(f"{blob}\n" for blob in portion).encode("ascii"))
            requests.flush()
            for _ in portion:
                yield from _read_object(answers)
    except BrokenPipeError:
        raise HistoryError("git stopped while it read old files", "see whether `git fsck` is content") from None
    finally:
        command.finish()


def _read_object(answers: IO[bytes]) -> Iterator[tuple[str, bytes]]:
    head = answers.readline().split()
    if not head:
        raise BrokenPipeError
    if len(head) == 3:
        content = answers.read(int(head[2]))
        answers.read(1)
        if head[1] == b"blob":
            yield head[0].decode("ascii"), content


def require_commit(repository: Repository, name: str) -> str:
    """
    The id of the commit that the name means.

    Raises:
        HistoryError: there is none.
    """
    answer = run_git(repository, "rev-parse", "--verify", "--quiet", f"{_require_plain(name)}^{{commit}}")
    if answer.code == 0:
        return answer.output.decode("ascii").strip()
    if answer.code == 127 or "dubious ownership" in answer.complaint:
        raise refusal(answer.complaint)
    remedy = "in a shallow clone fetch more history; else see whether the name is right"
    raise HistoryError(f"git knows no commit called {clean_text(name)!r}", remedy)


def _require_plain(name: str) -> str:
    """The name of a revision, which must not read as an option."""
    if not name or name.startswith("-") or "\0" in name:
        raise HistoryError(f"{clean_text(name)!r} is no name of a commit", "name a commit, a branch or a tag")
    return name


def require_repository(root: str) -> Repository:
    """
    The repository that holds the folder.

    Raises:
        HistoryError: there is none.
    """
    repository = find_repository(root)
    if repository is None:
        raise HistoryError("not in a git work tree: nothing to compare with", "check without --changed", root)
    return repository


def require_output(repository: Repository, *arguments: str) -> bytes:
    """
    What a git command prints.

    Raises:
        HistoryError: the command failed.
    """
    answer = run_git(repository, *arguments)
    if answer.code:
        raise refusal(answer.complaint)
    return answer.output


def refusal(complaint: str) -> HistoryError:
    """The error for a git command that failed with this complaint."""
    reason = clean_text(complaint.partition("\n")[0].removeprefix("fatal: "))
    return HistoryError(f"git cannot tell what changed: {reason}", "see whether `git status` works here")
