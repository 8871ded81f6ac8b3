"""What the bytes of a file tell of names that its code uses, before it is parsed: too much rather than too little."""

from __future__ import annotations

import re
from typing import Final

NAMES_CHILD: Final = "Thread or Process"
"""A word of the screen: files in which a name ends in one of these, other than before the next word of a sentence."""
STARTS_WORK: Final = "submit or create_task"
"""A word of the screen: files in which a name by which work is started stands by itself, or an executor is named."""

_KEYWORDS: Final = rb"(?:and|as|async|else|for|from|if|import|in|is|not|or)\b"
_CHILD: Final = re.compile(rb"(?:Thread|Process)(?!\w|[ \t]+(?!" + _KEYWORDS + rb")[A-Za-z_])")
"""In code only a keyword can follow a name, with nothing but blanks between them."""

_STARTER: Final = re.compile(
    rb"(?<!\w)(?:submit|apply_async|create_task|ensure_future|as_completed|run_coroutine_threadsafe)(?!\w)"
)
STARTERS_NAMED: Final = (b"submit", b"apply_async", b"create_task", b"ensure_future", b"as_completed", b"_threadsafe")


def names_child(data: bytes) -> bool:
    """Whether a name that ends in `Thread` or `Process` may stand in code."""
    return (b"Thread" in data or b"Process" in data) and _CHILD.search(data) is not None


def starts_work(data: bytes) -> bool:
    """Whether code may start something by one of the names that are known to do so, or by a method of an executor."""
    if not any(word in data for word in STARTERS_NAMED):
        return False
    return b"xecutor" in data or b"futures" in data or _STARTER.search(data) is not None
