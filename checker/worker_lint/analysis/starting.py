"""
Whether a method that begins something may fail before it has given a field its value.

A start that sets the field first of all leaves nothing half done: a stop after a failed start finds it set.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from worker_lint.analysis.entity import Class, Function
from worker_lint.analysis.flow import Summary, walk
from worker_lint.analysis.places import SELF
from worker_lint.analysis.places.denoted import method_around
from worker_lint.analysis.routines.policy import ProjectPolicy
from worker_lint.analysis.spoken import Spoken
from worker_lint.analysis.values import Absent
from worker_lint.source import ir

if TYPE_CHECKING:
    from worker_lint.analysis.project import Project

_BEGINNINGS: Final = (
    "start",
    "open",
    "connect",
    "attach",
    "listen",
    "serve",
    "begin",
    "init",
    "setup",
    "set_up",
    "enter",
)
_MAKERS: Final = frozenset({"__init__", "__new__", "__post_init__", "__attrs_post_init__"})
_ENTERS: Final = frozenset({"__enter__", "__aenter__"})
_REACHING_OUT: Final = frozenset(
    {"connect", "open", "bind", "listen", "login", "dial", "handshake", "create_connection", "open_connection"}
    | {"get_event_loop", "get_running_loop", "run_until_complete", "start_server"}
)
"""Methods that fail when what they ask for is not there, whatever their class is."""


def may_be_late(cls: Class, method: Function, at: ir.At) -> bool:
    """Whether an object may be stopped before the method has set the field: it need not run, or may fail before."""
    if not _is_beginning(method.name) or may_fail_before(cls, method, at):
        return True
    uses = (use for one in cls.project.values.fields.methods(cls) for use in cls.project.places.uses(one, cls))
    return any(use.place == (SELF, method.name) and use.how == "passed" for use in uses)  # it runs elsewhere, later


def is_construction(cls: Class, method: Function) -> bool:
    """Whether `__new__` of a base calls the method, so that there is no object without it."""
    for base in cls.project.hierarchy.order(cls):
        for one in cls.project.values.fields.methods(base) if isinstance(base, Class) else ():
            if one.name == "__new__":
                calls = (node for node in walk(*one.statements) if isinstance(node, ir.Call))
                if any(isinstance(call.func, ir.Attribute) and call.func.name == method.name for call in calls):
                    return True
    return False


def given_by_starts(cls: Class, name: str, stop: Function) -> list[tuple[Function, ir.At]]:
    """Where methods other than the stop, which need not have run to their end, give the field something to use."""
    project = cls.project
    found = []
    for one in project.values.fields.assigned(cls, name):
        method = method_around(one.scope)
        if one.added or method is None or method.name in _MAKERS or method == stop or one.source.how == "annotation":
            continue
        if one.source.how != "value" or not isinstance(project.values.of(one.scope, one.source.expr, cls), Absent):
            found.append((method, one.source.at))
    if all(method.name in _ENTERS for method, _ in found) or any(is_construction(cls, one) for one, _ in found):
        return []
    return found if all(may_be_late(cls, method, at) for method, at in found) else []


def may_come_early(spoken: Spoken, stop: Function) -> bool:
    """Whether the text of the stop, and of what it runs, speaks of a field to which some start may give its value."""
    words = spoken.words(stop)
    return words is None or not words.isdisjoint(spoken.given_by(but=stop, makers=_MAKERS))


def _is_beginning(name: str) -> bool:
    """Whether a method of this name is expected to have run before an object is used."""
    return name.strip("_").removeprefix("a").startswith(_BEGINNINGS) or name.strip("_").startswith(_BEGINNINGS)


def may_fail_before(me: Class, method: Function, at: ir.At) -> bool:
    """
    Whether a step of the method before a place, or of the statement at the place, may end it: an await, a
    `raise`, what a base does under the same name, and calls that are known to raise or that reach out.
    """
    return any(
        _may_fail(me.project, method, me, node)
        for node in walk(*method.statements, inner=False)
        if node.at[:2] < at[:2] or node.at[0] == at[0]
    )


def _may_fail(project: Project, method: Function, me: Class, node: ir.Node) -> bool:
    if isinstance(node, (ir.Await, ir.Raise)):
        return True
    if not isinstance(node, ir.Call):
        return False
    func = node.func
    if isinstance(func, ir.Attribute):
        is_of_base = isinstance(func.value, ir.Call) and ir.dotted_name(func.value.func) == "super"
        if is_of_base or func.name in _REACHING_OUT:
            return True
    callee = project.calls.of(method, node, me)
    if callee.model is not None:
        return bool(callee.model.raises) and callee.model.raises != "never"
    policy = project.routines.policy(project.routines.of(method, me))
    if isinstance(policy, ProjectPolicy) and policy.is_foreign(node):
        return True
    for runs in callee.runs:
        summary = project.routines.summary(*runs)
        if isinstance(summary, Summary) and summary.thrown:
            return True
    return False
