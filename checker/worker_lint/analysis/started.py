"""
Objects that are started and that nothing ever stops, although their class has a method for it.

Asked of code that does stop something else: a function that starts two things and stops one, a class whose
stop leaves out what its start has started. Who may stop the object besides decides, so every call of
that method in a file that knows the class is looked at.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final, NamedTuple

from worker_lint.analysis.entity import Class, External, Function, Instance
from worker_lint.analysis.flow import find
from worker_lint.analysis.resources import RUNNING
from worker_lint.analysis.stopping import is_child_stop, is_stop_name
from worker_lint.source import ir

if TYPE_CHECKING:
    from worker_lint.analysis.project import Project

_ENDS_OF: Final = {
    "start": ("stop", "shutdown", "close"),
    "startup": ("shutdown",),
    "start_up": ("shut_down",),
    "setup": ("teardown",),
}
"""The methods that begin something, each with those that are there to end it."""

_QUIET: Final = frozenset({"trivial", "abstract-docstring", "not-implemented"})
_GIVEN_AWAY: Final = frozenset({"passed", "returned", "stored", "held", "entered"})


class Started(NamedTuple):
    """A call that starts an object, the class of the object, and the method that would end it."""

    call: ir.Call
    cls: Class
    end: Function


def started_for_good(project: Project, function: Function, me: Class | None) -> Iterator[Started]:
    """What a function starts by a local name, while it stops only other things."""
    calls = list(find(ir.Call, function.statements))
    stopped = [call for call in calls if isinstance(call.func, ir.Attribute) and is_child_stop(call.func.name)]
    if not stopped:
        return
    for call in calls:
        func = call.func
        if not isinstance(func, ir.Attribute) or not isinstance(func.value, ir.Name) or func.name not in _ENDS_OF:
            continue
        found = _started(project, function, call, me)
        if found is not None and not _is_given_away(project, function, func.value.id, me):
            yield found


def started_by_methods(project: Project, cls: Class) -> Iterator[tuple[Function, Started]]:
    """What the methods of a class start in fields of its objects, with the method that does it."""
    methods = tuple(project.values.fields.methods(cls))
    uses = [use for method in methods for use in project.places.uses(method, cls)]
    for method in methods:
        for call in find(ir.Call, method.statements):
            func = call.func
            if not isinstance(func, ir.Attribute) or func.name not in _ENDS_OF:
                continue
            field = func.value
            params = method.node.params
            if not isinstance(field, ir.Attribute) or not isinstance(field.value, ir.Name) or not params:
                continue
            if field.value.id != params[0].name:
                continue
            place = ("self", field.name)
            if any(use.place == place and (use.how in _GIVEN_AWAY or use.how == "attribute") for use in uses):
                continue
            if project.values.fields.is_shared(cls, field.name):
                continue  # the others go on with it when one of them is stopped
            found = _started(project, method, call, cls)
            if found is not None:
                yield method, found


def _started(project: Project, function: Function, call: ir.Call, me: Class | None) -> Started | None:
    """The object that a call starts, where its class is known and nothing in sight may end it."""
    func = call.func
    if not isinstance(func, ir.Attribute):
        return None
    kind = project.values.of(function, func.value, me)
    if not isinstance(kind, Instance) or not isinstance(kind.of, Class):
        return None
    cls = kind.of
    duty = project.resources.duty(kind)
    if duty is not None and duty.role in RUNNING:
        return None  # the matter of the rules on threads and tasks
    if not _defines(project, cls, func.name):
        return None
    ends = [end for end in (_defines(project, cls, name) for name in _ENDS_OF[func.name]) if end is not None]
    if not ends or not _matters(project, cls, func.name, ends[0]):
        return None
    names = {end.name for end in ends} | set(_ENDS_OF[func.name])
    near = {function.path, *(one.path for one in _family(project, me))}
    return None if _may_be_ended(project, cls, names, near) else Started(call, cls, ends[0])


def _defines(project: Project, cls: Class, name: str) -> Function | None:
    """The method of this name in the class or in a base of the project."""
    for base in project.hierarchy.order(cls):
        if isinstance(base, Class):
            found = next((one for one in project.values.fields.methods(base) if one.name == name), None)
            if found is not None:
                return found
    return None


def _matters(project: Project, cls: Class, start: str, end: Function) -> bool:
    """Whether the end does something: it, or one that replaces it, ends a part; or both are hooks to be filled."""
    family = (cls, *project.hierarchy.descendants(cls))
    ends = [one for each in family for one in project.values.fields.methods(each) if one.name == end.name]
    for one in (end, *ends):
        for call in find(ir.Call, one.statements):
            is_on_self = isinstance(call.func, ir.Attribute) and ir.dotted_name(call.func) != f"super.{end.name}"
            if is_on_self and isinstance(call.func, ir.Attribute) and is_stop_name(call.func.name):
                return True
    begin = _defines(project, cls, start)
    return begin is not None and begin.node.shape in _QUIET and end.node.shape in _QUIET


def _family(project: Project, cls: Class | None) -> set[Class]:
    """The class with those above and below it."""
    if cls is None:
        return set()
    above = {base for base in project.hierarchy.order(cls) if isinstance(base, Class)}
    return above | set(project.hierarchy.descendants(cls))


def _may_be_ended(project: Project, cls: Class, names: set[str], near: set[str]) -> bool:
    """
    Whether a call of the ending method, in any product file that knows the class or a relative, may be on such an
    object: what tests and examples stop is not what the product starts. The files `near` have it from a function that
    makes it, and need not know its class.
    """
    family = _family(project, cls)
    paths = near.union(*(project.uses.files_using(each) for each in family))
    for path in sorted(path for path in paths if project.store.role(path) == "product"):
        if path != project.store.own:
            project.store.rely_on(path)
        text = project.store.text(path)
        if any(text.holds(word) for word in ("ExitStack", "AsyncExitStack", "getattr")):
            return True
        for name in names:
            for call in project.uses.calls_naming(path, name):
                func = call.node.func
                if not isinstance(func, ir.Attribute) or func.name != name:
                    return True
                if _may_be_on(project, call.scope, func, family):
                    return True
    return False


def _may_be_on(project: Project, scope: object, func: ir.Attribute, family: set[Class]) -> bool:
    if isinstance(func.value, ir.Call) and ir.dotted_name(func.value.func) == "super":
        return False
    kind = project.values.of(scope, func.value) if isinstance(scope, Function) else None
    if not isinstance(kind, Instance):
        return True
    return kind.of in family if isinstance(kind.of, Class) else not isinstance(kind.of, External)


def _is_given_away(project: Project, function: Function, name: str, me: Class | None) -> bool:
    """Whether the object, by this name, gets to somebody else who may end it, or a `with` does."""
    return any(
        use.place == (name,) and (use.how in _GIVEN_AWAY or use.how == "attribute")
        for use in project.places.uses(function, me)
    )
