"""What the bytes of a file tell of fields that several threads or tasks may come to, before it is parsed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from worker_lint.source.clauses import lines_with

FILLED_AFTER_WAIT: Final = "if not self.x … self.x = await"
"""A word of the screen: files in which a field is asked whether it is empty, and one of its name is filled late."""
LOCK_TAKEN: Final = "with self.lock"
"""A word of the screen: files in which a plain function, not a coroutine, may take a lock."""
LOCKS: Final = (b"lock", b"Lock", b"mutex")
"""What the names of locks hold."""

_AWAITED: Final = b"= await "
_TARGET: Final = re.compile(rb"\.(\w+)[ \t]*(?::[^=]+)?$")
_ASKED: Final = re.compile(rb"(?:\bnot[\s(]+\w+\.(\w+)|\.(\w+)\s+(?:is|==)\s+None)\b")


def is_filled_after_wait(data: bytes) -> bool:
    """Whether a field of some name is both asked for being empty and assigned what was awaited."""
    filled = set(_filled(data))
    return bool(filled) and any(name in filled for asked in _ASKED.finditer(data) for name in asked.groups())


def _filled(data: bytes) -> Iterator[bytes]:
    """The names of the fields to which something awaited is assigned."""
    place = data.find(_AWAITED)
    while place >= 0:
        target = _TARGET.search(data[data.rfind(b"\n", 0, place) + 1 : place])
        if target is not None:
            yield target[1]
        place = data.find(_AWAITED, place + 1)


_ITEMS: Final = re.compile(rb"with\b[^:]*?\.\w")
_LOCK: Final = re.compile(rb"lock(?<![bcf]lock)|[bcf]lock\w*\s*\(")
_KINDS: Final = (b"Lock", b"mutex", b"Condition", b"condition", b"Semaphore")
_BLOCK: Final = re.compile(rb"with\b[^:]*?\.\w*lock")
_DECORATED: Final = re.compile(rb"@[^\n]*(?:[lL]ock|ynchron)")


def is_lock_taken(data: bytes) -> bool:
    """Whether something that may be a lock is taken by a plain `with`, by its method or by a decorator."""
    if not any(lock in data for lock in LOCKS):
        return False
    if b".acquire(" in data or _DECORATED.search(data) is not None:
        return True
    return _names_lock(data) and _enters_plainly(data)


def _names_lock(data: bytes) -> bool:
    """Whether something may be a lock: words like `block` do not tell, but for a field that is entered or a call."""
    if any(word in data for word in _KINDS) or _LOCK.search(data):
        return True
    return any(_BLOCK.match(data, place) is not None for place, _ in lines_with(data, b"with"))


def _enters_plainly(data: bytes) -> bool:
    """Whether a line begins with `with` and names an attribute there."""
    return any(_ITEMS.match(data, place) is not None for place, _ in lines_with(data, b"with"))
