"""Whether what an error leaves out stays undone: what goes with its last reference, or ends by itself, does not."""

from __future__ import annotations

from worker_lint.analysis.entity import Class
from worker_lint.analysis.flow import Place, find
from worker_lint.analysis.guard import within
from worker_lint.analysis.joining import is_mere_wait
from worker_lint.analysis.skipping import Skip, Skipping
from worker_lint.analysis.stopping import is_stop_name
from worker_lint.analysis.visit import encloses, unawaited
from worker_lint.source import ir


def is_lasting(skipping: Skipping, skip: Skip) -> bool:
    """Whether one of the resources that are left out stays as it is for as long as its owner, at least."""
    return skip.is_loop or any(
        not _is_only_awaited(skipping, place, at)
        and not _is_dropped(skipping, skip, place)
        and not _has_other_end(skipping, place)
        for place, at in skip.places
    )


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
    after the error has been taken by a `try`. What is closed with its object, which is done with after its end, is
    missed by nobody, but for a socket whose peer waits.
    """
    duty = skipping.duty(place)
    if duty is None or not duty.collected:
        return False
    if len(place) == 1 or duty.role != "socket":
        return True
    cause = unawaited(skip.cause)
    around = [tried for tried in find(ir.Try, skipping.function.statements) if within(tried.body, cause)]
    return any(
        tried.body[-1].at[2:] <= assigned.at[:2]
        for tried in around
        for assigned in find(ir.Assign, skipping.function.statements)
        if any(isinstance(one, ir.Attribute) and one.name == place[-1] for one in assigned.targets)
    )


def _has_other_end(skipping: Skipping, place: Place) -> bool:
    """
    Whether another method that ends the object ends this as well, by a way of its own, as a `terminate` does beside a
    `join`: whoever sees the error may call that.
    """
    cls, name = skipping.me, skipping.function.name
    if cls is None or len(place) != 2:
        return False
    project, reached = skipping.project, skipping.project.resources.reached
    classes = (one for one in project.hierarchy.order(cls) if isinstance(one, Class))
    methods = (method for one in classes for method in project.values.fields.methods(one))
    here = reached(cls, name)
    others = (one for one in methods if is_stop_name(one.name) and one.name not in here)
    return any(name not in reached(cls, one.name) and _ends(Skipping(project, one, cls), place) for one in others)


def _ends(other: Skipping, place: Place) -> bool:
    steps = other.graph.steps() if other.graph is not None else ()
    return any(each[1:] == place[1:] for step in steps for each in other.released(step))
