"""
The text of a file without the bodies of its functions, for the parser.

A record holds nothing of most bodies but where they stand, and `ast.parse` takes most of the time
of a cold run. So a body becomes two names, one at its first statement and one that ends where its
last statement ends, and everything else keeps its place. What the record does take from a body
is looked for first: imports stay where they are, a `yield` stands for all, and a body with a trace
of the rest (inner classes, "not implemented") stays as it is.

Only a parser can tell a body from the picture of one in a string, so each must come back from the
parser as what it was taken for; else the file has no outline.
"""

from __future__ import annotations

import ast
import re
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Final, NamedTuple

from worker_lint.source.blocks import blocks_of
from worker_lint.source.pattern import pattern

# Nothing here is ever tried a second way: hostile text costs one pass for each `def` in it.
_BRACKETS: Final = r"\((?>[^()#]+|\#[^\n]*+|\((?>[^()]+|\((?>[^()]+|\([^()]*+\))*+\))*+\))*+\)"
_BLANK: Final = r"(?:[ ]*+(?:\#[^\n]*+)?\n)*+"
_FUNCTION: Final = pattern(
    rf"""(?P<outer>[ ]*+)(?:async[ ]+)?def[ ]+\w++[ ]*+(?:\[[^\n]*?\])?[ ]*+{_BRACKETS}[^:\n]*+:[ ]*+(?:\#[^\n]*+)?\n
    {_BLANK}
    (?P<doc>(?P=outer)[ ]++[rR]?\"\"\"(?>[^"\\]++|\\.|"(?!""))*+\"\"\"[ ]*+\n{_BLANK})?+
    (?P<inner>(?P=outer)[ ]++)(?!(?i:[rbfut]{{1,2}})["'])[A-Za-z_]
    """,
    re.VERBOSE | re.DOTALL,
)
"""A `def` at the start of a line, up to the first character of its first statement, the docstring left aside."""

_DEFINITION: Final = pattern(r"def[ ]")
_DEEPEST: Final = 120
"""Columns before a `def` that are looked at."""

_KEPT: Final = ("class ", "class\\", "NotImplemented", "'''", " " * 90)
"""
What a record takes from a body, what makes its shape hard to tell, strings over several lines, and blocks so deep that
the parser might refuse them for it.
"""

_DOCSTRING: Final = pattern(r'^[ ]++"""[^"\\\n]*+"""[ ]*$', re.MULTILINE)
"""A docstring of an inner function, on one line: the one string in three quotes that a body may hold."""

_WORK: Final = pattern(
    r"^[ ]+(?:(?:if|for|while|with|try|raise|assert|async|await)\b|return[ ]+[^N(#;\\\s]"
    r"|(?!(?:return|not|and|or|in|is|lambda|else|elif|pass)\b)[A-Za-z_][\w.]*[ ]*[=(\[+:])",
    re.MULTILINE,
)
"""The start of a line that only a body which does something can hold."""

_SCOPE: Final = pattern(r"(?:def|lambda)\b")
"""Where a function inside the body may begin, whose imports and `yield` are none of the body's."""

_YIELD: Final = pattern(r"^[ ]+(?:[\w.]+[ ]*=[ ]*)?(?:await[ ]+)?\(?yield\b", re.MULTILINE)
_DELETING: Final = pattern(r"\bdel\b")
_IMPORTING: Final = pattern(r"\bimport\b")
_IMPORT: Final = pattern(
    r"^(?P<margin>[ ]++)(?:from[ ]+[.\w]+[ ]+import[ ]*+(?:\([^()#;\"']*+\)[ ]*+|[\w*][^\n;#]*+)|import[ ]++[^\n;#]++)"
    r"(?:\#[^\n]*+)?\n",
    re.MULTILINE,
)


