"""Tasks that a class keeps in a private field, and of which it never asks how they ended."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Final, NamedTuple

from worker_lint.analysis.flow import children, find
from worker_lint.analysis.nesting import mentions
from worker_lint.analysis.tiers.observing import unguarded_callbacks, unseen
from worker_lint.analysis.visit import encloses, last_name
from worker_lint.source import ir

if TYPE_CHECKING:
    from worker_lint.analysis.calls import Runs
    from worker_lint.analysis.entity import Class, Function
    from worker_lint.analysis.uses import Call as Creation

_STARTERS: Final = ("create_task", "ensure_future")
_LETS_GO: Final = frozenset({"cancel", "done", "cancelled", "get_name", "set_name"})


class Unasked(NamedTuple):
    """
    A task whose failure nobody sees while its object lives.

    Attributes:
        function: Where it is started.
        call: The call that starts it.
        field: The field that keeps it.
        target: Its coroutine function.
        failing: Code of somebody else that is run there, without a clause around it.
    """

    function: Function
    call: ir.Call
    field: str
    target: Function
    failing: ir.Call


def unasked_tasks(cls: Class) -> Iterator[Unasked]:
    """The tasks of a class that run code of somebody else, and whose end the class never looks at."""
    methods = [method for method in cls.project.values.fields.methods(cls) if method.path == cls.path]
    for method in methods:
        if not mentions(method, *_STARTERS):
            continue
        for node in find(ir.Assign, method.statements):
            field = _private_field(node)
            call = node.value
            if not field or not isinstance(call, ir.Call) or last_name(call.func) not in _STARTERS or not call.args:
                continue
            made = call.args[0]
            runs = cls.project.calls.of(method, made, cls).runs if isinstance(made, ir.Call) else ()
            if len(runs) != 1 or is_asked(methods, field):
                continue
            risky = (one for one in unguarded_callbacks(runs[0].function) if not _are_harmless(cls, one))
            failing = next(risky, None)
            if failing is not None:
                yield Unasked(method, call, field, runs[0].function, failing)


def _are_harmless(cls: Class, call: ir.Call) -> bool:
    """
    Whether the project hands the class only functions of its own for this field, of which none fails in ordinary
    service. Where nobody in the project makes an object, those who do are not known.
    """
    param = _filled_by(cls, call.func)
    created = list(cls.project.uses.creations(cls)) if param is not None else []
    if param is None or not created:
        return False
    for one in created:
        runs = _handed(cls, one, param)
        if not runs or any(failing.is_evident for each in runs for failing in unseen(each.function)):
            return False
    return True


def _handed(cls: Class, created: Creation, param: tuple[str, int]) -> tuple[Runs, ...]:
    """The functions of the project that a creation hands over for a parameter."""
    name, index = param
    named = [keyword.value for keyword in created.node.keywords if keyword.name == name]
    given = named[0] if named else created.node.args[index] if index < len(created.node.args) else None
    return cls.project.calls.handed(created.scope, given).runs if isinstance(given, (ir.Name, ir.Attribute)) else ()


def is_foreseen(cls: Class, one: Unasked) -> bool:
    """
    Whether the failure is to be expected: a `finally` around the call shows that its author thought of one, and what is
    called comes from outside of the project, by a parameter that has to be given.
    """
    guards = (node for node in find(ir.Try, one.target.statements) if node.final)
    if not any(encloses(part.at, one.failing.at) for node in guards for part in node.body):
        return False
    param = _filled_by(cls, one.failing.func)
    if param is None or _has_default(cls, param[0]):
        return False
    return not any(runs for created in cls.project.uses.creations(cls) for runs in _handed(cls, created, param))


def _has_default(cls: Class, name: str) -> bool:
    methods = (one for one in cls.project.values.fields.methods(cls) if one.name == "__init__")
    return any(param.default is not None for one in methods for param in one.node.params if param.name == name)


def _filled_by(cls: Class, func: ir.Expr) -> tuple[str, int] | None:
    """The parameter of `__init__`, with its position in a call, that alone fills the field that is called."""
    if not isinstance(func, ir.Attribute) or ir.dotted_name(func.value) != "self":
        return None
    assigned = (one.source for one in cls.project.values.fields.assigned(cls, func.name))
    sources = [one.expr for one in assigned if one.how != "annotation"]
    names = {one.id if isinstance(one, ir.Name) else "" for one in sources}
    for method in cls.project.values.fields.methods(cls):
        params = [param.name for param in method.node.params]
        if method.name == "__init__" and len(names) == 1 and names <= set(params[1:]):
            return (name := names.pop()), params.index(name) - 1
    return None


def _private_field(node: ir.Assign) -> str:
    target = node.targets[0] if len(node.targets) == 1 else None
    is_own = isinstance(target, ir.Attribute) and ir.dotted_name(target.value) == "self"
    return target.name if isinstance(target, ir.Attribute) and is_own and target.name.startswith("_") else ""


def is_asked(methods: Iterable[Function], field: str) -> bool:
    """Whether the field is awaited, handed on or returned, or asked for more than whether the task is done."""
    return any(_asks(node, field, method) for method in methods for node in method.statements)


def _asks(node: ir.Node, field: str, method: Function) -> bool:
    match node:
        case ir.Assign():
            return node.value is not None and _asks(node.value, field, method)
        case ir.Attribute(value=ir.Attribute() as inner) if _is_field(inner, field):
            return node.name not in _LETS_GO
        case ir.Compare() | ir.If(test=ir.Attribute()) | ir.Unary():
            return any(_asks(child, field, method) for child in children(node) if not _is_field(child, field))
        case ir.Return() if method.name == "__call__" and _is_field(node.value, field):
            return False  # for whoever calls callbacks, which knows nothing of tasks
        case _ if _is_field(node, field):
            return True
    return any(_asks(child, field, method) for child in children(node))


def _is_field(node: ir.Node | None, field: str) -> bool:
    return isinstance(node, ir.Attribute) and node.name == field and ir.dotted_name(node.value) == "self"
