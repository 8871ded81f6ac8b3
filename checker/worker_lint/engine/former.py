"""
What a changed file was like in an earlier run that never looked into it.

Most files of a tree are only skimmed, so no record of them is kept. Git still has the text of those
that were as it knew them. Without it nobody could tell what an edit left as it was, and nearly every
edit in a large tree would mean a whole run.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

from worker_lint.source.content import content_id_of
from worker_lint.source.revision import HistoryError, read_objects


class Former:
    """The contents of files by their content ids, asked from git together when one of them is wanted."""

    def __init__(self, root: str, ids: Mapping[str, str]) -> None:
        self._root = root
        self._ids = ids

    def content(self, path: str) -> bytes | None:
        """The bytes of a file; None where git does not have them."""
        return self._contents.get(self._ids[path])

    @cached_property
    def _contents(self) -> dict[str, bytes]:
        blobs = {found.partition(":")[0] for found in self._ids.values() if not found.startswith("stat:")}
        if not self._root:
            return {}
        try:
            # Git may store other bytes than the file had; then it has another content id.
            return {content_id_of(data): data for _, data in read_objects(self._root, blobs)}
        except HistoryError:
            return {}
