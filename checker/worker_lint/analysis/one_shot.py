"""Code whose error ends the process, and with it whatever it has open."""

from __future__ import annotations

from typing import Final

from worker_lint.analysis.entity import Function, ModuleScope
from worker_lint.analysis.flow import find
from worker_lint.analysis.guard import handler_names
from worker_lint.analysis.visit import encloses, uncalled
from worker_lint.diagnostic import Confidence
from worker_lint.source import ir

_MAIN: Final = frozenset({"main", "_main", "amain", "async_main", "main_async", "cli"})
_COMMAND: Final = frozenset({"command"})
_INTERRUPTS: Final = frozenset({"KeyboardInterrupt", "SystemExit"})


def ends_process(function: Function) -> bool:
    """
    Whether an error that leaves the function ends the process: it is the main function of its module, a command of a
    command line, or the guard for scripts calls it, once and outside of any clause.
    """
    current = function
    if current.owner is not None or isinstance(current.parent, Function):
        return False
    if current.name in _MAIN or any(_is_command(decorator) for decorator in current.node.decorators):
        return True
    return _is_called_by_guard(current)


def unless_ending(function: Function, at: ir.At) -> Confidence:
    """
    Likely where the process is about to end, in its main function or upon Ctrl-C, or where only the finalizer acts,
    which must not wait; certain elsewhere.
    """
    is_last = function.name == "__del__" or ends_process(function) or _is_upon_interrupt(function, at)
    return "likely" if is_last else "certain"


def _is_upon_interrupt(function: Function, at: ir.At) -> bool:
    handlers = (handler for tried in find(ir.Try, function.statements) for handler in tried.handlers)
    return any(_INTERRUPTS.issuperset(handler_names(handler)) and encloses(handler.at, at) for handler in handlers)


def _is_command(decorator: ir.Expr) -> bool:
    named = uncalled(decorator)
    return isinstance(named, ir.Attribute) and named.name in _COMMAND


def _is_called_by_guard(function: Function) -> bool:
    """Whether `if __name__ == "__main__"` of the module calls the function itself."""
    module = function.parent
    if not isinstance(module, ModuleScope):
        return False
    for guard in module.statements:
        if isinstance(guard, ir.If) and any(node.id == "__name__" for node in find(ir.Name, (guard.test,))):
            for statement in guard.body:
                value = statement.value if isinstance(statement, (ir.Expression, ir.Assign)) else None
                if isinstance(value, ir.Call) and _calls(value, function.name):
                    return True
    return False


def _calls(call: ir.Call, name: str) -> bool:
    """Whether it is a call by this name, or one that runs it: `asyncio.run(name())`, `sys.exit(name())`."""
    return any(isinstance(one.func, ir.Name) and one.func.id == name for one in find(ir.Call, (call,)))
