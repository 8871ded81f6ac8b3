"""Adds a decorator to a function, or moves one to the inside."""

from __future__ import annotations

import libcst as cst

from worker_lint.fixing.expression import dotted
from worker_lint.fixing.importing import Imports
from worker_lint.fixing.outcome import RefusedError
from worker_lint.fixing.splice import Splice
from worker_lint.fixing.tree import Site, Tree
from worker_lint.rule.edits import AddDecorator, MoveDecorator


def add_decorator(
    tree: Tree, function: cst.FunctionDef, site: Site, edit: AddDecorator, imports: Imports
) -> list[Splice]:
    """The change that decorates a function; none if it is decorated so already."""
    place = imports.place(function, site.enclosing)
    present = {_code(decorator) for decorator in function.decorators}
    if present & imports.forms(edit.decorator, edit.need, place):
        return []
    text = imports.write(edit.decorator, edit.need, place)
    outermost = function.decorators[0] if function.decorators and not edit.innermost else function
    start = tree.start(outermost)
    line = tree.lines.line_at(start)
    return [Splice(start, start, f"@{text}{tree.lines.eol(line)}{tree.lines.indent(line)}")]


def move_decorator(tree: Tree, function: cst.FunctionDef, edit: MoveDecorator) -> list[Splice]:
    """The changes that make a decorator the innermost one; none if it is."""
    wanted = tree.offset_of(edit.decorator[0], edit.decorator[1])
    starts = [{tree.start(found), tree.start(found.decorator)} for found in function.decorators]
    index = next((number for number, places in enumerate(starts) if wanted in places), None)
    if index is None:
        raise RefusedError("not found", f"no decorator at line {edit.decorator[0]}, column {edit.decorator[1]}")
    if index == len(function.decorators) - 1:
        return []
    decorator, lines = function.decorators[index], tree.lines
    first, last = lines.line_at(tree.start(decorator)), tree.last_line(decorator)
    # Comments above the outermost decorator speak of the whole definition and stay.
    while index and _is_comment(tree, first - 1):
        first -= 1
    target = lines.start(lines.line_at(tree.start(function)))
    start, stop = lines.start(first), lines.start(last + 1)
    return [Splice(start, stop, ""), Splice(target, target, tree.text[start:stop])]


def _is_comment(tree: Tree, number: int) -> bool:
    return tree.lines.content(number).lstrip(" \t\f").startswith("#")


def _code(decorator: cst.Decorator) -> str:
    return dotted(decorator.decorator) or cst.Module([]).code_for_node(decorator.decorator)
