"""
The text of a file without the bodies of its functions, for the parser.

A record holds nothing of most bodies but where they stand, and `ast.parse` takes most of the time
of a cold run. So a body becomes two names, one at its first statement and one that ends where its
last statement ends, and everything else keeps its place. What the record does take from a body
(imports, inner classes, whether it yields, whether it only says "not implemented") is looked for
first, and a body with a trace of it stays as it is.

Only a parser can tell a body from the picture of one in a string, so each must come back from the
parser as what it was taken for; else the file has no outline.
"""

from __future__ import annotations

import ast
import re
from bisect import bisect_left
from collections.abc import Mapping
from typing import Final, NamedTuple

from worker_lint.source.blocks import blocks_of
from worker_lint.source.pattern import pattern

# Nothing here is ever tried a second way: hostile text costs one pass for each `def` in it.
_BRACKETS: Final = r"\((?>[^()#]+|\#[^\n]*+|\((?>[^()]+|\((?>[^()]+|\([^()]*+\))*+\))*+\))*+\)"
_BLANK: Final = r"(?:[ ]*+(?:\#[^\n]*+)?\n)*+"
_FUNCTION: Final = pattern(
    rf"""^(?P<outer>[ ]*+)(?:async[ ]+)?def[ ]+\w++[ ]*+(?:\[[^\n]*?\])?[ ]*+{_BRACKETS}[^:\n]*+:[ ]*+(?:\#[^\n]*+)?\n
    {_BLANK}
    (?P<doc>(?P=outer)[ ]++[rR]?\"\"\"(?>[^"\\]++|\\.|"(?!""))*+\"\"\"[ ]*+\n{_BLANK})?+
    (?P<body>(?P<inner>(?P=outer)[ ]++)(?!(?i:[rbfut]{{1,2}})["'])[A-Za-z_][^\n]*+\n
        (?:{_BLANK}(?P=outer)[ ]++[^\n]*+\n)++)
    """,
    re.MULTILINE | re.VERBOSE | re.DOTALL,
)
_TAKEN: Final = pattern(r"\b(?:yield|import|class|del)\b|NotImplemented|\"\"\"|'''")
"""What a record takes from a body, what makes its shape hard to tell, and strings over several lines."""

_DOCSTRING: Final = pattern(r'^[ ]++"""[^"\\\n]*+"""[ ]*$', re.MULTILINE)
"""A docstring of an inner function, on one line: the one string in three quotes that a body may hold."""

_WORK: Final = pattern(
    r"^[ ]+(?:(?:if|for|while|with|try|raise|assert|async|await)\b|return[ ]+[^N(#;\\\s]"
    r"|(?!(?:return|not|and|or|in|is|lambda|else|elif|pass)\b)[A-Za-z_][\w.]*[ ]*[=(\[+:])",
    re.MULTILINE,
)
"""The start of a line that only a body which does something can hold."""


class Outline(NamedTuple):
    """A text with names for bodies. `bodies` gives the line of each first name by the line of its `def`."""

    text: str
    bodies: Mapping[int, int]


def outline_of(source: str) -> Outline | None:
    """The outline of a text; None when there is nothing to leave out, or its layout is unusual."""
    if "def " not in source or "\t" in source or "\r" in source or "\f" in source:
        return None
    pieces: list[str] = []
    bodies: dict[int, int] = {}
    done = line = counted = place = 0
    while (found := _FUNCTION.search(source, place)) is not None:
        start, end = found.span("body")
        names = _names_for(found["body"], found["inner"])
        if names is None:
            place = found.start("body")  # functions inside it may do
            continue
        header = line + source.count("\n", counted, found.start())
        line, counted = header + source.count("\n", found.start(), start), start
        bodies[header + 1] = line + 1
        pieces += [source[done:start], names]
        done = place = end
    if not bodies:
        return None
    return Outline("".join([*pieces, source[done:]]), bodies)


def _names_for(body: str, indentation: str) -> str | None:
    """What stands for a body, as many lines as it has; None when it must stay."""
    lines = "\n" * (body.count("\n") - 1)
    last = body[body.rfind("\n", 0, -1) + 1 : -1].rstrip(" ")
    width = len(last) - len(indentation)
    if width < 1 or "#" in last or last[-1] in "\\;" or not body.isascii():
        return None
    if '"""' in body:
        body = _DOCSTRING.sub("", body)
    if _TAKEN.search(body) is not None or _WORK.search(body) is None:
        return None
    return f"{indentation}_{lines}{indentation}{'_' * width}\n"


def is_faithful(tree: ast.Module, outline: Outline) -> bool:
    """Whether the parser took every body that was left out for the body of that function."""
    found = 0
    firsts = sorted(outline.bodies.values())
    pending: list[list[ast.stmt]] = [tree.body]
    while pending:
        for node in pending.pop():
            place = bisect_left(firsts, node.lineno)
            if place == len(firsts) or firsts[place] > (node.end_lineno or node.lineno):
                continue
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and _stands(node, outline):
                found += 1
            pending.extend(blocks_of(node))
    return found == len(outline.bodies)


def _stands(node: ast.FunctionDef | ast.AsyncFunctionDef, outline: Outline) -> bool:
    line = outline.bodies.get(node.lineno)
    return any(isinstance(part, ast.Expr) and part.lineno == line for part in node.body[:2])
