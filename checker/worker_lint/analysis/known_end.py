"""Tasks that nobody keeps and that are not lost: their end follows from a link, their errors come to a handler."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from worker_lint.analysis.entity import Function
from worker_lint.analysis.flow.visit import find
from worker_lint.analysis.looping import roots
from worker_lint.analysis.stopping import is_stop_name
from worker_lint.analysis.visit import last_name, receiver_name
from worker_lint.source import ir

_HANDLER: Final = "set_exception_handler"
_FIELD: Final = 2


def is_seen_by_loop(scope: Function) -> bool:
    """Whether a file that may name the class gives the loop a handler for the errors that nobody takes."""
    cls = scope.owner
    return cls is not None and cls.project.uses.is_written(cls, (_HANDLER,), rf"\.{_HANDLER}\(")


def ends_with_link(scope: Function, made: ir.Call, coroutine: Function) -> bool:
    """
    Whether the coroutine is given what the object has in a field, waits for it, and a method of the object closes that:
    then the task has an end, though nobody has a name for it.
    """
    cls = scope.owner
    if cls is None or not scope.node.params:
        return False
    waited = {name for one in _waits_of(coroutine) for name in roots(one)}
    for param, given in _given(made, coroutine):
        field = ir.dotted_name(given) or ""
        is_field = field.startswith(f"{scope.node.params[0].name}.") and len(field.split(".")) == _FIELD
        if (
            is_field
            and param in waited
            and any(
                receiver_name(call) == field and is_stop_name(last_name(call.func))
                for method in cls.project.values.fields.methods(cls)
                for call in find(ir.Call, method.body)
            )
        ):
            return True
    return False


def _given(call: ir.Call, function: Function) -> Iterator[tuple[str, ir.Expr]]:
    """What the call gives to the parameters of a function, as far as it says so one by one."""
    bound = function.owner is not None and "staticmethod" not in {last_name(one) for one in function.node.decorators}
    params = [one.name for one in function.node.params][bound:]
    if not any(isinstance(one, ir.Starred) for one in call.args):
        yield from zip(params, call.args, strict=False)
    yield from ((one.name, one.value) for one in call.keywords if one.name is not None)


def _waits_of(coroutine: Function) -> Iterator[ir.Expr]:
    """What a coroutine function awaits or goes through asynchronously."""
    yield from (one.value for one in find(ir.Await, coroutine.body))
    yield from (one.iter for one in find(ir.For, coroutine.body) if one.is_async)
