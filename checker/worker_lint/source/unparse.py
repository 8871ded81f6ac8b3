"""
IR expressions back to Python source, for stubs that quote a signature of another file.

What the IR does not keep in full (format specifications of f-strings, slices and other opaque
expressions, very long numbers) has no source here: the answer is None, and the caller leaves
the expression out.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from enum import IntEnum
from typing import Any, Final

from worker_lint.source import ir


class _Level(IntEnum):
    """How tightly a form binds (Python language reference, 6.17); a looser one needs parentheses."""

    YIELD = 0
    WALRUS = 1
    TEST = 2  # conditional expression, lambda
    OR = 3
    AND = 4
    NOT = 5
    COMPARE = 6
    BIT_OR = 7
    BIT_XOR = 8
    BIT_AND = 9
    SHIFT = 10
    SUM = 11
    TERM = 12
    FACTOR = 13
    POWER = 14
    AWAIT = 15
    ATOM = 16


_BINARY: Final[dict[str, _Level]] = {
    "|": _Level.BIT_OR, "^": _Level.BIT_XOR, "&": _Level.BIT_AND, "<<": _Level.SHIFT,
    ">>": _Level.SHIFT, "+": _Level.SUM, "-": _Level.SUM, "*": _Level.TERM, "@": _Level.TERM,
    "/": _Level.TERM, "%": _Level.TERM, "//": _Level.TERM, "**": _Level.POWER,
}  # fmt: skip

_OTHER_CONSTANT_LIMIT = 80
"""Lowering cuts the text of unusual literals at this length; one so long may be incomplete."""


class _NoSourceError(Exception):
    """Part of the expression is not kept in the IR."""


def unparse(expr: ir.Expr) -> str | None:
    """Source that parses to an equal expression, or None if the IR does not hold enough of it."""
    try:
        return _source(expr, _Level.TEST)
    except (_NoSourceError, RecursionError):
        return None


def parameters_source(params: ir.Parameters, *, annotated: bool) -> str:
    """
    The text between the parentheses of a definition with these parameters.

    A default without source (see `unparse`) is written `...`, which keeps the parameter
    optional; an annotation without source is left out.
    """
    return ", ".join(_parameters(params, annotated))


def _parameters(params: ir.Parameters, annotated: bool) -> Iterator[str]:  # noqa: FBT001 - internal
    starred = False
    for index, param in enumerate(params):
        if param.kind == "keyword-only" and not starred:
            yield "*"
        starred = starred or param.kind in ("var-positional", "keyword-only")
        yield _parameter(param, annotated)
        following = params[index + 1].kind if index + 1 < len(params) else None
        if param.kind == "positional-only" and following != "positional-only":
            yield "/"


def _parameter(param: ir.Parameter, annotated: bool) -> str:  # noqa: FBT001 - internal
    stars = {"var-positional": "*", "var-keyword": "**"}.get(param.kind, "")
    annotation = _annotation(param.annotation) if annotated and param.annotation is not None else None
    text = f"{stars}{param.name}: {annotation}" if annotation else f"{stars}{param.name}"
    if param.default is None:
        return text
    default = unparse(param.default) or "..."
    return f"{text} = {default}" if annotation else f"{text}={default}"


def _annotation(expr: ir.Expr) -> str | None:
    """As `unparse`, but `*Ts` after `*args:` is allowed."""
    if isinstance(expr, ir.Starred):
        value = unparse(expr.value)
        return f"*{value}" if value else None
    return unparse(expr)


# --- expressions -----------------------------------------------------------------------------


def _source(expr: ir.Expr, least: _Level) -> str:
    """Source of an expression where anything that binds looser than `least` needs parentheses."""
    handler = _FORMS.get(type(expr))
    if handler is None:
        raise _NoSourceError
    level, text = handler(expr)
    return text if level >= least else f"({text})"


def _row(items: Sequence[ir.Expr]) -> str:
    return ", ".join(_item(item) for item in items)


def _item(expr: ir.Expr) -> str:
    """A member of a display or call."""
    if isinstance(expr, ir.Starred):
        return f"*{_source(expr.value, _Level.BIT_OR)}"
    return _source(expr, _Level.TEST)


_Form = tuple[_Level, str]


def _name(expr: ir.Name) -> _Form:
    return _Level.ATOM, expr.id


def _attribute(expr: ir.Attribute) -> _Form:
    value = _source(expr.value, _Level.ATOM)
    if isinstance(expr.value, ir.Constant) and expr.value.kind in ("int", "float", "other"):
        value = f"({value})"
    return _Level.ATOM, f"{value}.{expr.name}"


def _subscript(expr: ir.Subscript) -> _Form:
    index = expr.index
    if isinstance(index, ir.Collection) and index.kind == "tuple" and index.items:
        inner = _tuple_index(index.items)
    else:
        inner = _source(index, _Level.TEST)
    return _Level.ATOM, f"{_source(expr.value, _Level.ATOM)}[{inner}]"


def _tuple_index(items: Sequence[ir.Expr]) -> str:
    text = _row(items)
    # A lone `*Ts` in brackets is a tuple already; any other single item needs its comma.
    return text if len(items) > 1 or isinstance(items[0], ir.Starred) else f"{text},"


def _call(expr: ir.Call) -> _Form:
    args = [_item(arg) for arg in expr.args]
    for keyword in expr.keywords:
        if keyword.name is None:
            args.append(f"**{_source(keyword.value, _Level.TEST)}")
        else:
            args.append(f"{keyword.name}={_source(keyword.value, _Level.TEST)}")
    return _Level.ATOM, f"{_source(expr.func, _Level.ATOM)}({', '.join(args)})"


def _constant(expr: ir.Constant) -> _Form:
    value = expr.value
    if isinstance(value, str) and expr.kind == "other" and len(value) >= _OTHER_CONSTANT_LIMIT:
        raise _NoSourceError
    if isinstance(value, float) and not isinstance(value, bool):
        if not math.isfinite(value):
            return _Level.ATOM, "1e999"
        return _Level.ATOM, repr(value)
    if isinstance(value, str):
        if expr.kind == "str":
            return _Level.ATOM, quoted(value)
        if expr.kind == "bytes":
            return _Level.ATOM, f"b{_double_quoted(repr(value.encode('latin-1'))[1:], value)}"
        return _Level.ATOM, value
    return _Level.ATOM, repr(value)


def quoted(value: str) -> str:
    """A string literal, in double quotes where that needs no more escapes."""
    return _double_quoted(repr(value), value)


def _double_quoted(literal: str, value: str) -> str:
    # `repr` takes single quotes unless the value holds one and no double quote; without either
    # kind inside, the marks can be exchanged.
    return literal if "'" in value or '"' in value else f'"{literal[1:-1]}"'


def _compare(expr: ir.Compare) -> _Form:
    text = _source(expr.left, _Level.BIT_OR)
    for op, operand in zip(expr.ops, expr.operands, strict=True):
        text += f" {op} {_source(operand, _Level.BIT_OR)}"
    return _Level.COMPARE, text


def _boolean(expr: ir.BoolOp) -> _Form:
    level, inner = (_Level.AND, _Level.NOT) if expr.op == "and" else (_Level.OR, _Level.AND)
    return level, f" {expr.op} ".join(_source(value, inner) for value in expr.values)


def _unary(expr: ir.Unary) -> _Form:
    if expr.op == "not":
        return _Level.NOT, f"not {_source(expr.operand, _Level.NOT)}"
    return _Level.FACTOR, f"{expr.op}{_source(expr.operand, _Level.FACTOR)}"


def _binary(expr: ir.Binary) -> _Form:
    level = _BINARY.get(expr.op)
    if level is None:
        raise _NoSourceError
    if expr.op == "**":  # binds to the right, and tighter than a sign on its left only
        return level, f"{_source(expr.left, _Level.AWAIT)} ** {_source(expr.right, _Level.FACTOR)}"
    right = _source(expr.right, _Level(level + 1))
    return level, f"{_source(expr.left, level)} {expr.op} {right}"


def _await(expr: ir.Await) -> _Form:
    return _Level.AWAIT, f"await {_source(expr.value, _Level.ATOM)}"


def _yield(expr: ir.Yield) -> _Form:
    if expr.value is None:
        return _Level.YIELD, "yield"
    return _Level.YIELD, f"yield {'from ' if expr.delegates else ''}{_source(expr.value, _Level.TEST)}"


def _collection(expr: ir.Collection) -> _Form:
    row = _row(expr.items)
    if expr.kind == "list":
        return _Level.ATOM, f"[{row}]"
    if expr.kind == "set":
        return _Level.ATOM, f"{{{row}}}"
    return _Level.ATOM, f"({row},)" if len(expr.items) == 1 else f"({row})"


def _mapping(expr: ir.Mapping) -> _Form:
    items = []
    for key, value in zip(expr.keys, expr.values, strict=True):
        if key is None:
            items.append(f"**{_source(value, _Level.BIT_OR)}")
        else:
            items.append(f"{_source(key, _Level.TEST)}: {_source(value, _Level.TEST)}")
    return _Level.ATOM, f"{{{', '.join(items)}}}"


def _comprehension(expr: ir.Comprehension) -> _Form:
    text = _source(expr.element, _Level.TEST)
    if expr.value is not None:
        text += f": {_source(expr.value, _Level.TEST)}"
    for part in expr.generators:
        target = _target(part.target)
        text += f" {'async ' if part.is_async else ''}for {target} in {_source(part.iter, _Level.OR)}"
        text += "".join(f" if {_source(condition, _Level.OR)}" for condition in part.conditions)
    opening, closing = {"list": ("[", "]"), "generator": ("(", ")")}.get(expr.kind, ("{", "}"))
    return _Level.ATOM, f"{opening}{text}{closing}"


def _target(expr: ir.Expr) -> str:
    return f"*{_source(expr.value, _Level.BIT_OR)}" if isinstance(expr, ir.Starred) else _source(expr, _Level.ATOM)


def _conditional(expr: ir.Conditional) -> _Form:
    body, test = _source(expr.body, _Level.OR), _source(expr.test, _Level.OR)
    return _Level.TEST, f"{body} if {test} else {_source(expr.orelse, _Level.TEST)}"


def _walrus(expr: ir.Walrus) -> _Form:
    return _Level.WALRUS, f"{expr.target} := {_source(expr.value, _Level.TEST)}"


def _lambda(expr: ir.Lambda) -> _Form:
    for param in expr.params:
        if param.default is not None:
            _source(param.default, _Level.TEST)  # a default that cannot be quoted makes another lambda
    params = parameters_source(expr.params, annotated=False)
    return _Level.TEST, f"lambda{' ' if params else ''}{params}: {_source(expr.body, _Level.TEST)}"


_FORMS: Final[dict[type[Any], Callable[[Any], _Form]]] = {
    ir.Name: _name,
    ir.Attribute: _attribute,
    ir.Subscript: _subscript,
    ir.Call: _call,
    ir.Constant: _constant,
    ir.Compare: _compare,
    ir.BoolOp: _boolean,
    ir.Unary: _unary,
    ir.Binary: _binary,
    ir.Await: _await,
    ir.Yield: _yield,
    ir.Collection: _collection,
    ir.Mapping: _mapping,
    ir.Comprehension: _comprehension,
    ir.Conditional: _conditional,
    ir.Walrus: _walrus,
    ir.Lambda: _lambda,
}
"""Formatted, Opaque and a starred expression on its own are missing on purpose."""
