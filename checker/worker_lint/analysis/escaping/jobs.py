"""Jobs that a class takes from its own queue, where all that is ever put in looks after its own errors."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from worker_lint.analysis.escaping.boundaries import functions_of
from worker_lint.analysis.flow.visit import find
from worker_lint.analysis.tiers.observing import unguarded
from worker_lint.source import ir

if TYPE_CHECKING:
    from worker_lint.analysis.entity import Class, Function

_PUTS: Final = frozenset({"put", "put_nowait", "append", "appendleft"})


def all_guarded(function: Function) -> bool:
    """
    Whether every job that the file hands to the class of the function is known, and none of them lets an error out.

    The class is taken to fill its queue through a method that gets the job as a parameter.
    """
    if function.owner is None:
        return False
    doors = dict(_doors(function.owner))
    given = [one for other in functions_of(function.project, function.path) for one in _given(other, doors)]
    return bool(given) and all(job is not None and unguarded(job) is None for job in given)


def _doors(cls: Class) -> Iterator[tuple[str, int]]:
    """The methods of a class that put a parameter into a collection of its own, with its position in a call."""
    for method in cls.project.values.fields.methods(cls):
        params = [param.name for param in method.node.params]
        for call in find(ir.Call, method.statements):
            is_put = isinstance(call.func, ir.Attribute) and call.func.name in _PUTS and call.args
            job = call.args[0] if is_put else None
            if isinstance(job, ir.Name) and job.id in params[1:]:
                yield method.name, params.index(job.id) - 1


def _given(function: Function, doors: dict[str, int]) -> Iterator[Function | None]:
    """What a function hands to such a method; None for what is not known."""
    for call in find(ir.Call, function.statements):
        name = call.func.name if isinstance(call.func, ir.Attribute) else ""
        if name in doors:
            index = doors[name]
            runs = function.project.calls.handed(function, call.args[index]).runs if index < len(call.args) else ()
            yield runs[0].function if len(runs) == 1 else None
