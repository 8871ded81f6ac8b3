"""
What is handed back to a pool at the end of the normal way alone, where no local name stands for it: a field of
the object, or the items of a collection that were taken out one by one.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from worker_lint.analysis.borrowed import GIVES_BACK, OVER_LINK, TAKES, Borrowed
from worker_lint.analysis.entity import Class, Function
from worker_lint.analysis.flow import find
from worker_lint.analysis.statements import plain_call, statement_lists, walk_statements
from worker_lint.analysis.touching import family
from worker_lint.analysis.visit import receiver_name
from worker_lint.source import ir

if TYPE_CHECKING:
    from worker_lint.analysis.project import Project

_ON_ITEMS: Final = OVER_LINK | {"read", "write", "flush"}
_BROAD: Final = frozenset({"Exception", "BaseException"})


def borrowed_fields(project: Project, method: Function, cls: Class) -> Iterator[Borrowed]:
    """
    The fields that a method asks something over their link and hands back after that, where nothing else of the
    class hands them back: an error of the first step, past the clauses around it, keeps them out of the pool.
    A finalizer that leads to the method tries again.
    """
    subject = method.node.params[0].name if method.node.params else ""
    given_back = list(_given_back(method, subject))
    if not given_back or (not method.node.is_async and method.name in project.resources.reached(cls, "__del__")):
        return
    final = {call.at for tried in find(ir.Try, method.statements) for call in find(ir.Call, tried.final)}
    for back, field in given_back:
        if back.at in final or _times(project, cls, field) != 1:
            continue
        cause = next(_asked_before(method, f"{subject}.{field}", back), None)
        if cause is not None:
            yield Borrowed(f"{subject}.{field}", None, cause, back, _is_giver(project, cls, receiver_name(back)))


def _given_back(method: Function, subject: str) -> Iterator[tuple[ir.Call, str]]:
    """The plain calls of a method that hand back a field, with its name."""
    for statement in walk_statements(method.statements):
        call = plain_call(statement)
        if call is None or not isinstance(call.func, ir.Attribute) or call.func.name not in GIVES_BACK:
            continue
        match call.args:
            case (ir.Attribute(value=ir.Name(id=root), name=field), *_) if root == subject:
                yield call, field


def _is_giver(project: Project, cls: Class, pool: str) -> bool:
    """Whether methods of the class and its relatives take something out of what is written like this."""
    calls = (
        call
        for each in family(cls)
        for method in project.values.fields.methods(each)
        for call in find(ir.Call, method.statements)
        if isinstance(call.func, ir.Attribute) and call.func.name in TAKES
    )
    return bool(pool) and any(receiver_name(call) == pool for call in calls)


def _times(project: Project, cls: Class, field: str) -> int:
    """How many calls in the class and its relatives hand the field back."""
    return sum(
        call.func.name in GIVES_BACK and any(isinstance(arg, ir.Attribute) and arg.name == field for arg in call.args)
        for each in family(cls)
        for method in project.values.fields.methods(each)
        for call in find(ir.Call, method.statements)
        if isinstance(call.func, ir.Attribute)
    )


def _asked_before(method: Function, name: str, back: ir.Call) -> Iterator[ir.Call]:
    """What is asked of a field before it is handed back, and whose errors nothing catches for good."""
    guarded = {
        call.at
        for tried in find(ir.Try, method.statements)
        if tried.final or any(_is_broad(handler) for handler in tried.handlers)
        for call in find(ir.Call, tried.body)
    }
    for call in find(ir.Call, method.statements):
        func = call.func
        if call.at < back.at and isinstance(func, ir.Attribute) and func.name in OVER_LINK:
            if ir.dotted_name(func.value) == name and call.at not in guarded:
                yield call


def _is_broad(handler: ir.Handler) -> bool:
    caught = handler.exception
    names = caught.items if isinstance(caught, ir.Collection) else (caught,)
    return caught is None or any(ir.dotted_name(one) in _BROAD for one in names if one is not None)


def borrowed_items(project: Project, function: Function) -> Iterator[Borrowed]:
    """The collections whose items a function takes out of pools, uses in a loop, and hands back in a later loop."""
    final = {id(tried.final) for tried in find(ir.Try, function.statements)}
    for block in statement_lists(function.statements):
        if id(block) in final:
            continue
        for index, statement in enumerate(block):
            back = _handing_back(statement)
            if back is None or not isinstance(statement, ir.For):
                continue
            before = block[:index]
            taken = next((call for call in find(ir.Call, before) if _takes(call)), None)
            places = project.places.denotes(function, statement.iter)
            cause = next(_used(project, function, before, places), None)
            if taken is not None and cause is not None and taken.at < cause.at:
                yield Borrowed(min(places)[-1], taken, cause, back)


def _handing_back(statement: ir.Stmt) -> ir.Call | None:
    """The call by which a loop that does nothing else hands back each item, or a part of it."""
    if not isinstance(statement, ir.For) or not isinstance(statement.target, ir.Name) or len(statement.body) != 1:
        return None
    call = plain_call(statement.body[0])
    if call is None or not isinstance(call.func, ir.Attribute) or call.func.name not in GIVES_BACK or not call.args:
        return None
    return call if (ir.dotted_name(call.args[0]) or "").partition(".")[0] == statement.target.id else None


def _takes(call: ir.Call) -> bool:
    return (ir.dotted_name(call.func) or "").rpartition(".")[2] in TAKES


def _used(
    project: Project, function: Function, before: tuple[ir.Stmt, ...], places: frozenset[tuple[str, ...]]
) -> Iterator[ir.Call]:
    """What plain loops over the same collection ask of its items."""
    for statement in before:
        if isinstance(statement, ir.For) and isinstance(statement.target, ir.Name):
            call = plain_call(statement.body[0]) if len(statement.body) == 1 else None
            if call is None or not isinstance(call.func, ir.Attribute) or call.func.name not in _ON_ITEMS:
                continue
            if ir.dotted_name(call.func.value) != statement.target.id:
                continue
            if places & project.places.denotes(function, statement.iter):
                yield call
