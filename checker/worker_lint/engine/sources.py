"""File contents for a run: from the work tree, or from anything that gives bytes by path."""

from __future__ import annotations

from collections.abc import Callable

from worker_lint.source.decode import DecodeProblem, decode
from worker_lint.source.parse import Unparsable

ReadBytes = Callable[[str], bytes]
"""Gives the content of a file by its path relative to the root; raises OSError."""


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
        return decoded_text(data, self._limit)


def decoded_text(data: bytes, limit: int) -> str:
    """
    The text of a file's bytes.

    Raises:
        Unparsable: they are too many, or no Python source.
    """
    decoded = decode(data, limit)
    if isinstance(decoded, DecodeProblem):
        raise Unparsable(decoded.message, decoded.line, decoded.column)
    return decoded.text
