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
"""Characters of operators, dots, calls and adjacent strings between two commas or line ends."""

BRANCHES: Final = 1_000
"""`elif` in a file."""

_MARK: Final = re.compile(
    r"[(\[{]|[)\]}]|,|\n|(?<=[\n;:])[ \t\f]*(?:case|del)\b|"
    r"\b(?:and|await|elif|else|if|in|is|lambda|not|or)\b|[-+*/%@&|^~<>=!.]+|\"+"
)


def is_tractable(mask: str) -> bool:
    """Whether LibCST parses the text in reasonable time and depth; `mask` is that of `source.mask`."""
    if mask.count("elif") > BRANCHES:
        return False
    chains = _Chains()
    return all(chains.takes(found[0]) for found in _MARK.finditer(f"\n{mask}"))


class _Chains:
    """The lengths of the chains that are open, one per open bracket and one outside."""

    def __init__(self) -> None:
        self.lengths = [0]
        self.limit = BRACKETS

    def takes(self, mark: str) -> bool:
        """Counts one more mark; says whether all is still within the limits."""
        if mark in "([{":
            self.lengths.append(0)
        elif mark == ",":
            self.lengths[-1] = 0
        elif mark == "\n":
            self.end_line()
        elif mark.endswith(("case", "del")):
            self.limit = BRACKETS_OF_TARGETS
        else:
            if mark in ")]}" and len(self.lengths) > 1:
                self.lengths.pop()
            self.lengths[-1] += 1 if mark[0].isalpha() or mark[0] == '"' else len(mark)  # `-----x` is five operators
        return len(self.lengths) <= self.limit and self.lengths[-1] <= CHAIN

    def end_line(self) -> None:
        if len(self.lengths) == 1:
            self.lengths[0] = 0
            self.limit = BRACKETS
