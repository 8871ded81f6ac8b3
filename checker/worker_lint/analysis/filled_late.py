"""Fields that a coroutine finds empty and fills only after it has waited."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from worker_lint.analysis.entity import Class, Function
from worker_lint.analysis.flow.visit import find
from worker_lint.analysis.locking import Locking
from worker_lint.analysis.nesting import Placed, placed_statements
from worker_lint.source import ir


class Late(NamedTuple):
    """The field, the question whether it is empty, the assignment after the wait, and the methods that lead there."""

    field: str
    question: ir.At
    at: ir.At
    method: Function
    callers: tuple[Function, ...]


def fields_filled_late(cls: Class, locking: Locking) -> Iterator[Late]:
    """Fields with something to be released that two tasks may both find empty, with no lock around."""
    for name, method in locking.methods.items():
        if not method.node.is_async or not _may_wait_for_a_field(method) or not _may_have_callers(cls, name):
            continue
        callers = tuple(locking.methods[caller] for caller in sorted(locking.callers(name)))
        if len(callers) > 1:
            for placed in placed_statements(method.body):
                if isinstance(placed.statement, ir.If):
                    yield from _asked(cls, locking, placed, placed.statement, method, callers)


_WAITED_FOR: Final = re.compile(r"\.\w+ *(?::[^=\n]+)?= *(?:[^=\n].*)?\bawait\b|=\s*\(?\s*\\?\n\s*await\b")


_ASKED: Final = re.compile(r"\bnot[\s(]+\w+\.\w|\.\w+\s+(?:is|==)\s+None\b")


def _may_wait_for_a_field(method: Function) -> bool:
    """Whether the text asks whether a field is empty, and assigns what was awaited; read before any body is."""
    lines = method.project.store.text(method.path).between(method.node.name_at[0], method.node.at[2])
    return _WAITED_FOR.search(lines) is not None and _ASKED.search(lines) is not None


def _may_have_callers(cls: Class, name: str) -> bool:
    """Whether the text of the class may use the method in two places; who calls it is known by all bodies only."""
    lines = cls.project.store.text(cls.path).between(cls.node.at[0], cls.node.at[2])
    return len(re.findall(rf"\.{name}\b", lines)) > 1


def _asked(
    cls: Class, locking: Locking, placed: Placed, branch: ir.If, method: Function, callers: tuple[Function, ...]
) -> Iterator[Late]:
    fields = _found_empty(branch.test, method)
    if not fields or locking.held(method, placed, branch.at):
        return
    within = tuple(inner.statement for inner in placed_statements(branch.body))
    if any(isinstance(outer, ir.With) for outer in (*placed.around, *within)):
        return  # some other lock
    for statement in within:
        if isinstance(statement, ir.Assign) and any(find(ir.Await, (statement,))):
            for target in statement.targets:
                field = _field(target, method)
                if field in fields and _is_held(cls, field):
                    yield Late(field, branch.test.at, target.at, method, callers)
                    return


def _found_empty(test: ir.Expr, method: Function) -> set[str]:
    """The fields whose emptiness leads into the branch."""
    match test:
        case ir.Compare(left=left, ops=("is" | "==",), operands=(ir.Constant(kind="none"),)):
            return {_field(left, method)} - {""}
        case ir.Unary(op="not", operand=operand):
            return {_field(operand, method)} - {""}
        case _:
            return set()


def _field(expr: ir.Expr, method: Function) -> str:
    subject = method.node.params[0].name if method.node.params else ""
    name = ir.dotted_name(expr) or ""
    return name.partition(".")[2] if name.count(".") == 1 and name.startswith(f"{subject}.") else ""


def _is_held(cls: Class, field: str) -> bool:
    """Whether the field keeps something that has to be released."""
    duty = cls.project.resources.duty(cls.project.values.field(cls, field))
    return duty is not None and duty.role != "task"
