"""
An `if` with thousands of `elif`, parsed flat.

Each `elif` is one level of the tree, and Python refuses a tree of some 3,000 levels (3.11, 3.12).
Generated code has such chains. Written as `if  `, which keeps every column, they are as many
statements in a row, and the chain is put together afterwards.
"""

from __future__ import annotations

import ast
import re
import warnings
from bisect import bisect_right
from collections.abc import Iterator
from typing import Final

from worker_lint.source.blocks import blocks_of
from worker_lint.source.mask import mask_of

_ELIF: Final = re.compile(r"^[ \t\f]*(?P<word>elif)\b", re.MULTILINE)


def parse_flattened(source: str) -> ast.Module | None:
    """
    The tree that `ast` would give if it could nest deeply enough; None when this way cannot tell.

    Line ends must be plain newlines.

    Raises:
        RecursionError, MemoryError: something else is nested too deeply.
    """
    mask = mask_of(source)
    places = [found.start("word") for found in _ELIF.finditer(mask)] if mask else []
    if not places:
        return None
    pieces, done = [], 0
    for place in places:
        pieces += [source[done:place], "if  "]
        done = place + len("elif")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse("".join([*pieces, source[done:]]))
    except (SyntaxError, ValueError):
        return None
    return tree if _chain(tree, set(_keys(source, places))) else None


def _keys(source: str, places: list[int]) -> Iterator[tuple[int, int]]:
    """Line and column of each place as `ast` counts them."""
    starts = [0, *(found.end() for found in re.finditer("\n", source))]
    for place in places:
        line = bisect_right(starts, place)
        yield line, len(source[starts[line - 1] : place].encode())


def _chain(tree: ast.Module, keys: set[tuple[int, int]]) -> bool:
    """Hangs each branch under the one before it; says whether every `elif` had one."""
    chained = 0
    pending = [tree.body]
    while pending:
        block = pending.pop()
        kept: list[ast.stmt] = []
        links: list[ast.If] = []
        for node in block:
            pending.extend(blocks_of(node))
            if isinstance(node, ast.If) and (node.lineno, node.col_offset) in keys:
                if not links or links[-1].orelse:
                    return False
                links[-1].orelse = [node]
                links.append(node)
                chained += 1
            else:
                _stretch(links)
                links = [node] if isinstance(node, ast.If) else []
                kept.append(node)
        _stretch(links)
        block[:] = kept
    return chained == len(keys)


def _stretch(links: list[ast.If]) -> None:
    """Every branch ends where the last one does."""
    for link in links[:-1]:
        link.end_lineno, link.end_col_offset = links[-1].end_lineno, links[-1].end_col_offset
