"""
The signature of a new member, fitted to the file it goes to.

A rule quotes parameters and annotations as the base class has them. Here the names become those
that the file imports, annotations are dropped where the class does without, and are quoted where
a name exists for type checkers only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import libcst as cst

from worker_lint.fixing.expression import names_read, rename
from worker_lint.fixing.importing import Reference
from worker_lint.fixing.outcome import RefusedError

_TIGHT = cst.AssignEqual(cst.SimpleWhitespace(""), cst.SimpleWhitespace(""))
_EMPTY = cst.Module([])


@dataclass(frozen=True, slots=True)
class Signature:
    """The parts between the parentheses, markers included, and the annotation after the arrow or nothing."""

    parameters: tuple[str, ...]
    returns: str


@dataclass(frozen=True, slots=True)
class NamesUsed:
    """The dotted names that a signature reads, those of defaults apart: they must exist at run time."""

    annotations: frozenset[str]
    defaults: frozenset[str]


def parse_signature(name: str, parameters: str, returns: str) -> cst.FunctionDef:
    """
    A definition with this signature.

    Raises:
        RefusedError: that is no Python.
    """
    arrow = f" -> {returns}" if returns else ""
    try:
        statement = cst.parse_statement(f"def {name}({parameters}){arrow}: pass\n")
    except cst.ParserSyntaxError:
        raise RefusedError("would not parse", f"the signature {name}({parameters}){arrow} does not parse") from None
    if not isinstance(statement, cst.FunctionDef):
        raise RefusedError("would not parse", f"{name} is no name for a member")
    return statement


def names_used(function: cst.FunctionDef) -> NamesUsed:
    """The names that a signature reads."""
    annotations, defaults = set[str](), set[str]()
    for param in _each(function.params):
        if param.annotation is not None:
            annotations |= names_read(param.annotation.annotation, strings=True)
        if param.default is not None:
            defaults |= names_read(param.default)
    if function.returns is not None:
        annotations |= names_read(function.returns.annotation, strings=True)
    return NamesUsed(frozenset(annotations), frozenset(defaults))


def without_annotations(function: cst.FunctionDef) -> cst.FunctionDef:
    """The same signature as code without type hints writes it."""
    params = _map(function.params, lambda param: param.with_changes(annotation=None, equal=_equal(param)))
    return function.with_changes(params=params, returns=None)


def _equal(param: cst.Param) -> cst.AssignEqual | cst.MaybeSentinel:
    return _TIGHT if param.default is not None else cst.MaybeSentinel.DEFAULT


def fitted(
    function: cst.FunctionDef, annotations: Mapping[str, Reference], defaults: Mapping[str, Reference], *, quote: bool
) -> cst.FunctionDef:
    """
    The signature with its names replaced.

    With `quote`, annotations that use a name for type checkers only become strings; without,
    the file evaluates none of them.
    """

    def annotation(node: cst.Annotation) -> cst.Annotation:
        renamed = rename(node.annotation, {old: new.text for old, new in annotations.items()}, strings=True)
        if quote and _evaluates_typing_only(node.annotation, annotations):
            renamed = _quoted(renamed)
        return node.with_changes(annotation=renamed)

    def param(node: cst.Param) -> cst.Param:
        if node.annotation is not None:
            node = node.with_changes(annotation=annotation(node.annotation))
        if node.default is not None:
            node = node.with_changes(default=rename(node.default, {old: new.text for old, new in defaults.items()}))
        return node

    returns = None if function.returns is None else annotation(function.returns)
    return function.with_changes(params=_map(function.params, param), returns=returns)


def _evaluates_typing_only(node: cst.BaseExpression, names: Mapping[str, Reference]) -> bool:
    """Whether an annotation evaluates such a name; one inside a string is not evaluated."""
    return any(names[name].typing_only for name in names_read(node) if name in names)


def _quoted(node: cst.BaseExpression) -> cst.BaseExpression:
    code = _EMPTY.code_for_node(node)
    mark = "'" if '"' in code else '"'
    if mark in code or "\\" in code:
        raise RefusedError("unsuitable", f"the annotation {code} cannot be written as a string")
    return cst.SimpleString(f"{mark}{code}{mark}")


def written(function: cst.FunctionDef) -> Signature:
    """The text of a signature."""
    params = function.params
    parts = [_code(param) for param in params.posonly_params]
    parts += ["/"] if params.posonly_params else []
    parts += [_code(param) for param in params.params]
    if isinstance(params.star_arg, cst.Param):
        parts.append(_code(params.star_arg))
    elif isinstance(params.star_arg, cst.ParamStar):
        parts.append("*")
    parts += [_code(param) for param in params.kwonly_params]
    parts += [_code(params.star_kwarg)] if params.star_kwarg is not None else []
    returns = function.returns
    return Signature(tuple(parts), "" if returns is None else _EMPTY.code_for_node(returns.annotation))


def _code(param: cst.Param) -> str:
    plain = param.with_changes(comma=cst.MaybeSentinel.DEFAULT, whitespace_after_param=cst.SimpleWhitespace(""))
    return _EMPTY.code_for_node(plain).strip()


def _each(params: cst.Parameters) -> Iterator[cst.Param]:
    yield from params.posonly_params
    yield from params.params
    yield from params.kwonly_params
    for param in (params.star_arg, params.star_kwarg):
        if isinstance(param, cst.Param):
            yield param


def _map(params: cst.Parameters, change: Callable[[cst.Param], cst.Param]) -> cst.Parameters:
    star, double = params.star_arg, params.star_kwarg
    return params.with_changes(
        posonly_params=[change(param) for param in params.posonly_params],
        params=[change(param) for param in params.params],
        kwonly_params=[change(param) for param in params.kwonly_params],
        star_arg=change(star) if isinstance(star, cst.Param) else star,
        star_kwarg=None if double is None else change(double),
    )
