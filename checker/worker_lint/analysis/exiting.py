"""
Whether an except clause for everything loses the exit of the process: SystemExit, KeyboardInterrupt.

A clause that raises, ends the process, hands the exception on or leaves the loop does not. Nor does one where no such
exception arrives: on a thread, and in what Twisted's reactor calls.
"""

from __future__ import annotations

import re
import sys
from typing import Final

from worker_lint.analysis.entity import Class, External, Function, Instance
from worker_lint.analysis.escaping.supervision import is_entry
from worker_lint.analysis.exit_arrival import exits_arrive, may_leave
from worker_lint.analysis.flow import find
from worker_lint.analysis.routines import ProjectPolicy
from worker_lint.analysis.stopping import is_stop_name
from worker_lint.analysis.tiers import (
    TrySite,
    ends_process,
    hands_on,
    log_calls,
    log_level,
    may_look_at_it,
    raises_anything,
)
from worker_lint.analysis.tiers.awaiting import awaits_others_only
from worker_lint.analysis.tiers.loops import is_endless, leaves_loop
from worker_lint.analysis.tiers.names import bound_names
from worker_lint.analysis.tiers.reasons import states_reason
from worker_lint.source import ir

_WARNING: Final = 30
_ALONE: Final = frozenset({"thread", "timer", "process", "pool", "task"})
_THREADS: Final = frozenset({"thread", "timer"})
_MAIN: Final = frozenset({"main", "cli"})
_PICKLES: Final = frozenset(
    {"pickle.load", "pickle.loads", "dill.load", "dill.loads", "cloudpickle.load", "cloudpickle.loads"}
)
_REACTOR: Final = re.compile(
    r"^\s*(?:from twisted\.internet import[^\n]*\b(?:defer|reactor|task)\b|from twisted\.internet\.(?:defer|task)\b"
    r"|import twisted\.internet\.(?:defer|reactor|task)\b)",
    re.MULTILINE,
)
"""What runs on the reactor, which takes signals by handlers that raise nothing, and a SystemExit of a callback."""

EXITS: Final = ("KeyboardInterrupt", "SystemExit")


def may_raise_exits(handler: ir.Handler, caught: tuple[str | None, ...]) -> bool:
    """Whether the clause raises what it takes, of which nothing is known: exits may be what it is for."""
    return None in caught and raises_anything(handler.body)


def goes_on_in_loop(site: TrySite, handler: ir.Handler) -> bool:
    """
    Whether a lost exit is beyond doubt: one arrives, the next turn of a loop follows, and what the block does is work
    of its own. To keep one call of code of others apart is the purpose of many a clause for everything.
    """
    function = site.function
    if not site.loops or function is None or is_stop_name(function.name):
        return False
    if may_leave(site, handler) or not exits_arrive(site):
        return False
    project = function.project
    policy = project.routines.policy(project.routines.of(function))
    if len(site.node.body) > 1 or not isinstance(policy, ProjectPolicy):
        return True
    items = {name for loop in site.loops for name in bound_names(loop)}
    return not any(policy.is_foreign(call) or _is_of(call, items) for call in find(ir.Call, site.node.body))


def _is_of(call: ir.Call, items: set[str]) -> bool:
    """Whether a call runs a method of an item of the loop, or what `getattr()` gives."""
    if isinstance(call.func, ir.Call):
        return True
    first = (ir.dotted_name(call.func) or "").partition(".")[0]
    return first in items


def loses_exit(site: TrySite, handler: ir.Handler) -> bool:
    """Whether nobody learns that an exit was wanted, and the program goes on."""
    scope, body = site.scope, handler.body
    if raises_anything(body) or ends_process(scope, body) or hands_on(handler) or may_look_at_it(body):
        return False
    is_left = leaves_loop(body)
    if site.function is not None and is_entry(site.function, _THREADS if not is_left else _ALONE):
        return False  # no Ctrl-C arrives on a thread, and an exit there ends no more than it
    if site.loops and is_left:
        return False
    if (
        _answers_failure(site, handler)
        or _rises_anyway(site)
        or (site.is_async and awaits_others_only(site))
        or _holds_the_loop(site)
    ):
        return False
    in_finalizer = site.function is not None and site.function.name == "__del__"
    is_wide = _takes_time(site, handler) or (_reports_base(site, handler) and _goes_on(site))
    if in_finalizer or not is_wide or states_reason(scope, handler):
        return False
    return not _REACTOR.search(scope.project.store.text(scope.path).source)


