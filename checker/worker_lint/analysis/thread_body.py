"""
What the body of a thread opens for itself: when a later step fails the thread has ended, and nobody has the link.

The object may be of a class that nobody knows: that it is bound or connected tells what it is.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from worker_lint.analysis.calls import Runs
from worker_lint.analysis.children import is_thread_class
from worker_lint.analysis.entity import Class, External, Function
from worker_lint.analysis.flow import find
from worker_lint.analysis.guard import within
from worker_lint.analysis.places import SELF
from worker_lint.analysis.statements import plain_call
from worker_lint.analysis.sure_link import is_sure
from worker_lint.analysis.unhanded import LeftOpen
from worker_lint.source import ir

if TYPE_CHECKING:
    from worker_lint.analysis.places import Use
    from worker_lint.analysis.project import Project

_OPENERS: Final = ("socket", "connection", "connect", "channel")
_LINKS: Final = frozenset({"bind", "connect"})
_ENDS: Final = "close|term|destroy|disconnect|release|shutdown|stop|end"
_DEPTH: Final = 2


class LeftByThread(LeftOpen):
    """A field, the call that gives what is in it, and the step that may fail after that."""

    __slots__ = ()


def left_by_thread(project: Project, function: Function, me: Class) -> Iterator[LeftByThread]:
    """
    The fields that the main function of a thread class opens, and binds or connects in a later step that is not
    guarded, where no code ends the field: the error ends the thread, and the object keeps the link open.
    """
    if function.name != "run" or not function.node.params or not is_thread_class(me):
        return
    subject = function.node.params[0].name
    for index, statement in enumerate(function.statements):
        field, given = _opened(statement, subject)
        if given is None or _may_be_ended(project, me, field):
            continue
        later = (call for call in map(plain_call, function.statements[index + 1 :]) if call is not None)
        cause = next((call for call in later if _fails(Runs(function, me), call, field, _DEPTH)), None)
        if cause is not None:
            yield LeftByThread(f"{subject}.{field}", given, cause)


def _opened(statement: ir.Stmt, subject: str) -> tuple[str, ir.Call | None]:
    """The field that a statement fills with what a method that opens links gives."""
    match statement:
        case ir.Assign(
            targets=(ir.Attribute(value=ir.Name(id=root), name=field),),
            value=ir.Call(func=ir.Attribute(name=method)) as call,
        ) if root == subject and method.endswith(_OPENERS):
            return field, call
        case _:
            return "", None


def _may_be_ended(project: Project, me: Class, field: str) -> bool:
    """Whether any code ends the field by its name, or somebody of the project gets it."""
    if project.uses.is_written(me, (f".{field}",), rf"\.{field}\.(?:{_ENDS})\w*\("):
        return True
    methods = project.values.fields.methods(me)
    uses = (use for method in methods for use in project.places.uses(method, me) if use.place == (SELF, field))
    return any(use.how not in ("called", "read", "tested", "attribute") and not _goes_out(use) for use in uses)


def _goes_out(use: Use) -> bool:
    """Whether a function of a library is given it, which does not keep it."""
    if use.how != "passed" or use.call is None:
        return False
    return isinstance(use.function.project.values.of(use.function, use.call.func), External)


def _fails(here: Runs, call: ir.Call, field: str, depth: int) -> bool:
    """Whether a call binds or connects the field, itself or in the method of the object that it runs."""
    function, me = here
    func = call.func
    if not isinstance(func, ir.Attribute) or is_sure(function, call, me):
        return False
    subject = function.node.params[0].name if function.node.params else ""
    on = ir.dotted_name(func.value)
    if func.name in _LINKS and on == f"{subject}.{field}":
        return True
    callee = function.project.calls.of(function, call, me) if on == subject and depth else None
    if callee is None or not callee.is_single:
        return False
    runs = Runs(callee.runs[0].function, me)
    inner = find(ir.Call, runs.function.statements)
    return any(_fails(runs, one, field, depth - 1) and not _is_taken(runs.function, one) for one in inner)


def _is_taken(function: Function, call: ir.Call) -> bool:
    """Whether a clause around the call keeps its error, and does not always raise again."""
    return any(
        within(tried.body, call) and not any(True for _ in find(ir.Raise, handler.body))
        for tried in find(ir.Try, function.statements)
        for handler in tried.handlers
    )
