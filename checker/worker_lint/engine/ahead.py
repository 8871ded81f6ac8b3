"""
Parsing ahead: files that the analysis is about to ask for, in the processes that read the tree.

It asks for them one by one, which only one processor can answer. Where it knows many that may be next,
they are parsed side by side; what is not answered here is parsed when it is asked for, so that no
answer depends on this.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import msgspec

from worker_lint.engine.garbage import rare_collection
from worker_lint.engine.processes import Processes
from worker_lint.engine.snapshot import Entry
from worker_lint.engine.sources import decoded_text
from worker_lint.source.content import read_source
from worker_lint.source.parse import Unparsable, parse_module, parse_outline
from worker_lint.source.records import encode_module
from worker_lint.source.text import Text

CHUNK: Final = 12
FEWEST: Final = 3 * CHUNK
"""Fewer files are parsed here before the others have been told of them."""


class Next(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A file that may be asked for; with `names` only if it may use one of them as a value."""

    path: str
    absolute: str
    whole: bool
    names: tuple[str, ...] = ()


class Ready(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What came of it: whether each name may be used, and the encoded record, if one was made."""

    path: str
    used: dict[str, bool]
    record: bytes | None


class _Order(msgspec.Struct, frozen=True, array_like=True):
    files: tuple[Next, ...]
    limit: int


_ENCODER = msgspec.msgpack.Encoder()
_ORDERS = msgspec.msgpack.Decoder(_Order)
_READY = msgspec.msgpack.Decoder(list[Ready])


class Ahead(msgspec.Struct, frozen=True):
    """The files of a snapshot, and the processes that parse them."""

    processes: Processes
    entries: Mapping[str, Entry]
    limit: int

    def absolute(self, path: str) -> str:
        """Where a file lies; empty when its content is not what lies there."""
        entry = self.entries.get(path)
        return entry.absolute if entry is not None and entry.data is None else ""

    def size(self, path: str) -> int:
        """The bytes of a file, as far as that can be told."""
        entry = self.entries.get(path)
        if entry is None or entry.data is not None:
            return len(entry.data or b"") if entry is not None else 0
        try:
            return os.stat(entry.absolute).st_size  # noqa: PTH116 - asked of thousands of files
        except OSError:
            return 0

    def parse(self, files: Sequence[Next]) -> Iterator[Ready]:
        """What the processes give; nothing for files that they could not read."""
        if len(files) < FEWEST or not self.processes.started:
            return
        orders = [_Order(tuple(files[start : start + CHUNK]), self.limit) for start in range(0, len(files), CHUNK)]
        for answer in self.processes.run(serve, [_ENCODER.encode(order) for order in orders]):
            if answer is not None:
                yield from _READY.decode(answer)


def serve(order: bytes) -> bytes:
    """An order as bytes to answers as bytes: what runs in a reading process."""
    told = _ORDERS.decode(order)
    with rare_collection():
        return _ENCODER.encode([ready for item in told.files if (ready := _ready(item, told.limit)) is not None])


def _ready(item: Next, limit: int) -> Ready | None:
    data = read_source(item.absolute, item.path, limit)
    try:
        source = decoded_text(data, limit) if isinstance(data, bytes) else None
        if source is None:
            return None
        text = Text(source)
        used = {name: text.may_use(name) for name in item.names}
        if item.names and not any(used.values()):
            return Ready(item.path, used, None)
        return Ready(item.path, used, encode_module((parse_module if item.whole else parse_outline)(source)))
    except Unparsable:
        return None  # whoever asks is told why
