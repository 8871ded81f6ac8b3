"""
What LibCST's native parser may be given.

It descends once per level of nesting and ends the whole process when the stack is full: seen from
1,000 open parentheses on, and from 5,000 branches of one `if`, on a stack of 8 MB; a stack may be
as small as 1 MB. Its time is quadratic in the length of a chain of operators, and exponential in the
nesting of a pattern or of the target of `del`: 30 brackets there take minutes (LibCST 1.9).
Real code stays far below these limits.
"""

from __future__ import annotations

import re
from typing import Final

BRACKETS: Final = 60
"""Open brackets, those of f-strings included."""

BRACKETS_OF_TARGETS: Final = 8
"""Open brackets in a pattern and in the target of a `del`."""

CHAIN: Final = 500
"""Operators, dots, calls and adjacent strings between two commas or line ends."""

BRANCHES: Final = 1_000
"""`elif` in a file."""

_MARK: Final = re.compile(
    r"[(\[{]|[)\]}]|,|\n|(?<=\n)[ \t\f]*(?:case|del)\b|"
    r"\b(?:and|await|elif|else|if|in|is|lambda|not|or)\b|[-+*/%@&|^~<>=!.]+|\"+"
)


def is_tractable(mask: str) -> bool:
    """Whether LibCST parses the text in reasonable time and depth; `mask` is that of `source.mask`."""
    if mask.count("elif") > BRANCHES:
        return False
    chains, limit = [0], BRACKETS
    for found in _MARK.finditer(f"\n{mask}"):
        mark = found[0]
        if mark in "([{":
            chains.append(0)
            if len(chains) > limit:
                return False
        elif mark == ",":
            chains[-1] = 0
        elif mark == "\n":
            if len(chains) == 1:
                chains[0], limit = 0, BRACKETS
        elif mark.endswith(("case", "del")):
            limit = BRACKETS_OF_TARGETS
        else:
            if mark in ")]}" and len(chains) > 1:
                chains.pop()
            chains[-1] += 1
            if chains[-1] > CHAIN:
                return False
    return True
