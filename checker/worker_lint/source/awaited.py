"""What the bytes of a file tell of fields that are asked for and filled with what was awaited, before it is parsed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

FILLED_AFTER_WAIT: Final = "if not self.x … self.x = await"
"""A word of the screen: files in which a field is asked whether it is empty, and one of its name is filled late."""

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
