"""The import section of a file: what stands where, and to which group an import belongs."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import PurePosixPath
from typing import NamedTuple

import libcst as cst

from worker_lint.fixing.binding import import_lines, is_type_checking
from worker_lint.fixing.expression import dotted
from worker_lint.fixing.tree import Tree, is_text

FUTURE, STANDARD, THIRD_PARTY, FIRST_PARTY, RELATIVE, CHECKERS = range(6)
"""Groups in the order in which they are written; the block for type checkers comes last."""


class Key(NamedTuple):
    """The order within a group: `import` before `from`, then by module."""

    is_from: bool
    module: str


@dataclass(frozen=True, slots=True)
class Entry:
    """An import statement that stands in the section; `first` and `last` are its lines."""

    statement: cst.Import | cst.ImportFrom
    group: int
    key: Key
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Section:
    """
    The imports before the first class or function of a module, and the block for type checkers.

    `joined` holds the pairs of groups between which the file leaves no blank line.
    """

    entries: tuple[Entry, ...]
    checkers: cst.If | None
    checker_entries: tuple[Entry, ...]
    joined: frozenset[frozenset[int]]


def read_section(tree: Tree, path: str) -> Section:
    """The import section of a module."""
    limit = _first_definition(tree)
    found = [line for line in import_lines(tree) if tree.start(line.statement) < limit]
    entries = tuple(_entry(tree, line.statement, path) for line in found if line.top_level)
    block = next((part for part in tree.module.body if _is_checker_block(part) and tree.start(part) < limit), None)
    inner: tuple[Entry, ...] = ()
    if isinstance(block, cst.If):
        first, last = tree.start(block), tree.end(block.body)
        inside = [line for line in found if line.typing_only and first < tree.start(line.statement) < last]
        inner = tuple(_entry(tree, line.statement, path) for line in inside)
    return Section(entries, block if isinstance(block, cst.If) else None, inner, _joined(entries))


def _first_definition(tree: Tree) -> int:
    definitions = [part for part in tree.module.body if isinstance(part, (cst.ClassDef, cst.FunctionDef))]
    return tree.start(definitions[0]) if definitions else len(tree.text) + 1


def _is_checker_block(statement: cst.BaseStatement | cst.BaseSmallStatement) -> bool:
    return (
        isinstance(statement, cst.If) and is_type_checking(statement) and isinstance(statement.body, cst.IndentedBlock)
    )


def _entry(tree: Tree, statement: cst.Import | cst.ImportFrom, path: str) -> Entry:
    if isinstance(statement, cst.ImportFrom):
        module, level = (dotted(statement.module) or "") if statement.module else "", len(statement.relative)
    else:
        module, level = statement.names[0].evaluated_name, 0
    lines = tree.lines
    first, last = lines.line_at(tree.start(statement)), tree.last_line(statement)
    return Entry(statement, group_of(module, level, path), key_of(module, level, statement), first, last)


def key_of(module: str, level: int, statement: cst.Import | cst.ImportFrom | None = None) -> Key:
    """The place of an import in its group; without a statement, of a `from` import."""
    # Distant packages come first, as isort and ruff order relative imports.
    dots = "" if not level else chr(0x7F - min(level, 9))
    return Key(not isinstance(statement, cst.Import), f"{dots}{module.lower()}")


def group_of(module: str, level: int, path: str) -> int:
    """The group of an imported module; packages among the file's own folders count as first party."""
    if level:
        return RELATIVE
    top = module.partition(".")[0]
    if top == "__future__":
        return FUTURE
    if top in sys.stdlib_module_names:
        return STANDARD
    return FIRST_PARTY if top in PurePosixPath(path).parent.parts else THIRD_PARTY


def _joined(entries: Sequence[Entry]) -> frozenset[frozenset[int]]:
    return frozenset(
        frozenset((above.group, below.group))
        for above, below in pairwise(entries)
        if above.group != below.group and below.first == above.last + 1
    )


def boundary_for(entries: Iterable[Entry], group: int, key: Key) -> int | None:
    """Behind which line a new import goes, None if there is no import to go by."""
    row = [entry for entry in entries if entry.group == group]
    if row:
        above = [entry for entry in row if entry.key <= key]
        if [entry.key for entry in row] != sorted(entry.key for entry in row):
            return row[-1].last
        return above[-1].last if above else row[0].first - 1
    lower = [entry for entry in entries if entry.group < group]
    if lower:
        return lower[-1].last
    higher = [entry for entry in entries if entry.group > group]
    return higher[0].first - 1 if higher else None


def line_behind_head(tree: Tree) -> int:
    """The last line of the docstring, or of the comments at the top of a file without one."""
    body = tree.module.body
    first = body[0]
    if is_text(first):
        return tree.last_line(first)
    node = first.body[0] if isinstance(first, cst.SimpleStatementLine) else first
    line = top = tree.first_line(node)
    while top > 1 and _is_comment(tree, top - 1):
        top -= 1
    # Comments right above the first statement are about it, unless they open the file.
    return line - 1 if top == 1 else top - 1


def _is_comment(tree: Tree, line: int) -> bool:
    return tree.lines.content(line).lstrip(" \t\f").startswith("#")


def is_code(tree: Tree, line: int) -> bool:
    """Whether a line holds more than blanks and a comment."""
    return not tree.lines.is_blank(line) and not _is_comment(tree, line)


def blank_lines_before(tree: Tree, line: int) -> int:
    """Blank lines to leave above a statement: two for a definition."""
    for number in range(line, tree.lines.count + 1):
        if not _is_comment(tree, number):
            content = tree.lines.content(number).lstrip("\f")
            return 2 if content.startswith(("class ", "def ", "async ", "@")) else 1
    return 1
