"""Whether what an error leaves out stays undone: what goes with its last reference, or ends by itself, does not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from worker_lint.analysis.flow import Place, find
from worker_lint.analysis.guard import within
from worker_lint.analysis.stopping import is_stop_name
from worker_lint.analysis.visit import encloses, method_name, unawaited
from worker_lint.source import ir

if TYPE_CHECKING:
    from worker_lint.analysis.entity import Function
    from worker_lint.analysis.skipping import Skip, Skipping


def is_lasting(skipping: Skipping, skip: Skip) -> bool:
    """Whether one of the resources that are left out stays as it is for as long as its owner, at least."""
    return skip.is_loop or any(
        not _is_only_awaited(skipping, place, at) and not _is_dropped(skipping, skip, place)
        for place, at in skip.places
    )


def is_mere_wait(function: Function, call: ir.Node, *, bounded: bool = False) -> bool:
    """
    Whether this joins a thread that the function does not tell to end, so that it ends for other reasons; with
    `bounded` only if it waits no longer than a time that is given.
    """
    if (
        not isinstance(call, ir.Call)
        or method_name(call) != "join"
        or (bounded and not call.args and not call.keywords)
    ):
        return False
    subject = _subject(call)
    calls = find(ir.Call, function.statements)
    return not any(_subject(one) == subject and _tells_to_end(one) for one in calls)


def _tells_to_end(call: ir.Call) -> bool:
    return method_name(call) != "join" and is_stop_name(method_name(call))


def _subject(call: ir.Call) -> str | None:
    return ir.dotted_name(call.func.value) if isinstance(call.func, ir.Attribute) else None


def _is_only_awaited(skipping: Skipping, place: Place, at: ir.At) -> bool:
    """Whether the step left out is a mere wait for a thread."""
    duty = skipping.duty(place)
    if duty is None or duty.role not in ("thread", "timer"):
        return False
    calls = [call for call in find(ir.Call, skipping.function.statements) if call.at == at or encloses(at, call.at)]
    return any(is_mere_wait(skipping.function, call) for call in calls)


def _is_dropped(skipping: Skipping, skip: Skip, place: Place) -> bool:
    """
    Whether CPython closes it all the same, since nobody has it any more: a local, or a field that gets another value
    after the error has been taken by a `try`. A file is closed with its object, and nobody at another end waits for it.
    """
    duty = skipping.duty(place)
    if duty is None or not duty.collected:
        return False
    if len(place) == 1 or duty.role == "file":
        return True
    cause = unawaited(skip.cause)
    around = [tried for tried in find(ir.Try, skipping.function.statements) if within(tried.body, cause)]
    return any(
        tried.body[-1].at[2:] <= assigned.at[:2]
        for tried in around
        for assigned in find(ir.Assign, skipping.function.statements)
        if any(isinstance(one, ir.Attribute) and one.name == place[-1] for one in assigned.targets)
    )
