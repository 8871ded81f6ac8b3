"""Calls that never come back: of functions declared `NoReturn`, of those that always raise, of known endings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from worker_lint.analysis.calls import is_stand_in
from worker_lint.analysis.entity import Function
from worker_lint.analysis.flow import find
from worker_lint.analysis.visit import last_name
from worker_lint.source import ir

if TYPE_CHECKING:
    from worker_lint.analysis.entity import Class, Scope

_DECLARED: Final = frozenset({"NoReturn", "Never"})
_WRITTEN: Final = frozenset({"sys.exit", "exit", "quit", "os._exit", "os.abort"})
_KNOWN: Final = frozenset(
    {"argparse.ArgumentParser.error", "argparse.ArgumentParser.exit", "click.core.Context.fail"}
    | {"click.core.Context.abort", "click.core.Context.exit", "pytest.fail", "pytest.skip", "pytest.exit"}
    | {"unittest.case.TestCase.fail", "unittest.case.TestCase.skipTest", "os.execv", "os.execvp", "os.execve"}
)
"""Endings whose signatures say so, by the stubs of the standard library and of the projects themselves."""


def is_no_return(function: Function) -> bool:
    """Whether a function is declared never to return, in words or as a string."""
    returns = function.node.returns
    if isinstance(returns, ir.Constant):
        return isinstance(returns.value, str) and returns.value.rpartition(".")[2] in _DECLARED
    return returns is not None and last_name(returns) in _DECLARED


def is_ending(call: ir.Call) -> bool:
    """Whether a call ends the process, as it is written: `sys.exit()` and its kin."""
    return ir.dotted_name(call.func) in _WRITTEN


def never_returns(scope: Scope, call: ir.Call, *, awaited: bool = False) -> bool:
    """
    Whether what a call runs never comes back; of a coroutine function, when it is awaited. A method of an object of
    which nothing is known counts when all functions of that name in its file are declared so.
    """
    if is_ending(call):
        return True
    project = scope.project
    owner = _owner(scope)
    callee = project.calls.of(scope, call, owner)
    if callee.dotted in _KNOWN:
        return True
    if callee.runs:
        return all(
            runs.function.node.is_async == awaited
            and not runs.function.node.is_generator
            and (is_no_return(runs.function) or (not is_stand_in(callee) and _always_raises(runs.function)))
            for runs in callee.runs
        )
    if callee.is_known or callee.outside or not isinstance(call.func, ir.Attribute):
        return False
    named = [one for one in project.functions_in(scope.path) if one.name == last_name(call.func)]
    return bool(named) and all(one.node.is_async == awaited and is_no_return(one) for one in named)


def _always_raises(function: Function) -> bool:
    """Whether a body ends with a `raise` statement and returns nowhere before."""
    body = function.statements
    return bool(body) and isinstance(body[-1], ir.Raise) and not any(True for _ in find(ir.Return, body))


def _owner(scope: Scope) -> Class | None:
    return scope.owner if isinstance(scope, Function) else None
