"""
Whether what an error leaves open is lost beyond doubt: what fails lies outside the program, and nobody but the
code that fails could have closed it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from worker_lint.analysis.borrowed import Borrowed
from worker_lint.analysis.one_shot import ends_process
from worker_lint.analysis.resources.duty import RUNNING
from worker_lint.analysis.routines import LINK_ERROR, USER_CODE
from worker_lint.source import ir

if TYPE_CHECKING:
    from worker_lint.analysis.entity import Function
    from worker_lint.analysis.resources.held import Held
    from worker_lint.analysis.unhanded import Unhanded

_VAGUE: Final = frozenset({USER_CODE, LINK_ERROR, "Exception", "BaseException"})


def is_certain(one: Unhanded, function: Function) -> bool:
    """
    Whether a maintainer has to admit the leak. The error is one that a library or the system is known to raise, no
    check of the project's own. And the object was to be kept: in a field, or by the caller. A plain local that
    CPython closes with its last reference is gone with the frame.
    """
    if not _comes_from_outside(one, function):
        return False
    is_to_be_kept = len(one.held.place) > 1 or bool(one.held.escapes)
    return is_to_be_kept or not one.held.duty.collected


def is_moot(one: Unhanded, function: Function) -> bool:
    """Whether the process ends upon the error, and takes along what is left: all but what runs by itself."""
    return one.held.duty.role not in RUNNING and ends_process(function)


def outlives_owner(held: Held) -> bool:
    """
    Whether the object goes on when its owner is dropped, so that only a release ends it: a thread, a task, an event
    loop or a cycle keeps it. Files, plain sockets and clients that hold no more than such are closed by CPython.
    Of an object of the project it is what the object holds.
    """
    cls = held.duty.cls
    if held.duty.model is not None or cls is None:
        return not held.duty.collected
    parts = [one for one in cls.project.resources.held(cls) if one.acquired]
    return any(one.duty.role in RUNNING or (one.duty.role != "worker" and not one.duty.collected) for one in parts)


def is_pool_certain(one: Borrowed) -> bool:
    """Whether what takes it back is what has given it: then it is a pool, which has one less to give for good."""
    if one.taken is None:
        return False
    return _receiver(one.taken) == _receiver(one.release) != ""


def _receiver(call: ir.Call) -> str:
    """The object of a method call, as it is written; "" for others."""
    return (ir.dotted_name(call.func.value) or "") if isinstance(call.func, ir.Attribute) else ""


def _comes_from_outside(one: Unhanded, function: Function) -> bool:
    """Whether one of the errors is of the standard library or of a modelled one, not a class of the project."""
    errors = function.project.routines.errors
    names = {thrown.name for thrown in one.thrown} - _VAGUE
    return any(errors.own(name) is None and _is_of_the_system(name, errors.ancestors(name)) for name in names)


def _is_of_the_system(name: str, above: frozenset[str]) -> bool:
    """Whether it tells of the world outside: an `OSError`, or an error of a library."""
    return "OSError" in above or "." in name
