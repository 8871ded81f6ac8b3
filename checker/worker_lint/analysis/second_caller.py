"""Who stops an object besides the one that made it: then a second stop of the same object is to be expected."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from worker_lint.analysis.entity import Class, Function
from worker_lint.analysis.flow import find
from worker_lint.analysis.guard import in_finally, in_handler
from worker_lint.analysis.nesting import placed_statements
from worker_lint.analysis.places import SELF, Use
from worker_lint.analysis.refusing_none import refuses_none
from worker_lint.analysis.standing import CLOSED_NAMES, Misstep, Standing, State
from worker_lint.analysis.stopped_early import is_internal
from worker_lint.analysis.stopping import is_stop_name
from worker_lint.analysis.visit import last_name
from worker_lint.analysis.with_blocks import lives_in_with
from worker_lint.source import ir

_EXITS = frozenset({"__exit__", "__aexit__"})
_UNDOES = ("unregister", "deregister", "remove")


class SecondCaller(NamedTuple):
    """
    A method that leads to the stop, and where. `is_sure` when it does so of itself, on an error or through somebody
    to whom it hands the stop: not only at the end of a `with` block, or because the object tells that it has ended.
    """

    method: Function
    at: ir.At
    is_sure: bool


def second_caller(
    cls: Class, stop: Function, standing: Standing, first: State, missteps: tuple[Misstep, ...]
) -> SecondCaller | None:
    """Another method of the object that leads to the stop, or hands it to somebody, after a first one."""
    found = list(_callers(cls, stop, standing, first, missteps))
    if found and all(one.method.name in _EXITS for one in found) and lives_in_with(cls):
        return None
    if found:
        return found[0]._replace(is_sure=any(one.is_sure for one in found))
    told = standing.told_by(missteps)
    return None if told is None else SecondCaller(*told, is_sure=False)


def _callers(
    cls: Class, stop: Function, standing: Standing, first: State, missteps: tuple[Misstep, ...]
) -> Iterator[SecondCaller]:
    for runs in cls.project.workers.methods(cls).values():
        if runs.function == stop:
            continue
        for use in cls.project.places.uses(runs.function, cls):
            is_call = use.place == (SELF,) and use.how == "called" and use.name == stop.name
            is_handed = use.place == (SELF, stop.name) and use.how in ("passed", "attribute", "stored")
            on_error = is_call and _is_on_error(runs.function, use)
            again = is_call and is_stop_name(runs.function.name) and _reaches(standing, runs.function, first, missteps)
            if is_handed or on_error or again:
                is_sure = on_error or (is_handed and use.how == "passed" and not _takes_itself_back(stop))
                yield SecondCaller(runs.function, use.at, is_sure)


def _takes_itself_back(stop: Function) -> bool:
    """Whether a stop undoes a registration, its own perhaps: whom it was handed to does not call it a second time."""
    return any(last_name(call.func).startswith(_UNDOES) for call in find(ir.Call, stop.statements))


def _is_on_error(method: Function, use: Use) -> bool:
    """Whether a call stands where an error is handled, whatever the object is like."""
    placed = next((one for one in placed_statements(method.statements) if one.statement is use.statement), None)
    if placed is None or any(isinstance(outer, (ir.If, ir.While)) for outer in placed.around):
        return False
    return in_handler(placed) is not None or in_finally(placed) is not None


def _reaches(standing: Standing, method: Function, first: State, missteps: tuple[Misstep, ...]) -> bool:
    """Whether the method, run on a stopped object, gets as far as the misstep."""
    nodes = {one.node.at for one in missteps}
    return any(one.node.at in nodes for one in standing.missteps(method, first))


def comes_for_sure(misstep: Misstep, other: SecondCaller) -> bool:
    """
    Whether the object itself may make the second stop, or a public class tells everybody of closed objects, as files
    do. Where the misstep is only to hand None on, what takes it has to be declared to take none.
    """
    function = misstep.function
    if misstep.value == "handed":
        is_refused = isinstance(misstep.node, ir.Call) and refuses_none(function, misstep.node, function.owner)
        return other.is_sure and is_refused
    cls = other.method.owner
    is_told = other.method.name in CLOSED_NAMES and cls is not None and not is_internal(cls)
    return other.is_sure or (is_told and misstep.value == "none")
