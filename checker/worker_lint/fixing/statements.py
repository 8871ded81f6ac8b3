"""Removes statements, and replaces the text of a span."""

from __future__ import annotations

import libcst as cst

from worker_lint.fixing.importing import Imports, Place, asked_name
from worker_lint.fixing.outcome import RefusedError
from worker_lint.fixing.splice import Splice
from worker_lint.fixing.tree import Site, Tree
from worker_lint.rule.edits import NEEDED, RemoveStatement, Replace


def remove_statement(tree: Tree, edit: RemoveStatement) -> list[Splice]:
    """The change that takes a statement out; the last one of a block becomes `pass`."""
    site = tree.statement_at(edit.statement)
    holder = site.line.body if site.line is not None else site.block
    if len(site.block) == 1 and len(holder) == 1 and not _is_module_level(tree, site):
        return [Splice(_first(tree, site), tree.end(site.node), "pass")]
    if isinstance(site.node, cst.BaseSmallStatement) and len(holder) > 1:
        return [_from_row(tree, site.node, [part for part in holder if isinstance(part, cst.BaseSmallStatement)])]
    return [_whole_lines(tree, site)]


def _is_module_level(tree: Tree, site: Site) -> bool:
    return site.block is tree.module.body


def _first(tree: Tree, site: Site) -> int:
    decorators = getattr(site.node, "decorators", ())
    return tree.start(decorators[0] if decorators else site.node)


def _from_row(tree: Tree, node: cst.BaseSmallStatement, row: list[cst.BaseSmallStatement]) -> Splice:
    """One of several statements on a line, with the semicolon that parts it from its neighbour."""
    index = row.index(node)
    if index + 1 < len(row):
        return Splice(tree.start(node), tree.start(row[index + 1]), "")
    return Splice(tree.end(row[index - 1]), tree.end(node), "")


def _whole_lines(tree: Tree, site: Site) -> Splice:
    lines = tree.lines
    first, last = lines.line_at(_first(tree, site)), tree.last_line(site.node)
    # Where it stood between blank lines, or first in its block, those below it go too.
    opens = site.block[0] in (site.node, site.line)
    if opens or (first > 1 and lines.is_blank(first - 1)):
        while last < lines.count and lines.is_blank(last + 1):
            last += 1
    if last < lines.count:
        return Splice(lines.start(first), lines.start(last + 1), "")
    start = lines.stop(first - 1) if first > 1 else 0
    return Splice(start, lines.stop(last), "")


def replace(tree: Tree, edit: Replace, imports: Imports) -> list[Splice]:
    """The change of a span's text, with the import that it needs; none if it reads so already."""
    start, end = tree.offset_of(edit.span[0], edit.span[1]), tree.offset_of(edit.span[2], edit.span[3])
    if start > end:
        raise RefusedError("not found", f"the span that begins on line {edit.span[0]} ends before it begins")
    new = edit.text.replace("\n", tree.lines.eol(edit.span[0]))
    if edit.need is not None:
        new = new.replace(NEEDED, imports.write(asked_name(edit.need), edit.need, Place(start, frozenset())))
    if _stands_at(tree.text, start, new, end):
        return []
    if _cuts(tree.text, start) or _cuts(tree.text, end):
        raise RefusedError("not found", f"the span on line {edit.span[0]} begins or ends inside a name")
    return [Splice(start, end, new)]


def _stands_at(text: str, start: int, new: str, end: int) -> bool:
    """Whether the replacement was made before, as far as the old span can tell."""
    stop = start + len(new)
    grown = bool(new) and stop >= end and text.startswith(new, start)
    return grown and not _cuts(text, start) and not _cuts(text, stop)


def _cuts(text: str, offset: int) -> bool:
    """Whether an offset lies inside a name or number."""
    return 0 < offset < len(text) and _in_name(text[offset - 1]) and _in_name(text[offset])


def _in_name(char: str) -> bool:
    return char == "_" or char.isalnum()