def _answers_failure(site: TrySite, handler: ir.Handler) -> bool:
    """Whether the function gives one constant for success and another one for this: its caller is told, and decides."""
    success, failure = _given_back(site.node.orelse or site.node.body), _given_back(handler.body)
    return success is not None and failure is not None and success.value != failure.value


def _given_back(block: tuple[ir.Stmt, ...]) -> ir.Constant | None:
    last = block[-1] if block else None
    return last.value if isinstance(last, ir.Return) and isinstance(last.value, ir.Constant) else None


def _goes_on(site: TrySite) -> bool:
    """
    Whether the program goes on from here as if nothing had happened: the next turn of a loop, the next step of `main`.
    A pickle runs the code of the classes in it, and a method that the project implements more than once may do
    anything.
    """
    function = site.function
    if site.loops or function is None or function.name.strip("_") in _MAIN:
        return True
    for call in find(ir.Call, site.node.body):
        callee = site.scope.project.calls.of(site.scope, call)
        if callee.dotted in _PICKLES or len(callee.runs) > 1 or _has_several_classes(function, call.func):
            return True
    return False


def _has_several_classes(function: Function, func: ir.Expr) -> bool:
    """Whether this is a method of a field that holds an object of one class of the project or of another."""
    owner, holder = function.owner, func.value if isinstance(func, ir.Attribute) else None
    if owner is None or not isinstance(holder, ir.Attribute) or not isinstance(holder.value, ir.Name):
        return False
    if holder.value.id != next((param.name for param in function.node.params), ""):
        return False
    values = function.project.values
    assigned = [one for one in values.fields.assigned(owner, holder.name) if one.source.expr is not None]
    kinds = [values.of(one.scope, one.source.expr) for one in assigned]
    return len({kind.of for kind in kinds if isinstance(kind, Instance) and isinstance(kind.of, Class)}) > 1


def _rises_anyway(site: TrySite) -> bool:
    """Whether it is the clean-up in a clause that raises again: the way out goes on."""
    for one in site.around:
        if isinstance(one.node, ir.Try) and one.part in ("handler", "final"):
            bodies = [handler.body for handler in one.node.handlers]
            if one.part == "final" or any(raises_anything(body) and _holds(body, site) for body in bodies):
                return True
    return False


def _holds(body: tuple[ir.Stmt, ...], site: TrySite) -> bool:
    return body[0].at[:2] <= site.node.at[:2] and site.node.at[2:] <= body[-1].at[2:]


def _holds_the_loop(site: TrySite) -> bool:
    """Whether the loop of the worker is inside: the exit ends it."""
    return any(is_endless(site.scope, loop) for loop in find(ir.While, site.node.body))


def _reports_base(site: TrySite, handler: ir.Handler) -> bool:
    """Whether the clause asks for BaseException by name and reports it as a failure of what was called."""
    if handler.exception is None or not any(log_level(line) >= _WARNING for line in log_calls(handler.body)):
        return False
    names = site.scope.project.names
    for call in find(ir.Call, site.node.body):
        targets = names.expr(site.scope, call.func)
        if not all(isinstance(one, External) and one.dotted.startswith("builtins.") for one in targets):
            return True
    return False


def _ends_something(site: TrySite, call: ir.Call) -> bool:
    """Whether a call ends something by its name; `os.close()` and its kin take no time."""
    if not isinstance(call.func, ir.Attribute) or not is_stop_name(call.func.name):
        return False
    callee = site.scope.project.calls.of(site.scope, call)
    if callee.model is not None:
        return callee.model.library != "python"
    return callee.dotted.partition(".")[0] not in sys.stdlib_module_names


def _takes_time(site: TrySite, handler: ir.Handler) -> bool:
    """
    Whether the body waits, runs code of others, or ends something: what an exit is likely to meet.
    To end something without a word about how it went is the best effort of somebody on the way out.
    """
    if any(isinstance(node, (ir.Await, ir.Yield)) for node in find(ir.Node, site.node.body)):
        return True
    calls = tuple(find(ir.Call, site.node.body))
    is_stop = site.function is not None and is_stop_name(site.function.name)
    if not is_stop and any(log_calls(handler.body)) and any(_ends_something(site, call) for call in calls):
        return True
    if site.function is None:
        return False
    project, function = site.scope.project, site.function
    policy = project.routines.policy(project.routines.of(function))
    for call in calls:
        model = project.calls.of(function, call).model
        if model is not None and model.blocking and not model.name.startswith("builtins."):
            return True
        if isinstance(policy, ProjectPolicy) and policy.is_foreign(call):
            return True
    return False
