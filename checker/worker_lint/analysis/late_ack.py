"""
Tasks whose framework acknowledges for them: before the function begins, or after it has ended (late).

Celery's default is the first. An exception or option that gives the message back does nothing then: nobody has it
any more. Where the setting may come from a configuration that is not seen, nothing is known.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final, NamedTuple

from worker_lint.analysis.deliveries import flag_of
from worker_lint.analysis.entity import Function
from worker_lint.analysis.flow import find
from worker_lint.analysis.tasks import option, task_decorators
from worker_lint.analysis.values import made_by
from worker_lint.analysis.visit import uncalled
from worker_lint.source import ir

if TYPE_CHECKING:
    from worker_lint.analysis.models import ModelFunction
    from worker_lint.analysis.project import Project

_CONFIGURES: Final = ("config_from", "config_source", "conf.update", "annotations", "acks_late", "ACKS_LATE")
"""What, in the text of the file that makes the application, may set it for all tasks."""


class TaskAck(NamedTuple):
    """
    A function that is a task.

    Attributes:
        function: The function.
        model: What the decorator does.
        options: The call that sets its options; None for a bare decorator.
        is_late: Whether its message is acknowledged after it has ended; None when that cannot be told.
    """

    function: Function
    model: ModelFunction
    options: ir.Call | None
    is_late: bool | None


def task_acks(project: Project, function: Function) -> Iterator[TaskAck]:
    """The decorators that make a function a task of a framework that acknowledges for it."""
    for index, (model, call) in enumerate(task_decorators(project, function)):
        if model.facts.late_ack and index == 0:
            yield TaskAck(function, model, call, _is_late(project, function, model, call))


def given_back(ack: TaskAck, body: tuple[ir.Stmt, ...]) -> Iterator[ir.Raise]:
    """The statements that give the message of a task back to the broker, to be delivered again."""
    project = ack.function.project
    for node in find(ir.Raise, body):
        call = node.exception
        if not isinstance(call, ir.Call):
            continue
        callee = project.calls.of(ack.function, call)
        model = project.models.find_function(callee.dotted) if callee.dotted else callee.model
        named = {name for name in project.tiers.named(ack.function, call.func) if name}
        model = model or next((project.models.find_function(name) for name in named), None)
        if model is None or named.isdisjoint(ack.model.facts.rejects):
            continue
        if flag_of(call, model, model.facts.requeue, default=model.facts.default_requeue) is True:
            yield node


def meaningless_options(ack: TaskAck) -> Iterator[ir.Keyword]:
    """The options that are switched on and only mean something where the message is acknowledged late."""
    for word in ack.options.keywords if ack.options is not None else ():
        if word.name in ack.model.facts.only_late and isinstance(word.value, ir.Constant) and word.value.value is True:
            yield word


def _is_late(project: Project, function: Function, model: ModelFunction, call: ir.Call | None) -> bool | None:
    if call is not None and any(word.name is None for word in call.keywords):
        return None
    given = option(call, model.facts.late_ack)
    if given is not None:
        return given.value if isinstance(given, ir.Constant) and isinstance(given.value, bool) else None
    if option(call, "base") is not None:
        return None
    text = project.store.text(function.path).source
    is_known = any(_is_made_here(project, function, decorator) for decorator in function.node.decorators)
    return False if is_known and not any(word in text for word in _CONFIGURES) else None


def _is_made_here(project: Project, function: Function, decorator: ir.Expr) -> bool:
    """Whether the same file makes the application whose task the decorator makes."""
    func = uncalled(decorator)
    return isinstance(func, ir.Attribute) and made_by(project, function.parent or function, func.value) is not None