_FIRST: Final = (ast.Expr, ast.Import, ast.ImportFrom)


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
    done = passed = line = counted = 0
    for definition in _DEFINITION.finditer(source):
        place = definition.start()
        if place < passed:
            continue  # inside a body that is left out, or a docstring
        _, newline, before = source[max(place - _DEEPEST, 0) : place].rpartition("\n")
        if before.strip(" ") not in {"", "async"} or not (newline or place <= _DEEPEST):
            continue
        margin = place - len(before)
        found = _FUNCTION.match(source, margin)
        if found is None:
            continue
        start = passed = found.start("inner")
        end = _end_of_block(source, found.end(), found.end("outer") - margin)
        names = _names_for(source[start:end], found["inner"]) if end else None
        if names is None:
            continue  # functions inside it may do
        header = line + source.count("\n", counted, margin)
        line, counted = header + source.count("\n", margin, start), start
        bodies[header + 1] = line + 1
        pieces += [source[done:start], names]
        done = passed = end
    if not bodies:
        return None
    return Outline("".join([*pieces, source[done:]]), bodies)


@lru_cache(maxsize=64)
def _dedent(outer: int) -> re.Pattern[str]:
    """The start of a line with code that stands no further in than this."""
    return pattern(rf"\n[ ]{{0,{outer}}}+[^ \n#]")


def _end_of_block(source: str, place: int, outer: int) -> int:
    """Where the last line of code that stands further in than `outer` ends; 0 if the text ends in the middle of it."""
    found = _dedent(outer).search(source, place)
    end = found.start() if found is not None else len(source)
    while True:
        start = source.rfind("\n", place, end) + 1
        if not start:
            start = place
            break
        last = source[start:end].lstrip(" ")
        if last and last[0] != "#":
            break
        end = start - 1
    return end + 1 if end < len(source) else 0


def _names_for(body: str, indentation: str) -> str | None:
    """What stands for a body, as many lines as it has; None when it must stay."""
    final = body.rfind("\n", 0, -1) + 1
    last = body[final:-1].rstrip(" ")
    width = len(last) - len(indentation)
    if not final or width < 1 or "#" in last or last[-1] in "\\;" or not last.isascii():
        return None
    if '"""' in body:
        body_code = _DOCSTRING.sub("", body)
        if '"""' in body_code:
            return None
    else:
        body_code = body
    if any(word in body_code for word in _KEPT) or ("del" in body_code and _DELETING.search(body_code) is not None):
        return None
    yields = "yield" in body_code
    imports = len(_IMPORTING.findall(body_code)) if "import" in body_code else 0
    if not (yields or imports):
        lines = "\n" * (body.count("\n") - 1)
        return f"{indentation}_{lines}{indentation}{'_' * width}\n" if _WORK.search(body_code) is not None else None
    if "\\\n" in body:
        return None
    scope = _SCOPE.search(body)
    limit = min(final, scope.start()) if scope is not None else final
    if yields and ((own := _YIELD.search(body)) is None or (scope is not None and own.start() > scope.start())):
        return None
    found = [*_IMPORT.finditer(body)] if imports else []
    if len(found) != imports or any(item.end() > limit for item in found):
        return None
    if found and found[0].start() == 0:
        return None if yields else _names_around(body, found, indentation, "", width)
    return _names_around(body, found, indentation, "yield" if yields else "_", width)


def _names_around(body: str, imports: Sequence[re.Match[str]], indentation: str, first: str, width: int) -> str | None:
    """The same for a body of which the imports stay, each in its place; None when they cannot."""
    pieces = [indentation + first] if first else []
    done = 0
    for item in imports:
        lines = body.count("\n", done, item.start())
        pieces.append("\n" * lines)
        deeper = len(item["margin"]) - len(indentation)
        if deeper == 1 or deeper < 0 or (deeper and ("except" in body or "case" in body)):
            return None  # the record lists those of handlers and cases first
        if deeper:
            pieces.append(f"{indentation}_;{item[0][len(indentation) + 2 : -1]}")
        else:
            pieces.append(item[0][:-1])
        done = item.end() - 1
    pieces += ["\n" * (body.count("\n", done) - 1), indentation, "_" * width, "\n"]
    return "".join(pieces)


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
    return any(isinstance(part, _FIRST) and part.lineno == line for part in node.body[:2])
