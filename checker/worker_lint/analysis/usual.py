"""The ways through a function on which nothing fails."""

from __future__ import annotations

from collections.abc import Iterable

from worker_lint.analysis.flow import Block


def usual_after(blocks: Iterable[Block]) -> dict[int, Block]:
    """The blocks that ways without an error lead to, from these on, by index, the nearest first."""
    seen: dict[int, Block] = {}
    pending = list(blocks)
    while pending:
        block = pending.pop(0)
        if block.index not in seen:
            seen[block.index] = block
            pending.extend(edge.target for edge in block.out if not edge.is_interrupted)
    return seen


def leading_to(ends: Iterable[Block], among: dict[int, Block]) -> frozenset[int]:
    """The blocks of some, by index, from which a way without an error leads to one of the ends."""
    before: dict[int, list[int]] = {}
    for index, block in among.items():
        for edge in block.out:
            if not edge.is_interrupted:
                before.setdefault(edge.target.index, []).append(index)
    found: set[int] = set()
    pending = [block.index for block in ends]
    while pending:
        index = pending.pop()
        if index not in found:
            found.add(index)
            pending.extend(before.get(index, ()))
    return frozenset(found)
