"""Conditions along a path: the same one twice has one answer, and one may tell that nothing came."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from worker_lint.analysis.flow import walk
from worker_lint.source import ir

if TYPE_CHECKING:
    from worker_lint.analysis.entity import Function

_OPPOSITE: Final = {"is not": "is", "!=": "==", "not in": "in"}


class Condition(NamedTuple):
    """A condition by its text, and the names that it reads; `holds` is what is known of it."""

    text: str
    names: frozenset[str]
    holds: bool


def condition_of(function: Function, test: ir.Node, *, holds: bool) -> Condition:
    """A condition that was found to hold or not, so that opposite spellings are the same one."""
    text = function.project.store.text(function.path)
    names = frozenset(node.id for node in walk(test) if isinstance(node, ir.Name))
    if isinstance(test, ir.Compare) and len(test.ops) == 1:
        operator = _OPPOSITE.get(test.ops[0], test.ops[0])
        spelled = f"{text.segment(test.left.at)} {operator} {text.segment(test.operands[0].at)}"
        return Condition(spelled, names, holds == (operator == test.ops[0]))
    return Condition(text.segment(test.at), names, holds)


def tells_absence(test: ir.Node, names: frozenset[str], *, holds: bool) -> bool:
    """Whether the condition, with this answer, says that one of the names is None or empty."""
    if isinstance(test, ir.Name):
        return test.id in names and not holds
    if isinstance(test, ir.Compare) and len(test.ops) == 1 and isinstance(test.left, ir.Name):
        other = test.operands[0]
        is_none = isinstance(other, ir.Constant) and other.kind == "none"
        return is_none and test.left.id in names and holds == (test.ops[0] in ("is", "=="))
    if isinstance(test, ir.Call) and isinstance(test.func, ir.Name) and test.func.id == "isinstance" and test.args:
        subject = test.args[0]
        return isinstance(subject, ir.Name) and subject.id in names and not holds
    return False
