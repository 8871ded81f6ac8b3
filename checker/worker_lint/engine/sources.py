"""File contents for a run: from the work tree, or from anything that gives bytes by path."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from worker_lint.diagnostic import Problem
from worker_lint.source.decode import DecodeProblem, decode
from worker_lint.source.parse import Unparsable
from worker_lint.source.skim import Skim, skim

ReadBytes = Callable[[str], bytes]
"""Gives the content of a file by its path relative to the root; raises OSError."""

EMPTY = Skim((), (), 0)


class FileSources:
    """Texts by path, decoded as Python would decode them."""

    def __init__(self, read: ReadBytes, limit: int) -> None:
        self.read = read
        self._limit = limit

    def text(self, path: str) -> str:
        """
        The decoded text.

        Raises:
            Unparsable: the file cannot be read or decoded.
        """
        try:
            data = self.read(path)
        except OSError as error:
            raise Unparsable(error.strerror or str(error)) from None
        decoded = decode(data, self._limit)
        if isinstance(decoded, DecodeProblem):
            raise Unparsable(decoded.message, decoded.line, decoded.column)
        return decoded.text


def reader_of(absolute: Mapping[str, str]) -> ReadBytes:
    """Reads the work tree."""

    def read(path: str) -> bytes:
        with open(absolute[path], "rb") as file:  # noqa: PTH123 - faster than a Path for each of 20,000 files
            return file.read()

    return read


def skim_all(
    read: ReadBytes, paths: Iterable[str], words: Sequence[bytes], limit: int
) -> tuple[dict[str, Skim], list[Problem]]:
    """The skims of all files; one that cannot be read is reported and skimmed as empty."""
    skims: dict[str, Skim] = {}
    problems: list[Problem] = []
    for path in paths:
        try:
            data = read(path)
        except OSError as error:
            problems.append(unreadable(path, error))
            skims[path] = EMPTY
            continue
        skims[path] = skim(data, words) if len(data) <= limit else EMPTY
    return skims, problems


def unreadable(path: str, error: OSError) -> Problem:
    """A file that could not be read: the run goes on without it and ends with exit code 2."""
    return Problem(f"cannot be read: {error.strerror or error}", path, "check its permissions, or exclude it")
