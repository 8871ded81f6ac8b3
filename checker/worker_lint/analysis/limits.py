"""Limits of attempts that are None, and so none at all, unless somebody sets them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from worker_lint.analysis.entity import Class, Function
from worker_lint.analysis.flow import find, walk
from worker_lint.source import ir

_LIMIT: Final = re.compile(r"(?:max|maximum)_?(?:retries|attempts|tries|redeliveries)|(?:retry|attempts?)_limit")
_AGAIN: Final = frozenset({"enqueue", "requeue", "retry", "reschedule", "republish", "redeliver", "resubmit"})
_ON_PURPOSE: Final = re.compile(
    r"(?i)unlimited|for ?ever|infinite|indefinite|endless|(?:no|without)(?: any| a)? limit|never"
)
_PROMISE: Final = re.compile(r"(?i)maximum (?:number|amount|count) of|at most|up to|no more than")
_OTHERWISE: Final = re.compile(
    r"(?i)max_?age|deadline|expir|time_?limit|\bttl\b|\bif `*None\b|\bNone`* ?(?:means?|for|to|disables?|turns?)\b"
)


class Unlimited(NamedTuple):
    """
    A limit that holds only where it is set.

    Attributes:
        param: The parameter of the constructor that is None by default.
        test: The question for it, before the attempt is given up.
        again: The call that puts what failed back.
        is_promised: The class's text speaks of a maximum, and of nothing that would bound the attempts besides: who
            reads it counts on an end that never comes.
    """

    param: ir.Parameter
    test: ir.Expr
    again: ir.Call
    is_promised: bool


def unlimited_by_default(cls: Class) -> Iterator[Unlimited]:
    """The limits of a class that do not hold by default; none of which its text says that it is meant."""
    text = cls.project.store.text(cls.path)
    first, last = cls.node.at[0], cls.node.at[2]
    if not any(text.has_word(word, first, last) for word in _AGAIN):
        return
    methods = [method for method in cls.project.values.fields.methods(cls) if method.path == cls.path]
    init = next((method for method in methods if method.name == "__init__"), None)
    limits = [param for param in init.node.params if _is_limit(param)] if init is not None else []
    if init is None or not limits or _ON_PURPOSE.search(whole := text.segment(cls.node.at)):
        return
    is_promised = _PROMISE.search(whole) is not None and _OTHERWISE.search(whole) is None
    for param in limits:
        if _is_kept(init, param.name):
            for method in methods:
                yield from _without(method, param, is_promised=is_promised)


def _is_limit(param: ir.Parameter) -> bool:
    is_none = isinstance(param.default, ir.Constant) and param.default.kind == "none"
    return is_none and _LIMIT.fullmatch(param.name) is not None


def _is_kept(init: Function, name: str) -> bool:
    """Whether the constructor keeps the parameter in a field of the same name, as it is."""
    return any(
        isinstance(node.value, ir.Name)
        and node.value.id == name
        and any(ir.dotted_name(target) == f"self.{name}" for target in node.targets)
        for node in find(ir.Assign, init.statements)
    )


def _without(method: Function, param: ir.Parameter, *, is_promised: bool) -> Iterator[Unlimited]:
    """A branch that gives up only where the limit is set, and what puts the message back behind it."""
    names = {f"self.{param.name}"}
    for node in find(ir.Assign, method.statements):
        read = (each for each in walk(node.value) if isinstance(each, ir.Attribute)) if node.value is not None else ()
        if any(ir.dotted_name(each) == f"self.{param.name}" for each in read):
            names.update(target.id for target in node.targets if isinstance(target, ir.Name))
    for branch in find(ir.If, method.statements):
        ends = isinstance(branch.body[-1], (ir.Return, ir.Raise))
        if ends and not branch.orelse and _is_set_and_reached(branch.test, names):
            for call in find(ir.Call, method.statements):
                func = call.func
                if isinstance(func, ir.Attribute) and func.name in _AGAIN and call.at[:2] > branch.at[2:]:
                    yield Unlimited(param, branch.test, call, is_promised)
                    return


def _is_set_and_reached(test: ir.Expr, names: set[str]) -> bool:
    """Whether a condition is `limit is not None and count >= limit`, or `limit and count >= limit`."""
    if not isinstance(test, ir.BoolOp) or test.op != "and" or len(test.values) != 2:
        return False
    first, second = test.values
    asked = first.left if isinstance(first, ir.Compare) and first.ops == ("is not",) else first
    if ir.dotted_name(asked) not in names or not isinstance(second, ir.Compare) or len(second.ops) != 1:
        return False
    limit = (
        second.operands[0] if second.ops[0] in (">", ">=") else second.left if second.ops[0] in ("<", "<=") else None
    )
    return limit is not None and ir.dotted_name(limit) in names
