"""
Methods that set a thread or task going each time they run, over one in the same field that still goes on.

The one before is no longer known to the object, so a stop ends the newest alone. Whatever might keep a second run
out (a question, a refusal, a stop of the old one, a base that knows the order of calls) is taken for doing so.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final, NamedTuple

from worker_lint.analysis.calls import Runs
from worker_lint.analysis.children import service_loops
from worker_lint.analysis.entity import Class, Function, Instance, Scope
from worker_lint.analysis.flow.visit import find
from worker_lint.analysis.guard import CATCH_ALL, handler_names
from worker_lint.analysis.launched import Launched, is_event_callback, launched_by
from worker_lint.analysis.models import ModelClass
from worker_lint.analysis.nesting import mentions, own_calls, own_expressions, placed_statements
from worker_lint.analysis.reached import reached_from
from worker_lint.analysis.statements import walk_statements
from worker_lint.analysis.stopping import is_stop_name
from worker_lint.analysis.tiers.loops import is_always
from worker_lint.analysis.touching import (
    Act,
    acts_of,
    assigned,
    callers_of,
    code_of,
    done_by,
    family,
    field_name,
    touched_by,
    whole_stops,
)
from worker_lint.source import ir

if TYPE_CHECKING:
    from worker_lint.analysis.project import Project

_ENDS: Final = frozenset({"cancel", "join", "stop", "terminate", "kill"})
_ASKING: Final = (ir.If, ir.While, ir.Assert, ir.Match)
_CALLBACKS: Final = ("on_",)


class StartedOver(NamedTuple):
    """
    A child that may be set going while the one before it goes on.

    Attributes:
        launched: The child, its field and the code that it runs.
        method: What makes it.
        loop: Where it goes round, and the function that has this loop.
        end: What a stop does to the field.
        again: A place that leads to the method again and again; None when the method is open to everybody.
    """

    launched: Launched
    method: Function
    loop: tuple[Function, ir.While | ir.For]
    end: Act
    again: tuple[Function, ir.At] | None


def started_over(cls: Class) -> Iterator[StartedOver]:
    """The threads and tasks of a class that a second run of the same method doubles, each method once."""
    stops = whole_stops(cls)
    if not stops or not all(isinstance(base, (Class, ModelClass)) for base in cls.project.hierarchy.order(cls)):
        return
    seen: set[str] = set()
    for launched in launched_by(cls):
        method = _maker(cls, launched)
        if method is None or method.name in seen or launched.runs.me is not cls:
            continue
        loop = _endless(cls, launched)
        end = next((act for stop in stops for act in done_by(stop) if _is_end(act, launched)), None)
        if loop is None or end is None or _is_prepared(cls, method, launched):
            continue
        again = _led_to(cls, method, loop[1], launched.place[1])
        if again is not None or _is_open(cls, method):
            seen.add(method.name)
            yield StartedOver(launched, method, loop, end, again)


def _maker(cls: Class, launched: Launched) -> Function | None:
    """The method that makes the child, where it is one that may run more than once on an object."""
    if launched.kind not in {"thread", "task"} or len(launched.place) != 2:
        return None
    methods = (one for one in cls.project.values.fields.methods(cls) if one.path == launched.path)
    method = next((one for one in methods if one.node.at[0] <= launched.at[0] <= one.node.at[2]), None)
    if method is None or method.name.startswith("__") or method.node.decorators or is_stop_name(method.name):
        return None
    if launched.runs.function is method:
        return None
    return None if cls.project.hierarchy.may_inherit(cls, method.name) else method


def _endless(cls: Class, launched: Launched) -> tuple[Function, ir.While | ir.For] | None:
    """The loop that keeps the child going, unless the child looks at the field that tells which one it is."""
    if any(act.name == launched.place[1] for act in code_of(cls, launched.runs)):
        return None
    told = {act.name for stop in whole_stops(cls) for act in done_by(stop) if act.tells}
    for function, loop in service_loops(launched.runs):
        if isinstance(loop, ir.While) and (is_always(loop.test) or _asked(function, loop.test) & told):
            return function, loop
    return None


def _asked(function: Function, test: ir.Expr) -> set[str]:
    return {field_name(function, node) for node in own_expressions(ir.Expression(test.at, test))} - {""}


def _is_end(act: Act, launched: Launched) -> bool:
    return act.name == launched.place[1] and act.called in _ENDS


# --- what keeps a second run out ---


def _is_prepared(cls: Class, method: Function, launched: Launched) -> bool:
    """Whether anything on the way to the launch asks something, may refuse, or has to do with the child of before."""
    field, at = launched.place[1], _statement_at(method, launched.at)
    read = {act.name for act in code_of(cls, launched.runs)}
    for placed in placed_statements(method.body):
        statement = placed.statement
        if statement.at[:2] >= at[:2]:
            break
        if isinstance(statement, (*_ASKING, ir.Raise)):
            return True
        if any(_is_mark(method, target, value, read) for target, value in assigned(statement)):
            return True
    if any(act.name == field and act.at[:2] < at[:2] for act in acts_of(method, cls)):
        return True
    return any(_may_refuse(cls, method, call, field) for call in _calls_before(method, at))


def _statement_at(method: Function, at: ir.At) -> ir.At:
    """The span of the innermost statement in which something stands."""
    around = (each.at for each in walk_statements(method.body) if each.at[:2] <= at[:2] and at[2:] <= each.at[2:])
    return max(around, default=at)


def _is_mark(method: Function, target: ir.Expr, value: ir.Expr | None, read: set[str]) -> bool:
    """Whether a field is given something by which the child may tell that its time is over: a number, a token."""
    is_flag = isinstance(value, ir.Constant) and value.kind == "bool"
    return field_name(method, target) in read and not is_flag


def _calls_before(method: Function, at: ir.At) -> Iterator[ir.Call]:
    for statement in walk_statements(method.statements):
        yield from (call for call in own_calls(statement) if call.at[:2] < at[:2])


def _may_refuse(cls: Class, method: Function, call: ir.Call, field: str) -> bool:
    """Whether a call before the launch may raise on a second run, or end the child of the first."""
    func = call.func
    if isinstance(func, ir.Attribute) and isinstance(func.value, ir.Call):
        return True  # the base, or an object in hand, has its say first
    if not isinstance(func, ir.Attribute) or not isinstance(func.value, ir.Name) or not method.node.params:
        return any(isinstance(argument, ir.Name) and argument.id == _subject(method) for argument in call.args)
    if func.value.id != _subject(method):
        return False
    if is_stop_name(func.name) or any(act.name == field for act in touched_by(cls, func.name)):
        return True
    reached = cls.project.resources.reached(cls, func.name)
    bodies = [one for owner in family(cls) for one in cls.project.values.fields.methods(owner) if one.name in reached]
    return not bodies or any(_refuses(one) for one in bodies)


def _refuses(function: Function) -> bool:
    return any(True for _ in find(ir.Raise, function.body)) or any(True for _ in find(ir.Assert, function.body))


def _subject(method: Function) -> str:
    return method.node.params[0].name if method.node.params else ""


# --- who runs it again ---


def _led_to(cls: Class, method: Function, loop: ir.While | ir.For, field: str) -> tuple[Function, ir.At] | None:
    """Where a method that leads here is handed over to be called back, while no error ends the loop of the child."""
    if not _survives(loop):
        return None
    for other in cls.project.values.fields.methods(cls):
        for use in cls.project.places.uses(other, cls) if mentions(other, *_CALLBACKS) else ():
            if len(use.place) != 2 or use.place[0] != "self" or use.how not in {"passed", "stored"}:
                continue
            handed = cls.project.workers.methods(cls).get(use.place[1])
            if handed is not None and is_event_callback(use) and _comes_to(cls, handed, method, field):
                return other, use.at
    return None


def _comes_to(cls: Class, handed: Runs, method: Function, field: str) -> bool:
    """Whether the method surely runs with the one that is handed over, and nothing on the way asks before."""
    for here in reached_from(handed):
        if here.function is method:
            return not any(isinstance(outer, _ASKING) for outer in here.around) and not any(
                _asks_before(cls, way.function, way.call.at, field) for way in here.ways
            )
    return False


def _asks_before(cls: Class, function: Function, at: ir.At, field: str) -> bool:
    for placed in placed_statements(function.body):
        if placed.statement.at[:2] < at[:2] and isinstance(placed.statement, (*_ASKING, ir.Raise, ir.Return)):
            return True
    return any(_may_refuse(cls, function, call, field) for call in _calls_before(function, at))


def _survives(loop: ir.While | ir.For) -> bool:
    """Whether the loop goes on after any error of its body, and nothing in it leaves it."""
    leaves = (*find(ir.Return, loop.body), *find(ir.Raise, loop.body))
    if leaves or any(node.kind == "break" for node in find(ir.Simple, loop.body)):
        return False
    return all(_is_quiet(statement) for statement in loop.body)


def _is_quiet(statement: ir.Stmt) -> bool:
    if isinstance(statement, ir.Try):
        return any(CATCH_ALL & set(handler_names(handler)) for handler in statement.handlers)
    name = next((ir.dotted_name(call.func) or "?" for call in own_calls(statement)), "")
    return not name or name.rpartition(".")[2] in {"sleep", "wait"}


def _is_open(cls: Class, method: Function) -> bool:
    """Whether anybody may run the method on an object on which it has run: a public one that nobody runs just once."""
    if method.name.startswith("_") or cls.name.startswith("_") or callers_of(cls, method.name):
        return False
    if any(part.startswith("_") for part in cls.path.split("/")[:-1]):
        return False
    if any(use.place == ("self", method.name) for one in cls.project.values.fields.methods(cls)
           for use in cls.project.places.uses(one, cls)):  # fmt: skip
        return False
    return not _is_run_once(cls.project, cls, method)


def _is_run_once(project: Project, cls: Class, method: Function) -> bool:
    """Whether the project runs it, and each time on an object that it has just made."""
    found = [_is_on_new(project, call.scope, call.node) for path in project.uses.files_using(cls)
             for call in project.uses.calls_naming(path, method.name)
             if _may_be_on(project, call.scope, call.node, cls, method.name)]  # fmt: skip
    return bool(found) and all(found)


def _may_be_on(project: Project, scope: Scope, call: ir.Call, cls: Class, name: str) -> bool:
    if not isinstance(call.func, ir.Attribute) or call.func.name != name:
        return False
    me = scope.owner if isinstance(scope, Function) else None
    kind = project.values.of(scope, call.func.value, me)
    return not isinstance(kind, Instance) or kind.of is cls


def _is_on_new(project: Project, scope: Scope, call: ir.Call) -> bool:
    """Whether the receiver is made in the same block; a caller of whose receiver nothing is known may be the one."""
    receiver = call.func.value if isinstance(call.func, ir.Attribute) else call.func
    if isinstance(receiver, ir.Call):
        return True
    name = ir.dotted_name(receiver)
    me = scope.owner if isinstance(scope, Function) else None
    if not isinstance(project.values.of(scope, receiver, me), Instance):
        return True
    return name is not None and any(
        ir.dotted_name(target) == name for node in find(ir.Assign, scope.statements) for target in node.targets
    )
