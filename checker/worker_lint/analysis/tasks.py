"""Functions that a decorator makes tasks of a framework: what they are given, what may interrupt them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from worker_lint.analysis.entity import External, Function
from worker_lint.source import ir

if TYPE_CHECKING:
    from worker_lint.analysis.models import ModelFunction
    from worker_lint.analysis.project import Project


def task_decorators(project: Project, function: Function) -> Iterator[tuple[ModelFunction, ir.Call | None]]:
    """The decorators that make the function a task, each with the call that sets its options."""
    for decorator in function.node.decorators:
        call = decorator if isinstance(decorator, ir.Call) else None
        func = call.func if call is not None else decorator
        callee = project.calls.handed(function.parent or function, func)
        if callee.model is not None and callee.model.facts.task:
            yield callee.model, call


def given_task(project: Project, function: Function) -> External | None:
    """The class of the task object that a decorator hands to the function as its first argument."""
    for model, call in task_decorators(project, function) if function.node.decorators else ():
        wanted = option(call, model.facts.task_object_if)
        if model.facts.task_object and isinstance(wanted, ir.Constant) and wanted.value is True:
            return External(model.facts.task_object)
    return None


def time_limits(project: Project, function: Function) -> Iterator[tuple[str, ir.Keyword]]:
    """The exceptions that may come up anywhere in the function, with the option that sets the limit."""
    for model, call in task_decorators(project, function):
        for name, error in model.facts.limits.items():
            for keyword in call.keywords if call is not None else ():
                if keyword.name == name and not (isinstance(keyword.value, ir.Constant) and not keyword.value.value):
                    yield error, keyword


def option(call: ir.Call | None, name: str) -> ir.Expr | None:
    """The value of a named argument."""
    return next((one.value for one in call.keywords if one.name == name), None) if call is not None and name else None
