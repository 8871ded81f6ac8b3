"""
Loops of a teardown that end what a child holds, although the child may hold nothing: the first one that does
not ends the loop with an AttributeError.

That a field may be empty when things end is taken from code that says so: it begins with None in the child's class,
whose methods test it before they end what it holds; or the very teardown tests the same field of its own object,
does the same with it, and leaves the children untested.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final, NamedTuple

from worker_lint.analysis.entity import Class, Function, Instance
from worker_lint.analysis.flow import find, walk
from worker_lint.analysis.statements import plain_call
from worker_lint.analysis.stopping import is_stop_name
from worker_lint.analysis.visit import is_none
from worker_lint.source import ir

if TYPE_CHECKING:
    from worker_lint.analysis.project import Project


class AbsentChild(NamedTuple):
    """The call on a field of a child, how the code writes the field, and the test elsewhere that tells."""

    call: ir.Call
    subject: str
    tested_in: Function
    test: ir.At


def absent_children(project: Project, function: Function, me: Class | None) -> Iterator[AbsentChild]:
    """The calls by which the loops of a teardown end what may not be there; none where something guards them."""
    if not is_stop_name(function.name):
        return
    for loop in find(ir.For, function.statements):
        for statement in loop.body:
            call = plain_call(statement)
            if call is None or not isinstance(call.func, ir.Attribute) or not is_stop_name(call.func.name):
                continue
            match call.func.value:
                case ir.Attribute(value=ir.Name() as child, name=field) if _is_item(loop, child.id):
                    told = _told(project, function, child, call, me)
                    if told is not None and not _is_tested(loop, field):
                        yield AbsentChild(call, f"{child.id}.{field}", *told)


def _told(
    project: Project, function: Function, child: ir.Name, call: ir.Call, me: Class | None
) -> tuple[Function, ir.At] | None:
    """The test that tells that the field of a child may be empty."""
    func = call.func
    if not isinstance(func, ir.Attribute) or not isinstance(func.value, ir.Attribute):
        return None
    kind = project.values.of(function, child, me)
    if isinstance(kind, Instance):
        return _tested(project, kind.of, func.value.name) if isinstance(kind.of, Class) else None
    params = function.node.params
    if me is None or not params:
        return None
    subject = f"{params[0].name}.{func.value.name}"
    for branch in find(ir.If, function.statements):
        names = {ir.dotted_name(one.func) for one in find(ir.Call, branch.body)}
        if _asks(branch.test, subject) and f"{subject}.{func.name}" in names:
            return function, branch.test.at
    return None


def _is_item(loop: ir.For, name: str) -> bool:
    return any(isinstance(node, ir.Name) and node.id == name for node in walk(loop.target))


def _is_tested(loop: ir.For, field: str) -> bool:
    """Whether the loop, or what it goes over, looks at the field in any other way than to call it."""
    called = {call.func.value.at for call in find(ir.Call, loop.body) if isinstance(call.func, ir.Attribute)}
    for node in walk(loop):
        if isinstance(node, ir.Attribute) and node.name == field and node.at not in called:
            return True
        if isinstance(node, ir.Constant) and node.value == field:
            return True
    return False


def _tested(project: Project, cls: Class, field: str) -> tuple[Function, ir.At] | None:
    """Where the class, as it ends its objects, asks whether the field is there; None when it begins with something."""
    assigned = [one for one in project.values.fields.assigned(cls, field) if not one.added]
    early = [one for one in assigned if not isinstance(one.scope, Function) or one.scope.name == "__init__"]
    values = [one for one in early if one.source.how != "annotation"]
    if not values or not all(is_none(one.source.expr) for one in values) or len(assigned) == len(early):
        return None
    for owner in project.hierarchy.order(cls):
        for method in project.values.fields.methods(owner) if isinstance(owner, Class) else ():
            if (is_stop_name(method.name) or method.name in _RESETS) and method.node.params:
                subject = f"{method.node.params[0].name}.{field}"
                for branch in find(ir.If, method.statements):
                    if _asks(branch.test, subject):
                        return method, branch.test.at
    return None


_RESETS: Final = frozenset({"reset", "_reset", "clear"})


def _asks(test: ir.Expr, subject: str) -> bool:
    match test:
        case ir.Compare(left=left, ops=(op,), operands=(ir.Constant(kind="none"),)) if op in ("is", "is not"):
            return ir.dotted_name(left) == subject
        case ir.Unary(op="not", operand=inner):
            return _asks(inner, subject)
        case ir.BoolOp(op="and", values=values):
            return any(_asks(value, subject) for value in values)
        case _:
            return ir.dotted_name(test) == subject
