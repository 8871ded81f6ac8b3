"""
Contexts that a method enters by hand, as by `await self._group.__aenter__()`, and that an error of a later step in
it leaves entered: nobody leaves what has been entered only half.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from worker_lint.analysis.entity import Class, Function
from worker_lint.analysis.statements import kept_call
from worker_lint.analysis.unhanded import BUILDERS, LeftOpen
from worker_lint.source import ir

if TYPE_CHECKING:
    from worker_lint.analysis.project import Project

_ENTERS: Final = frozenset({"__enter__", "__aenter__"})
_STOPS: Final = "stop|close|aclose|shutdown|disconnect"


class EnteredByHand(LeftOpen):
    """A field, the call that enters it, and the step that may fail after that."""

    __slots__ = ()


def entered_by_hand(project: Project, function: Function, me: Class) -> Iterator[EnteredByHand]:
    """
    The fields that a method enters, and does not leave again when something fails that it awaits or enters after
    that, outside of any clause: a method that enters the object itself, or its start, where code of the project is
    seen to arrange for the stop only after the start has worked. A stack of contexts has nothing in it at first.
    """
    if not function.node.params:
        return
    subject = function.node.params[0].name
    for index, statement in enumerate(function.statements):
        given = kept_call(statement)
        name = _entered(given, subject)
        if given is None or not name or "stack" in name.lower():
            continue
        cause = next(_failing(function.statements[index + 1 :], name), None)
        if cause is not None and (function.name in BUILDERS or _is_stopped_once_started(project, function, me)):
            yield EnteredByHand(name, given, cause)


def _entered(call: ir.Call | None, subject: str) -> str:
    """The field that a call enters; empty when it is no such call."""
    match call:
        case ir.Call(func=ir.Attribute(value=ir.Attribute(value=ir.Name(id=root)) as field, name=method)):
            return ir.dotted_name(field) or "" if root == subject and method in _ENTERS else ""
        case _:
            return ""


def _failing(rest: tuple[ir.Stmt, ...], name: str) -> Iterator[ir.Call]:
    """The plain steps that await something, which may be cancelled at least, or enter something else."""
    for statement in rest:
        call = kept_call(statement)
        func = call.func if call is not None else None
        if call is None or not isinstance(func, ir.Attribute):
            continue
        if func.name in ("__exit__", "__aexit__") and ir.dotted_name(func.value) == name:
            return
        if _is_awaited(statement) or (
            func.name in _ENTERS and not isinstance(func.value, ir.Call)
        ):  # that is mostly `super()`
            yield call


def _is_awaited(statement: ir.Stmt) -> bool:
    return isinstance(statement, (ir.Expression, ir.Assign)) and isinstance(statement.value, ir.Await)


def _is_stopped_once_started(project: Project, function: Function, me: Class) -> bool:
    """Whether code of the project calls the method, and right after that hands on what is to end the same object."""
    if function.name not in ("start", "startup"):
        return False
    call = rf"([\w.]+)\.{function.name}\([^\n]*\)\n"
    later = rf"{call}(?:[^\n]*\n){{0,2}}[^\n]*(?:lambda|\(|,)[^\n]*\b\1\.(?:{_STOPS})\b"
    bases = (one for one in project.hierarchy.order(me) if isinstance(one, Class))
    return any(project.uses.is_written(one, (f".{function.name}(",), later) for one in bases)
