"""How a class is written: indentation, blank lines, quotes of docstrings, type hints."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import libcst as cst

from worker_lint.fixing.tree import Tree

LINE_LENGTH: Final = 88
"""How long a new line may become, unless the file's own lines are longer."""

_LONGEST_LINE: Final = 120
_DOCSTRING = re.compile(r"(?P<prefix>[rRuU]*)(?P<mark>'''|\"\"\"|'|\")(?P<body>.*?)(?P=mark)\Z", re.DOTALL)


@dataclass(frozen=True, slots=True)
class ClassStyle:
    """
    The manners of one class.

    `outer` is the indentation of its header, `inner` that of its body, `unit` one step more.
    `gap` counts blank lines between methods. `hanging`: the text of a docstring stands on lines
    of its own. `annotates`: methods have type hints. `stub_file`: bodies are `...`.
    """

    outer: str
    inner: str
    unit: str
    gap: int
    mark: str
    hanging: bool
    annotates: bool
    stub_file: bool
    line_length: int


def style_of(tree: Tree, cls: cst.ClassDef, path: str) -> ClassStyle:
    """The style of a class; what the class does not show is taken from the rest of its file."""
    outer = tree.lines.indent(tree.lines.line_at(tree.start(cls)))
    inner, unit = _indents(tree, cls, outer)
    stub_file = path.endswith(".pyi")
    mark, hanging = _docstring_style(tree, cls)
    return ClassStyle(
        outer=outer,
        inner=inner,
        unit=unit,
        gap=_gap(tree, cls, 0 if stub_file else 1),
        mark=mark,
        hanging=hanging,
        annotates=_annotates(tree, cls),
        stub_file=stub_file,
        line_length=line_length(tree),
    )


def line_length(tree: Tree) -> int:
    """The length that new lines may have."""
    return max(LINE_LENGTH, min(tree.lines.longest, _LONGEST_LINE))


def _indents(tree: Tree, cls: cst.ClassDef, outer: str) -> tuple[str, str]:
    unit = tree.module.default_indent
    if isinstance(cls.body, cst.IndentedBlock) and cls.body.body:
        inner = tree.lines.indent(_first_line_of(tree, cls.body.body[0]))
        if inner.startswith(outer) and len(inner) > len(outer):
            return inner, inner[len(outer) :]
        return inner, unit
    return outer + unit, unit


def _first_line_of(tree: Tree, statement: cst.BaseStatement) -> int:
    node = statement.body[0] if isinstance(statement, cst.SimpleStatementLine) else statement
    return tree.first_line(node)


def _gap(tree: Tree, cls: cst.ClassDef, otherwise: int) -> int:
    for classes in ([cls], _classes(tree)):
        gaps = Counter(gap for found in classes for gap in _gaps(found))
        if gaps:
            return gaps.most_common(1)[0][0]
    return otherwise


def _gaps(cls: cst.ClassDef) -> Iterator[int]:
    """The blank lines between each method and the method above it."""
    body = cls.body.body
    for above, method in pairwise(body):
        if isinstance(method, cst.FunctionDef) and isinstance(above, cst.FunctionDef):
            yield sum(line.comment is None for line in method.leading_lines)


def _classes(tree: Tree) -> list[cst.ClassDef]:
    return [site.node for site in tree.sites.values() if isinstance(site.node, cst.ClassDef)]


def _functions(tree: Tree) -> list[cst.FunctionDef]:
    return [site.node for site in tree.sites.values() if isinstance(site.node, cst.FunctionDef)]


def _docstring_style(tree: Tree, cls: cst.ClassDef) -> tuple[str, bool]:
    """The mark around docstrings, and whether a single line of text stands on a line of its own."""
    own: list[cst.Module | cst.ClassDef | cst.FunctionDef] = [cls]
    own += [part for part in cls.body.body if isinstance(part, cst.FunctionDef)]
    rest: list[cst.Module | cst.ClassDef | cst.FunctionDef] = [tree.module, *_classes(tree), *_functions(tree)]
    for owners in (own, rest):
        found = [match for owner in owners if (match := _docstring(owner)) is not None]
        if found:
            marks = Counter(match["mark"][0] for match in found)
            single = [match["body"] for match in found if len(match["body"].split()) and _is_single(match["body"])]
            hanging = sum(body.lstrip(" \t").startswith("\n") for body in single)
            return marks.most_common(1)[0][0] * 3, hanging * 2 > len(single)
    return '"""', False


def _is_single(body: str) -> bool:
    return "\n" not in body.strip()


def _docstring(owner: cst.Module | cst.ClassDef | cst.FunctionDef) -> re.Match[str] | None:
    body = owner.body if isinstance(owner, cst.Module) else owner.body.body
    first = body[0] if body else None
    small = first.body[0] if isinstance(first, cst.SimpleStatementLine) else first
    if isinstance(small, cst.Expr) and isinstance(small.value, cst.SimpleString):
        return _DOCSTRING.match(small.value.value)
    return None


def _annotates(tree: Tree, cls: cst.ClassDef) -> bool:
    own = [part for part in cls.body.body if isinstance(part, cst.FunctionDef)]
    functions = own or _functions(tree)
    return not functions or any(_is_annotated(function) for function in functions)


def _is_annotated(function: cst.FunctionDef) -> bool:
    params = function.params
    row = [*params.posonly_params, *params.params, *params.kwonly_params]
    row += [param for param in (params.star_arg, params.star_kwarg) if isinstance(param, cst.Param)]
    return function.returns is not None or any(param.annotation is not None for param in row)
