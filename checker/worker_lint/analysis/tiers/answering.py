"""What of an exception that a jump in a `finally` block ends is told in another way, or cannot be on its way."""

from __future__ import annotations

from worker_lint.analysis.entity import External, Function, Scope
from worker_lint.analysis.flow.visit import find
from worker_lint.analysis.tiers.after_success import given_before
from worker_lint.analysis.tiers.handling import awaits_in, log_calls, raises_anything
from worker_lint.analysis.tiers.names import bound_names
from worker_lint.analysis.tiers.sites import TrySite
from worker_lint.source import ir
from worker_lint.source.unparse import unparse


def is_answered(site: TrySite, jump: ir.Return | ir.Simple) -> bool:
    """
    Whether a failure of the block hardly is lost by the jump: it awaits nothing, so that no cancellation can be, and
    what it calls takes its errors itself; or a clause takes those of its one call, and what is returned says that it
    failed; or what is returned is the same call again; or a clause that logs that the clean-up failed, too, jumps.
    """
    if awaits_in(site.node.body):
        return False
    return (
        _fails_again(site, jump)
        or _tells_of_failed_clean_up(site, jump)
        or _is_flag_of_one_call(site, jump)
        or _calls_take_their_errors(site)
    )


def _fails_again(site: TrySite, jump: ir.Return | ir.Simple) -> bool:
    """Whether the block is nothing but the call whose answer is returned: what made that fail makes this fail."""
    again = jump.value if isinstance(jump, ir.Return) else None
    only = site.node.body[0] if len(site.node.body) == 1 else None
    first = only.value if isinstance(only, (ir.Return, ir.Assign, ir.Expression)) else None
    if not isinstance(again, ir.Call) or not isinstance(first, ir.Call):
        return False
    return unparse(again) is not None and unparse(again) == unparse(first)


def _tells_of_failed_clean_up(site: TrySite, jump: ir.Node) -> bool:
    """Whether the jump is the end of a clause inside the `finally` block, and a line is surely logged before it."""
    for clause in find(ir.Handler, site.node.final):
        plain = [one for one in clause.body if isinstance(one, ir.Expression)]
        if clause.body[-1] is jump and any(True for _ in log_calls(plain)):
            return True
    return False


def _is_flag_of_one_call(site: TrySite, jump: ir.Return | ir.Simple) -> bool:
    """
    Whether the block calls one function of a library and then sets what is returned, which says no until then, while
    a clause logs errors of that library.
    """
    flag = jump.value if isinstance(jump, ir.Return) else None
    calls = list(find(ir.Call, site.node.body))
    last = site.node.body[-1]
    if not isinstance(flag, ir.Name) or len(calls) != 1 or site.node.orelse:
        return False
    given = given_before(site, flag.id)
    done = last.value if isinstance(last, ir.Assign) and flag.id in bound_names(last) else None
    if not isinstance(done, ir.Constant) or not done.value or given is None or given.value:
        return False
    called = _library(site.scope, calls[0].func)
    return bool(called) and any(
        handler.exception is not None
        and _library(site.scope, handler.exception) == called
        and any(True for _ in log_calls(handler.body))
        and not raises_anything(handler.body)
        for handler in site.node.handlers
    )


def _library(scope: Scope, expression: ir.Expr) -> str:
    """The package outside the project that an expression names something of, or ""."""
    targets = scope.project.names.expr(scope, expression)
    if len(targets) != 1 or not isinstance(targets[0], External):
        return ""
    package, dot, _ = targets[0].dotted.partition(".")
    return package if dot else ""


def _calls_take_their_errors(site: TrySite) -> bool:
    """Whether the block calls functions of the project only, and the last statement of each takes every error."""
    calls = list(find(ir.Call, site.node.body))
    found = [site.scope.project.calls.of(site.scope, call) for call in calls]
    raises = any(raises_anything(block) for block in (site.node.body, *(one.body for one in site.node.handlers)))
    return bool(found) and not raises and all(one.is_single and _takes_errors(one.runs[0].function) for one in found)


def _takes_errors(function: Function) -> bool:
    last = function.body[-1]
    if not isinstance(last, ir.Try) or last.orelse or function.node.is_async:
        return False
    if any(raises_anything(one.body) for one in last.handlers):
        return False
    return any(function.project.tiers.is_broad(function, one) for one in last.handlers)
