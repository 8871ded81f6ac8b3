"""Adds bases and keywords to the header of a class."""

from __future__ import annotations

from collections.abc import Sequence

import libcst as cst

from worker_lint.fixing.expression import dotted
from worker_lint.fixing.importing import Imports
from worker_lint.fixing.listing import insert_items
from worker_lint.fixing.outcome import RefusedError
from worker_lint.fixing.splice import Splice
from worker_lint.fixing.tree import Site, Tree
from worker_lint.rule.edits import AddBase

_LAST_BASES = ("object", "Generic", "Protocol")
"""Bases that stand behind all others: `object` must, the others do by custom."""


def add_bases(tree: Tree, cls: cst.ClassDef, site: Site, edits: Sequence[AddBase], imports: Imports) -> list[Splice]:
    """The changes for all bases and keywords that one fix adds to a class; none if they are there."""
    place = imports.place(cls, site.enclosing)
    items: dict[int, dict[str, None]] = {}  # ordered sets: an edit that is asked for twice is made once
    for edit in sorted(edits, key=lambda edit: bool(edit.keyword)):  # keywords stand behind all bases
        if not _is_there(cls, edit, imports.forms(edit.base, edit.need, place)):
            text = imports.write(edit.base, edit.need, place)
            items.setdefault(_index(cls, edit), {})[f"{edit.keyword}={text}" if edit.keyword else text] = None
    if not items:
        return []
    spans = [(tree.start(arg), tree.end(arg)) for arg in (*cls.bases, *cls.keywords)]
    if not spans:
        return [_into_empty(tree, cls, ", ".join(text for _, texts in sorted(items.items()) for text in texts))]
    found: list[Splice] = []
    for index, texts in items.items():
        found += insert_items(tree.lines, spans, index, list(texts), bracketed=True)
    return found


def _is_there(cls: cst.ClassDef, edit: AddBase, forms: set[str]) -> bool:
    """Whether the class has the base or keyword in any form; raises if the keyword has another value."""
    if not edit.keyword:
        return any(_code(arg) in forms for arg in cls.bases)
    for arg in cls.keywords:
        if arg.keyword is not None and arg.keyword.value == edit.keyword:
            if _code(arg) in forms:
                return True
            raise RefusedError("unsuitable", f"the class has {edit.keyword}={_code(arg)} already")
    return False


def _index(cls: cst.ClassDef, edit: AddBase) -> int:
    """Before which of the arguments of the header the new one goes."""
    if edit.keyword:
        return len(cls.bases) + len(cls.keywords)
    if edit.first:
        return 0
    index = len(cls.bases)
    while index and _last_name(cls.bases[index - 1]) in _LAST_BASES:
        index -= 1
    return index


def _last_name(arg: cst.Arg) -> str:
    value = arg.value.value if isinstance(arg.value, cst.Subscript) else arg.value
    return (dotted(value) or "").rpartition(".")[2] if not arg.star else ""


def _code(arg: cst.Arg) -> str:
    return dotted(arg.value) or cst.Module([]).code_for_node(arg.value)


def _into_empty(tree: Tree, cls: cst.ClassDef, text: str) -> Splice:
    if isinstance(cls.lpar, cst.LeftParen) and isinstance(cls.rpar, cst.RightParen):
        opening, closing = tree.start(cls.lpar) + 1, tree.start(cls.rpar)
        # A comment between empty parentheses stays behind the new base.
        return Splice(opening, opening if "#" in tree.text[opening:closing] else closing, text)
    end = tree.end(cls.type_parameters if cls.type_parameters is not None else cls.name)
    return Splice(end, end, f"({text})")
