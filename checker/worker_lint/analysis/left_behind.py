"""
Whether what an error leaves open is lost beyond doubt: what fails lies outside the program, and nobody but the
code that fails could have closed it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from worker_lint.analysis.entity import Class, Function
from worker_lint.analysis.flow import find
from worker_lint.analysis.guard import within
from worker_lint.analysis.in_use import is_dead
from worker_lint.analysis.one_shot import ends_process
from worker_lint.analysis.process_start import has_own_process, is_made_by_main, runs_only_at_start
from worker_lint.analysis.resources.duty import RUNNING
from worker_lint.analysis.routines import LINK_ERROR, USER_CODE
from worker_lint.analysis.self_ending import ends_with_program, may_end_itself
from worker_lint.analysis.sure_link import takes_any_port
from worker_lint.source import ir

if TYPE_CHECKING:
    from collections.abc import Sequence

    from worker_lint.analysis.calls import Runs
    from worker_lint.analysis.resources.held import Held, Site
    from worker_lint.analysis.unhanded import Unhanded

_VAGUE: Final = frozenset({USER_CODE, LINK_ERROR, "Exception", "BaseException"})
_NEAR: Final = 1
_PASSIVE: Final = frozenset({"lock", "event", "queue"})


def is_certain(one: Unhanded, function: Function) -> bool:
    """
    Whether a maintainer has to admit the leak. The error is one that a library or the system is known to raise, no
    check of the project's own, and it leaves the function itself, which somebody uses. And the object goes on without
    a reference, or somebody was to get it who is still there: the caller, or an object that is made already.
    """
    if not one.is_direct or not _comes_from_outside(one, function) or _is_finalized(function) or is_dead(function):
        return False
    if one.held.duty.role in RUNNING:
        return not may_end_itself(one.held, function.owner)
    if _is_of_its_own_link(one, function) or takes_any_port(one.cause):
        return False
    if runs_only_at_start(function) or has_own_process(function):
        return False
    return not one.held.duty.collected or not (_goes_with_frame(one.held, function) or _ends_itself(one.held))


def _is_of_its_own_link(one: Unhanded, function: Function) -> bool:
    """Whether a field is closed here after its work, and fails itself: mostly this tells that its link has gone."""
    call, params = one.cause, function.node.params
    is_end = any(end.kind == "release" and end.site.method == function for end in one.held.ends)
    if len(one.held.place) == 1 or not is_end or not isinstance(call, ir.Call) or not params:
        return False
    on = ir.dotted_name(call.func.value) if isinstance(call.func, ir.Attribute) else None
    return on == f"{params[0].name}.{one.held.place[-1]}"


def _is_finalized(function: Function) -> bool:
    """Whether the object that a constructor has not finished has a finalizer, which may end what is there."""
    owner = function.owner if function.name == "__init__" else None
    return owner is not None and owner.project.hierarchy.find(owner, "__del__") is not None


def _goes_with_frame(held: Held, function: Function) -> bool:
    """
    Whether CPython closes it when the frame of the failing function is dropped: a plain local that nobody was to get,
    and what a constructor has put into the object, which nobody gets either.
    """
    return function.name == "__init__" or (len(held.place) == 1 and not held.escapes)


def _ends_itself(held: Held) -> bool:
    """Whether it has a finalizer of its own, as the sockets of ZeroMQ have."""
    return held.duty.model is not None and held.duty.model.library == "pyzmq"


def remains(held: Held, error: str) -> str:
    """What is left of it, in a sentence: what CPython closes with its last reference lasts as long as that."""
    if not held.duty.collected:
        return f"Each attempt that fails leaves one more {held.duty.role} behind: {error} passes its owner by."
    if len(held.place) > 1:
        return f"{error} passes its owner by: the {held.duty.role} stays open for as long as the object is kept."
    return f"Only the frame still has it: the {held.duty.role} stays open until {error} is dropped."


def is_moot(one: Unhanded, function: Function) -> bool:
    """Whether the process ends upon the error, and takes along what is left: all but what keeps running without it."""
    if one.held.duty.role in RUNNING and not ends_with_program(one.held):
        return False
    is_constructor = function.name == "__init__" and function.owner is not None
    return ends_process(function) or (is_constructor and is_made_by_main(function.owner))


def outlives_owner(held: Held) -> bool:
    """
    Whether the object goes on when its owner is dropped, so that only a release ends it: a thread, a task, an event
    loop or a cycle keeps it. Files, plain sockets and clients that hold no more than such are closed by CPython.
    Of an object of the project it is what the object holds, whatever it is asked for, unless it ends that itself in a
    finalizer; a task ends with its loop.
    """
    cls = held.duty.cls
    if held.duty.model is not None or cls is None:
        return not held.duty.collected
    if cls.project.hierarchy.find(cls, "__del__") is not None:
        return False
    parts = (one for one in cls.project.resources.held(cls) if not one.is_collection)  # items come and go one by one
    return any(
        not one.duty.collected
        and one.duty.role not in (*_PASSIVE, "worker", "task")
        and any(not _is_optional(site) for site in one.acquired)
        for one in parts
    )


def is_made_here(held: Held, cls: Class) -> bool:
    """
    Whether the code of the class makes the object by its own constructor. A function of the project that makes it may
    give what others have as well, or what wraps something that is not ours, as a standard stream.
    """
    for site in held.created:
        call = next((one for one in find(ir.Call, site.function.statements) if one.at == site.at), None)
        if call is None or cls.project.calls.of(site.function, call, cls).creates is None:
            return False
    return bool(held.created)


def _is_optional(site: Site) -> bool:
    """Whether a condition decides if it comes to this."""
    return any(within((branch,), site) for branch in find(ir.If, site.function.statements))


def holds_only_locks(held: Held) -> bool:
    """Whether it is an object of the project around a lock or an event, which needs no release at the end."""
    cls = held.duty.cls
    if held.duty.model is not None or cls is None:
        return False
    return all(one.duty.role in _PASSIVE for one in cls.project.resources.held(cls))


def is_of_lifetime(held: Held, stops: Sequence[Runs]) -> bool:
    """
    Whether it may be meant to last as long as the object: the constructor makes it, and what ends the object is the
    counterpart of a start, after which it may be started again and finds it there.
    """
    is_made_once = all(site.method.name == "__init__" for site in held.created)
    return is_made_once and all(runs.function.name in _PAUSES for runs in stops)


_PAUSES: Final = frozenset({"stop", "async_stop", "stop_async"})


def _comes_from_outside(one: Unhanded, function: Function) -> bool:
    """
    Whether one of the errors is of the standard library or of a modelled one, not a class of the project, and comes
    up in the call itself or in the function that it runs: further down there may be conditions that nobody meets.
    """
    errors = function.project.routines.errors
    near = (spring.names for spring in one.springs if len(spring.above) <= _NEAR)
    names = frozenset().union(*near) - _VAGUE
    return any(errors.own(name) is None and _is_of_the_system(name, errors.ancestors(name)) for name in names)


def _is_of_the_system(name: str, above: frozenset[str]) -> bool:
    """Whether it tells of the world outside: an `OSError`, or an error of a library."""
    return "OSError" in above or "." in name
