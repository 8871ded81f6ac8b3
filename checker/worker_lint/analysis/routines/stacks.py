"""What leaving an exit stack may raise: what the callbacks and contexts do that the body gave to it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final, Protocol

from worker_lint.analysis.entity import Class, External, Function, Instance
from worker_lint.analysis.flow import Raises, Summary, ThrownSet, find
from worker_lint.analysis.models import ModelFunction
from worker_lint.source import ir

if TYPE_CHECKING:
    from worker_lint.analysis.calls import Callee
    from worker_lint.analysis.project import Project


class Asked(Protocol):
    """What is asked of the policy of the function around."""

    project: Project
    function: Function
    me: Class | None

    def modelled(self, model: ModelFunction, receiver: Instance | None) -> Raises:
        """What a library model states."""


_STACKS: Final = frozenset({"contextlib.ExitStack", "contextlib.AsyncExitStack"})
_CALLBACKS: Final = frozenset({"callback", "push_async_callback"})
_CONTEXTS: Final = {"push": "__exit__", "enter_context": "__exit__"} | {
    "push_async_exit": "__aexit__",
    "enter_async_context": "__aexit__",
}


def raised_on_leaving(policy: Asked, item: ir.WithItem) -> ThrownSet:
    """
    The errors of everything that is registered on the stack of this item by its own name. All of it
    is called whatever happens, so that an error of one matters only for what comes after the stack.
    """
    thrown: ThrownSet = frozenset()
    if isinstance(item.target, ir.Name) and _is_stack(policy, item.context):
        for call, method in _registrations(policy.function, item.target.id):
            thrown |= _thrown_later(policy, call.args[0], method)
    return thrown


def _is_stack(policy: Asked, context: ir.Expr) -> bool:
    kind = policy.project.values.of(policy.function, context, policy.me)
    return isinstance(kind, Instance) and isinstance(kind.of, External) and kind.of.dotted in _STACKS


def _registrations(function: Function, name: str) -> Iterator[tuple[ir.Call, str]]:
    for call in find(ir.Call, function.statements):
        func = call.func
        if isinstance(func, ir.Attribute) and isinstance(func.value, ir.Name) and func.value.id == name and call.args:
            if func.name in _CALLBACKS | _CONTEXTS.keys():
                yield call, func.name


def _thrown_later(policy: Asked, given: ir.Expr, method: str) -> ThrownSet:
    """What the thing that was registered raises when its turn comes; nothing where that is unknown."""
    calls = policy.project.calls
    if method in _CALLBACKS:
        return _thrown_by(policy, calls.handed(policy.function, given, policy.me))
    kind = policy.project.values.of(policy.function, given, policy.me)
    if isinstance(kind, Instance) and isinstance(kind.of, Class):
        return _thrown_by(policy, calls.method(kind.of, _CONTEXTS[method]))
    return frozenset()


def _thrown_by(policy: Asked, callee: Callee) -> ThrownSet:
    if callee.model is not None:
        return policy.modelled(callee.model, callee.receiver).thrown
    if not callee.is_single:
        return frozenset()
    summary = policy.project.routines.summary(*callee.runs[0])
    return summary.thrown if isinstance(summary, Summary) else frozenset()
