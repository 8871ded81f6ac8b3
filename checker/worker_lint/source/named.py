"""What the bytes of a file tell of names that its code uses, before it is parsed: too much rather than too little."""

from __future__ import annotations

import re
from typing import Final

NAMES_CHILD: Final = "Thread or Process"
"""A word of the screen: files in which a name ends in one of these, other than before the next word of a sentence."""

_KEYWORDS: Final = rb"(?:and|as|async|else|for|from|if|import|in|is|not|or)\b"
_CHILD: Final = re.compile(rb"(?:Thread|Process)(?!\w|[ \t]+(?!" + _KEYWORDS + rb")[A-Za-z_])")
"""In code only a keyword can follow a name, with nothing but blanks between them."""


def names_child(data: bytes) -> bool:
    """Whether a name that ends in `Thread` or `Process` may stand in code."""
    return (b"Thread" in data or b"Process" in data) and _CHILD.search(data) is not None
