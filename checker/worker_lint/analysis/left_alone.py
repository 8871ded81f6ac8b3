"""Threads of a class that nobody waits for: daemons that are started, and then left to themselves."""

from __future__ import annotations

from typing import Final

from worker_lint.analysis.calls import Runs
from worker_lint.analysis.children import is_daemon_call
from worker_lint.analysis.entity import Class, Function
from worker_lint.analysis.flow.visit import find
from worker_lint.analysis.nesting import mentions
from worker_lint.analysis.reached import reached_from
from worker_lint.analysis.statements import given_result
from worker_lint.source import ir

_LOOKS: Final = frozenset({"start", "is_alive", "setDaemon"})


def is_left_alone(function: Function, me: Class | None) -> bool:
    """
    Whether only daemon threads that nobody waits for run the function, as far as the class itself starts them: each
    is kept in a local, or in a field of the object, that is started, and neither joined, returned nor given away.
    For a function of the module it is the functions of the file that start the threads.
    """
    if me is None:
        return _is_left_by_module(function)
    found = False
    for runs in me.project.workers.methods(me).values():
        for entry in me.project.workers.entries(runs.function, me):
            if entry.kind != "thread" or len(entry.callee.runs) != 1:
                continue
            if _leads_to(Runs(entry.callee.runs[0].function, me), function):
                found = True
                field = _field_of(entry.site.function, entry.call)
                if field and not _is_never_awaited(me, field):
                    return False
                if not field and not _is_dropped_daemon(entry.site.function, entry.call):
                    return False
    return found


def _is_left_by_module(function: Function) -> bool:
    started = [
        (other, call)
        for other in function.project.functions_in(function.path)
        if mentions(other, function.name) and mentions(other, "target")
        for call in find(ir.Call, other.body)
        if any(one.name == "target" and ir.dotted_name(one.value) == function.name for one in call.keywords)
    ]
    return bool(started) and all(_is_dropped_daemon(other, call) for other, call in started)


def _leads_to(runs: Runs, function: Function) -> bool:
    return any(here.function is function for here in reached_from(runs))


def _is_dropped_daemon(function: Function, made: ir.Call) -> bool:
    return is_daemon_call(made) and _is_only_started(function, made)


def _field_of(function: Function, made: ir.Call) -> str:
    """The field of the object that a method gives a new thread to, or ""."""
    subject = function.node.params[0].name if function.node.params else ""
    names = [ir.dotted_name(one) or "" for one in given_result(function.body, made)]
    own = [name.partition(".")[2] for name in names if name.startswith(f"{subject}.") and name.count(".") == 1]
    return own[0] if subject and len(own) == 1 else ""


def _is_never_awaited(me: Class, field: str) -> bool:
    """Whether all threads in the field are daemons, and all that methods of the class do with them is to start them."""
    is_daemon = False
    for runs in me.project.workers.methods(me).values():
        for node in find(ir.Assign, runs.function.body, inner=True):
            for target in node.targets:
                if isinstance(target, ir.Attribute) and target.name == "daemon" and _is_field(target.value, field):
                    is_daemon = isinstance(node.value, ir.Constant) and node.value.value is True
                elif _is_field(target, field) and isinstance(node.value, ir.Call):
                    is_daemon = is_daemon or is_daemon_call(node.value)
        for use in me.project.places.uses(runs.function, me):
            if use.place == ("self", field) and not (use.how in {"tested", "attribute", "read"} or use.name in _LOOKS):
                return False
    return is_daemon and not me.project.uses.is_written(me, (f"{field}.join",), rf"\b{field}\.join\(")


def _is_field(expr: ir.Expr, field: str) -> bool:
    return isinstance(expr, ir.Attribute) and expr.name == field


def _is_only_started(function: Function, made: ir.Call) -> bool:
    """Whether a new thread is started, and nothing else is done with it."""
    names = [one.id for one in given_result(function.body, made) if isinstance(one, ir.Name)]
    if not names:
        return any(
            isinstance(one.func, ir.Attribute) and one.func.value is made for one in find(ir.Call, function.body)
        )
    uses = [one for one in find(ir.Name, function.body) if one.id == names[0]]
    starts = [one for one in find(ir.Call, function.body) if ir.dotted_name(one.func) == f"{names[0]}.start"]
    return len(names) == 1 and len(uses) <= len(starts) + 1
