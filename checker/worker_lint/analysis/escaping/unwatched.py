"""
Coroutines that run as tasks nobody looks at in service, wherever in the project the tasks are made: what ends one is
seen when all ends, or never.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final, NamedTuple

from worker_lint.analysis.entity import Class, Function
from worker_lint.analysis.escaping.alone import says_why
from worker_lint.analysis.escaping.supervision import around, calls_of, is_supervised
from worker_lint.analysis.flow.visit import find, walk
from worker_lint.analysis.guard import handler_names
from worker_lint.analysis.nesting import body_text, placed_statements
from worker_lint.analysis.statements import given_result
from worker_lint.analysis.stopping import is_stop_name
from worker_lint.analysis.tiers.unasked import is_asked
from worker_lint.analysis.visit import last_name
from worker_lint.source import ir

if TYPE_CHECKING:
    from worker_lint.analysis.escaping.boundaries import Boundary
    from worker_lint.analysis.project import Project

_DEPTH: Final = 3
_MAKES: Final = frozenset({"create_task", "ensure_future"})
_KEEPS: Final = frozenset({"append", "add"})
_LETS_GO: Final = frozenset({"cancel", "done", "cancelled", "get_name", "set_name", "append", "add"})


class _Site(NamedTuple):
    """A call that makes the coroutine."""

    function: Function
    call: ir.Call


def is_unwatched(function: Function, depth: int = 0) -> bool:
    """
    Whether all that is known to run the coroutine function are tasks that are dropped where they are made, or kept in
    a list that is first looked at in a `finally`, or in a field that methods ask which end the object; awaited by
    others, these must be run like that.
    """
    if not function.node.is_async or depth > _DEPTH:
        return False
    sites = _sites(function)
    return bool(sites) and all(_is_unwatched_at(site, depth) for site in sites)


def _is_unwatched_at(site: _Site, depth: int) -> bool:
    caller = site.function
    if _is_caught(caller, site.call.at) or is_supervised(caller) or says_why(caller):
        return False
    if any(node.value is site.call for node in find(ir.Await, caller.statements)):
        return is_unwatched(caller, depth + 1)
    made = _task_of(caller, site.call)
    return made is not None and _is_left(caller, made)


def _is_caught(function: Function, at: ir.At) -> bool:
    """Whether a clause around the place may take the error; one for the cancellation alone does not."""
    handlers = (handler for site in around(function, at) for handler in site.node.handlers)
    return any(handler_names(handler) != ("CancelledError",) for handler in handlers)


# --- who makes the coroutine ---


def _sites(function: Function) -> tuple[_Site, ...]:
    """The calls that make the coroutine; none when it is handed about, so that there may be others."""
    owner = function.owner
    if owner is None:
        return tuple(_Site(caller, call) for caller, call in _calls_here(function))
    found: list[_Site] = []
    for path in _files(owner, function.name):
        for scope in function.project.uses.scopes_with(path, function.name):
            if not isinstance(scope, Function):
                continue
            called = [call for call in find(ir.Call, scope.statements) if last_name(call.func) == function.name]
            if _hands_it_on(scope, function, called):
                return ()
            found += [_Site(scope, call) for call in called if _may_run(scope, call, function)]
    return tuple(found)


def _calls_here(function: Function) -> Iterator[tuple[Function, ir.Call]]:
    places = {(caller, at) for caller, at in calls_of(function)}
    for caller, at in places:
        yield from ((caller, call) for call in find(ir.Call, caller.statements) if call.at == at)


def _files(owner: Class, name: str) -> list[str]:
    """The product files that may call the method: those that know the class or a base of it that has the method."""
    project = owner.project
    family = [one for one in project.hierarchy.order(owner) if isinstance(one, Class)]
    fields = project.values.fields
    family = [one for one in family if one is owner or any(each.name == name for each in fields.methods(one))]
    near = dict.fromkeys(path for cls in family for path in project.uses.files_using(cls))
    found = [path for path in near if _calls_by_name(project, path, name)]
    if not any(path != owner.path for path in found):
        found += [path for path in _beyond(project, near) if _calls_by_name(project, path, name)]
    for path in dict.fromkeys(found):
        if path != project.store.own:
            project.store.rely_on(path)
    return [path for path in dict.fromkeys(found) if project.store.role(path) == "product"]


def _beyond(project: Project, near: dict[str, None]) -> Iterator[str]:
    """The files that know a class of these files: they get at its objects through those of such a class."""
    for path in near:
        for cls in project.classes_in(path):
            yield from (other for other in project.uses.files_using(cls) if other not in near)


def _calls_by_name(project: Project, path: str, name: str) -> bool:
    return project.store.mentions(path, name) and f".{name}(" in project.store.text(path).source


def _hands_it_on(scope: Function, function: Function, called: list[ir.Call]) -> bool:
    """Whether a function gives the method to somebody uncalled."""
    callees = [call.func for call in called]
    named = (node for node in walk(*scope.statements, inner=False) if isinstance(node, ir.Attribute))
    return any(
        node.name == function.name
        and not any(node is one for one in callees)
        and any(runs.function is function for runs in scope.project.calls.handed(scope, node).runs)
        for node in named
    )


def _may_run(scope: Function, call: ir.Call, function: Function) -> bool:
    callee = scope.project.calls.of(scope, call)
    return not callee.is_known or callee.runs_function(function)


# --- what becomes of the task ---


def _task_of(function: Function, made: ir.Call) -> ir.Call | None:
    """The call that makes a task of the coroutine, other than one of a group, which looks after its tasks."""
    names = {one.id for one in given_result(function.statements, made) if isinstance(one, ir.Name)}
    for call in find(ir.Call, function.statements):
        first = call.args[0] if call.args else None
        is_given = first is made or (isinstance(first, ir.Name) and first.id in names)
        if is_given and last_name(call.func) in _MAKES:
            owner = call.func.value if isinstance(call.func, ir.Attribute) else None
            return call if owner is None or last_name(owner).endswith(("asyncio", "loop")) else None
    return None


def _is_left(function: Function, task: ir.Call) -> bool:
    """Whether the task is dropped where it is made, or kept in a local list or a field that is looked at late."""
    for node in walk(*function.statements, inner=False):
        match node:
            case ir.Expression(value=ir.Call() as call) if call is task:
                return True
            case ir.Call(func=ir.Attribute(name=name, value=ir.Name(id=kept)), args=(one,)):
                if one is task and name in _KEEPS:
                    return _is_looked_at_late(function, kept)
            case ir.Assign(targets=(ir.Name(id=kept),), value=ir.Collection(items=items)):
                if any(one is task for one in items):
                    return _is_looked_at_late(function, kept)
            case ir.Assign(targets=(ir.Attribute(),), value=ir.Call() as call) if call is task:
                return _is_kept_for_the_end(function, node)
            case _:
                pass
    return False


def _is_looked_at_late(function: Function, name: str, depth: int = 0) -> bool:
    """Whether a local list of tasks is read in a `finally` alone, here or by those who get it."""
    final = [(*one.final[0].at[:2], *one.final[-1].at[2:]) for one in find(ir.Try, function.statements) if one.final]
    known = {node.at for node in _harmless(function, name)}
    is_returned = False
    for node in find(ir.Name, function.statements):
        if node.id != name or node.at in known or any(span[:2] <= node.at[:2] <= span[2:] for span in final):
            continue
        if any(one.value is node for one in find(ir.Return, function.statements)):
            is_returned = True
        else:
            return False
    if not is_returned:
        return bool(final)
    callers = list(calls_of(function))
    return depth < _DEPTH and bool(callers) and all(_keeps_late(caller, at, depth) for caller, at in callers)


def _keeps_late(caller: Function, at: ir.At, depth: int) -> bool:
    """Whether what a call gives gets a name that is looked at late."""
    for node in find(ir.Assign, caller.statements):
        value = node.value.value if isinstance(node.value, ir.Await) else node.value
        if value is not None and value.at == at and len(node.targets) == 1 and isinstance(node.targets[0], ir.Name):
            return _is_looked_at_late(caller, node.targets[0].id, depth + 1)
    return False


def _harmless(function: Function, name: str) -> Iterator[ir.Name]:
    """Where the name is given its list, or the list gets one more."""
    for node in walk(*function.statements, inner=False):
        match node:
            case ir.Assign(targets=(ir.Name() as target,)) if target.id == name:
                yield target
            case ir.Call(func=ir.Attribute(name=verb, value=ir.Name() as owner)) if owner.id == name:
                if verb in _LETS_GO:
                    yield owner
            case _:
                pass


# --- coroutines that write down their own end ---


def says_so_itself(boundary: Boundary) -> bool:
    """
    Whether a coroutine function writes its own error down and returns, and its coroutine is handed to somebody who runs
    it once: whoever looks at the task sees it end as if all were well.
    """
    function = boundary.function
    is_own = isinstance(function.parent, Function) or function.name.startswith("_")
    if not function.node.is_async or not is_own or not _has_net(boundary):
        return False
    calls = list(_calls_here(function))
    return bool(calls) and all(_is_let_go(caller, call) for caller, call in calls)


def _has_net(boundary: Boundary) -> bool:
    """Whether a clause for every error stands around the loop."""
    function = boundary.function
    tiers = function.project.tiers
    sites = around(function, boundary.node.at)
    return any(tiers.is_broad(function, handler) for site in sites for handler in site.node.handlers)


def _is_let_go(caller: Function, made: ir.Call) -> bool:
    """Whether a coroutine is given to a call, outside of loops, whose result is dropped or kept for the end alone."""
    for placed in placed_statements(caller.statements):
        match placed.statement:
            case ir.Expression(value=ir.Call() as call) | ir.Assign(value=ir.Call() as call):
                if not any(one is made for one in call.args):
                    continue
                if any(isinstance(outer, (ir.While, ir.For)) for outer in placed.around):
                    return False
                return isinstance(placed.statement, ir.Expression) or _is_kept_for_the_end(caller, placed.statement)
            case _:
                pass
    return False


def _is_kept_for_the_end(caller: Function, kept: ir.Stmt) -> bool:
    """Whether the field that gets a task is asked by nobody but the methods that end the object."""
    target = kept.targets[0] if isinstance(kept, ir.Assign) and len(kept.targets) == 1 else None
    around_it = caller
    while isinstance(around_it.parent, Function):
        around_it = around_it.parent
    if not isinstance(target, ir.Attribute) or around_it.owner is None or not target.name.startswith("_"):
        return False
    methods = [one for one in caller.project.values.fields.methods(around_it.owner) if not is_stop_name(one.name)]
    return not is_asked(methods, target.name) and not any(f"{target.name}.done" in body_text(one) for one in methods)
