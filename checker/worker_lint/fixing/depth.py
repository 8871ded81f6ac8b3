"""
Keeps deeply nested code away from LibCST.

Its native parser (1.9) takes time that grows with the square of the depth of an expression, and
ends the whole process when brackets are nested some thousand times.
"""

from __future__ import annotations

import ast
import io
import tokenize
import warnings
from typing import Final

from worker_lint.fixing.outcome import RefusedError

BRACKET_LIMIT: Final = 200
"""Nested brackets; the limit of CPython's own parser."""

CHAIN_LIMIT: Final = 1_500
"""Operators, dots and keywords in a row between commas, assignments and line ends."""

_CHAIN_ENDS: Final = frozenset((",", "=", ";"))


def require_shallow(text: str) -> None:
    """
    Lets a text pass that LibCST can read, or refuse, in reasonable time.

    What the running interpreter parses is shallow enough. Text that it does not know (a newer
    grammar, or no Python) is judged by its tokens.

    Raises:
        RefusedError: the text is nested too deeply.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(text)
    except (RecursionError, MemoryError):
        raise too_deep() from None
    except SyntaxError as error:
        _require_shallow_tokens(text, error.lineno or 1)
    except ValueError:
        raise RefusedError("unreadable", "the file holds characters that no Python file may") from None


def too_deep() -> RefusedError:
    """The refusal of deeply nested code."""
    return RefusedError("unreadable", "the code is nested too deeply for LibCST")


def _require_shallow_tokens(text: str, line: int) -> None:
    """`line` is where the interpreter's parser gave up."""
    brackets = chain = 0
    try:
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            if token.type == tokenize.NEWLINE or token.string in _CHAIN_ENDS:
                chain = 0
            elif token.type in (tokenize.OP, tokenize.NAME):
                chain += 1
                brackets += (token.string in "([{") - (token.string in ")]}")
            if brackets > BRACKET_LIMIT or chain > CHAIN_LIMIT:
                raise too_deep()
    except (tokenize.TokenError, SyntaxError):
        raise RefusedError("unreadable", f"line {line} does not parse") from None
