"""
Source to IR by LibCST's own parser, for syntax that the running interpreter's `ast` refuses.

The tree of LibCST is turned into the very `ast` tree that a newer Python would make, and lowered
by the same code: shape, imports and order of names cannot differ. It is some twenty times slower
than `ast`, so only what nothing else reads comes here.

It reads what the installed release of LibCST knows: with 1.8, type parameters and their defaults
(PEP 695, 696), the f-strings of PEP 701, `except` without parentheses (PEP 758) and t-strings
(PEP 750); later ones more.
"""

from __future__ import annotations

import ast
import re
from typing import Final

from libcst import Module, parse_module

from worker_lint.source.lower_cst.limits import is_tractable
from worker_lint.source.lower_cst.positions import Positions
from worker_lint.source.lower_cst.statements import Conversion
from worker_lint.source.mask import mask_of

_FORM_FEED: Final = re.compile(r"^[ \t\f]*\f", re.MULTILINE)


def parse_tree(source: str) -> ast.Module | None:
    """
    The tree that a Python which knows the syntax would give; None when LibCST refuses the text too, or
    when the text is beyond what LibCST can be given (see `limits`).

    Line ends must be plain newlines.

    Raises:
        RecursionError: the code is nested too deeply.
    """
    mask = mask_of(source)
    if mask is None or not is_tractable(mask):
        return None
    text, cut = _without_form_feeds(source, mask)
    module = _parsed(text)
    if module is None:
        return None
    try:
        return Conversion(Positions(module, source.split("\n"), cut)).module(module)
    except (ValueError, KeyError):
        return None


def _parsed(source: str) -> Module | None:
    try:
        return parse_module(source)
    except (KeyboardInterrupt, SystemExit, RecursionError, MemoryError):
        raise
    except BaseException:  # noqa: BLE001  # a panic of the native parser is no Exception; any failure is a refusal
        return None


def _without_form_feeds(source: str, mask: str) -> tuple[str, dict[int, int]]:
    """
    The text without form feeds before the first word of a line, and how much was cut from which line.

    Python counts the indentation anew after a form feed; LibCST drops it from its tree.
    """
    if "\f" not in mask:
        return source, {}
    pieces, cut, done, line = [], {}, 0, 1
    for found in _FORM_FEED.finditer(mask):
        pieces.append(source[done : found.start()])
        line += source.count("\n", done, found.start())
        cut[line] = len(found[0])
        done = found.end()
    return "".join([*pieces, source[done:]]), cut
