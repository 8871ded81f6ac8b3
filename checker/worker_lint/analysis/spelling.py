"""
Names that are almost another name: the restricted edit distance of Damerau and Levenshtein, with
the differences that are habit and not slips left out.
"""

from __future__ import annotations

from collections.abc import Iterable

_SHORTEST = 4
_LONG = 8


def edit_distance(first: str, second: str) -> int:
    """
    Insertions, deletions, replacements and swaps of neighbours that turn one name into the other
    (optimal string alignment, as described by Oommen and Loke, 1997).
    """
    before: list[int] = []
    row = list(range(len(second) + 1))
    for i, left in enumerate(first, 1):
        earlier, before, row = before, row, [i]
        for j, right in enumerate(second, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (left != right))
            if i > 1 and j > 1 and left == second[j - 2] and first[i - 2] == right:
                cost = min(cost, earlier[j - 2] + 1)
            row.append(cost)
    return row[-1]


def is_slip(written: str, meant: str) -> bool:
    """
    Whether one name looks like the other mistyped: one letter off, or two in a long name. Not a
    slip: a leading underscore, the `a` of an asynchronous twin, a final digit, and names that differ
    in a whole part such as `on_start` and `on_stop`.
    """
    if written == meant or min(len(written), len(meant)) < _SHORTEST or _is_habit(written, meant):
        return False
    if written.lower().replace("_", "") == meant.lower().replace("_", ""):
        return True
    allowed = 2 if min(len(written), len(meant)) >= _LONG else 1
    if abs(len(written) - len(meant)) > allowed or edit_distance(written, meant) > allowed:
        return False
    return not _differs_in_a_word(written, meant)


def closest(written: str, candidates: Iterable[str]) -> str | None:
    """The one candidate that the name may be a slip of; None when there is none or more than one."""
    found = [candidate for candidate in candidates if is_slip(written, candidate)]
    return found[0] if len(found) == 1 else None


def _is_habit(written: str, meant: str) -> bool:
    shorter, longer = sorted((written, meant), key=len)
    if written.strip("_") == meant.strip("_") and not written.startswith("__") and not meant.startswith("__"):
        return True
    if longer in {
        f"a{shorter}",
        f"_a{shorter.removeprefix('_')}",
        f"{shorter}s",
        f"i{shorter}",
        f"un{shorter}",
        f"re{shorter}",
    }:
        return True
    return written.rstrip("0123456789") == meant.rstrip("0123456789")


def _differs_in_a_word(written: str, meant: str) -> bool:
    """Parts between underscores that differ must still resemble each other, or they are other words."""
    left, right = written.strip("_").split("_"), meant.strip("_").split("_")
    if len(left) != len(right):
        return False
    return any(
        one != other and (min(len(one), len(other)) < _SHORTEST or one[0] != other[0])
        for one, other in zip(left, right, strict=True)
    )
