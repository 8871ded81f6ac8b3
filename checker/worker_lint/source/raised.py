"""What the bytes of a file tell of what it raises, before it is parsed: too much rather than too little."""

from __future__ import annotations

import re
from typing import Final

RAISES_CONSTANT: Final = "raise NotImplemented"
"""A word of the screen: files in which the constant, not the exception of nearly the same name, may be raised."""

_NAME: Final = re.compile(rb"NotImplemented(?!\w)")
_RAISED: Final = re.compile(rb"\braise(?:[\s\\(]|#[^\r\n]*[\r\n])*NotImplemented(?!\w)")


def raises_constant(data: bytes) -> bool:
    """Whether the name stands behind `raise`, with nothing but brackets, white space and comments between them."""
    return _NAME.search(data) is not None and _RAISED.search(data) is not None
