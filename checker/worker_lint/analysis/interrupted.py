"""Clean-up that runs only when somebody presses Ctrl-C: a stop in `except KeyboardInterrupt` and nowhere else."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final, NamedTuple

from worker_lint.analysis.entity import Class, Function
from worker_lint.analysis.flow import find, walk
from worker_lint.analysis.guard import in_finally, in_handler
from worker_lint.analysis.nesting import own_calls
from worker_lint.analysis.reached import Reached, reached_from
from worker_lint.analysis.signalled import installed_in
from worker_lint.analysis.stopping import is_child_stop, is_stop_name
from worker_lint.analysis.visit import given_to, method_name, receiver_name
from worker_lint.source import ir

if TYPE_CHECKING:
    from worker_lint.analysis.project import Project

_INTERRUPTS: Final = frozenset({"KeyboardInterrupt", "SystemExit"})
_QUIET: Final = frozenset({"sleep", "info", "debug", "warning"})
_IDLE: Final = frozenset({"time.sleep", "builtins.print", "builtins.input", "signal.pause"})


class OnlyInterrupted(NamedTuple):
    """
    A stop that only an interrupt leads to.

    Attributes:
        call: The stop.
        body: The first call of the body that it should follow.
        is_asked: A signal handler of the same function asks the work to end, by an event that the work is given: then
            it returns, and the stop is left out whenever all goes well.
    """

    call: ir.Call
    body: ir.Call
    is_asked: bool = False


def only_interrupted(project: Project, function: Function, me: Class | None) -> Iterator[OnlyInterrupted]:
    """
    The stops in handlers of KeyboardInterrupt that no other way out of the `try` reaches: no finally,
    no other handler, nothing before or after. A body that does nothing but wait is left by no other way.
    """
    stops = [call for call in find(ir.Call, function.statements) if _is_stop(project, function, call, me)]
    names = [ir.dotted_name(call.func) for call in stops]
    for tried in find(ir.Try, function.statements):
        work = next((call for call in find(ir.Call, tried.body) if _works(project, function, call, me)), None)
        if tried.final or work is None:
            continue
        for handler in tried.handlers:
            if not _is_interrupt(handler):
                continue
            for call in stops:
                is_inside = any(call is node for node in walk(*handler.body, inner=False))
                is_only = names.count(ir.dotted_name(call.func)) == 1 and not _is_of_loop(call, work)
                if is_inside and is_only and not _ends_itself(project, function, tried, call, me):
                    yield OnlyInterrupted(call, work, _is_asked_to_end(project, function, tried))


def _is_asked_to_end(project: Project, function: Function, tried: ir.Try) -> bool:
    handlers = {ir.dotted_name(one.handler) for one in installed_in(function)}
    given = {node.id for call in find(ir.Call, tried.body) for one in given_to(call) for node in find(ir.Name, (one,))}
    return any(
        method_name(call) == "set" and receiver_name(call) in given
        for inner in project.values.fields.inner(function)
        if inner.name in handlers
        for call in find(ir.Call, inner.statements)
    )


def _ends_itself(project: Project, function: Function, tried: ir.Try, stop: ir.Call, me: Class | None) -> bool:
    """Whether what is set going makes the same stop itself when it ends or fails."""
    wanted = {runs.function for runs in project.calls.of(function, stop, me).runs}
    subject = ir.dotted_name(stop.func.value) if isinstance(stop.func, ir.Attribute) else None
    begun = [runs for call in find(ir.Call, tried.body) for runs in project.calls.of(function, call, me).runs]
    for call in find(ir.Call, function.statements):  # handed to something that runs it
        for given in given_to(call):
            if isinstance(given, ir.Attribute) and subject is not None and ir.dotted_name(given.value) == subject:
                begun.extend(project.calls.handed(function, given, me).runs)
    reached = (here for runs in begun if runs.function not in wanted for here in reached_from(runs))
    return any(_stops_on_its_way_out(project, here, wanted) for here in reached)


def _stops_on_its_way_out(project: Project, here: Reached, wanted: set[Function]) -> bool:
    for placed in here.statements():
        is_way_out = in_handler(placed) is not None or in_finally(placed) is not None
        for call in own_calls(placed.statement):
            callee = project.calls.of(here.function, call, here.me)
            if callee.dotted == "atexit.register" and call.args:
                callee = project.calls.handed(here.function, call.args[0], here.me)
            elif not is_way_out:
                continue
            if any(runs.function in wanted for runs in callee.runs):
                return True
    return False


def _is_of_loop(call: ir.Call, work: ir.Call) -> bool:
    """Whether the stop only ends the loop of `serve_forever`, which has ended when it raises."""
    both = isinstance(call.func, ir.Attribute) and isinstance(work.func, ir.Attribute)
    return both and (ir.dotted_name(work.func) or "").endswith(".serve_forever") and method_name(call) == "shutdown"


def _is_interrupt(handler: ir.Handler) -> bool:
    exception = handler.exception
    caught = exception.items if isinstance(exception, ir.Collection) else (exception,)
    return all(isinstance(one, ir.Name) and one.id in _INTERRUPTS for one in caught)


def _is_stop(project: Project, function: Function, call: ir.Call, me: Class | None) -> bool:
    """Whether a call ends an object of a class that is known, or runs a function of the project that is for that."""
    callee = project.calls.of(function, call, me)
    if isinstance(call.func, ir.Attribute):
        duty = project.resources.duty(project.values.of(function, call.func.value, me))
        if duty is not None and call.func.name in duty.request and call.func.name not in duty.release:
            return False  # it only asks what has ended by now to end
        return is_child_stop(call.func.name) and (bool(callee.first) or callee.model is not None)
    return isinstance(call.func, ir.Name) and is_stop_name(call.func.id) and bool(callee.first)


def _works(project: Project, function: Function, call: ir.Call, me: Class | None) -> bool:
    """Whether a call may come back or fail: not one that only waits, for all that there is to end, or logs."""
    name = method_name(call)
    is_wait = name == "join" and not call.args
    return project.calls.of(function, call, me).dotted not in _IDLE and name not in _QUIET and not is_wait
