"""Whether somebody above a function takes what leaves it and goes on: then one error ends one turn only."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from worker_lint.analysis.entity import Class, Function
from worker_lint.analysis.escaping.boundaries import functions_of
from worker_lint.analysis.flow.visit import find
from worker_lint.analysis.tiers import TrySite, raises_anything
from worker_lint.analysis.tiers.loops import is_endless, leaves_loop
from worker_lint.analysis.visit import encloses, uncalled
from worker_lint.source import ir

if TYPE_CHECKING:
    from worker_lint.analysis.project import Project

_DEPTH: Final = 3
_PLAIN: Final = frozenset(
    {"staticmethod", "classmethod", "property", "abstractmethod", "override", "final", "wraps", "typechecked"}
    | {"asynccontextmanager", "contextmanager", "no_type_check", "coroutine"}
)

_ALONE: Final = frozenset({"thread", "timer", "process", "pool", "task"})
_OF_THREADS: Final = frozenset({"threading.Thread", "multiprocessing.process.BaseProcess"})


def is_supervised(function: Function, depth: int = 0) -> bool:
    """
    Whether a caller in the same file runs the function in a loop with a handler for every error that
    goes on, or a decorator may do so.
    """
    if any(not is_transparent(function, decorator) for decorator in function.node.decorators):
        return True
    if depth >= _DEPTH:
        return False
    callers = list(calls_of(function))
    for caller, at in callers:
        if any(takes_and_goes_on(site) for site in around(caller, at)):
            return True
    above = {caller for caller, _ in callers if caller is not function}
    return bool(above) and any(is_supervised(caller, depth + 1) for caller in above)


def is_transparent(function: Function, decorator: ir.Expr) -> bool:
    """Whether calling what the decorator makes runs the function once and lets its errors pass."""
    named = uncalled(decorator)
    if (ir.dotted_name(named) or "?").rpartition(".")[2] in _PLAIN:
        return True
    project = function.project
    targets = project.names.expr(function.parent or function, named)
    if len(targets) != 1 or not isinstance(targets[0], Function):
        return False
    inner = (targets[0], *project.values.fields.inner(targets[0]))
    for each in inner:
        if any(True for _ in find(ir.While, each.statements)) or any(True for _ in find(ir.For, each.statements)):
            return False
        for node in find(ir.Try, each.statements):
            if any(not raises_anything(handler.body) for handler in node.handlers):
                return False
    return len(inner) > 1 or targets[0].node.is_generator  # a context that serves as a decorator


def is_entry(function: Function, kinds: frozenset[str] = _ALONE) -> bool:
    """Whether the function runs on a thread, task or process of its own, so that nobody gets its errors."""
    project = function.project
    if is_thread_main(function, _OF_THREADS):
        return True
    text = project.store.text(function.path)
    for other in functions_of(project, function.path):
        first, _, last, _ = other.node.at
        here = function.node.name_at[0] + 1 if other is function else first
        if text.has_word(function.name, here, last) and project.workers.hands_over(other, function, kinds):
            return True
    return False


def is_thread_main(function: Function, classes: frozenset[str] = frozenset({"threading.Thread"})) -> bool:
    """Whether the function is the `run` of a class of threads."""
    owner = function.owner
    if owner is None or function.name != "run":
        return False
    order = function.project.hierarchy.order(owner)
    return not classes.isdisjoint(getattr(base, "name", "") for base in order if not isinstance(base, Class))


def takes_and_goes_on(site: TrySite) -> bool:
    """Whether a `try` takes every error and lies in a loop that then goes on."""
    loop = site.loops[0] if site.loops else None
    if loop is None or not any(is_endless(site.scope, one) for one in site.loops):
        return False
    tiers = site.scope.project.tiers
    return any(
        tiers.is_broad(site.scope, handler) and not raises_anything(handler.body) and not leaves_loop(handler.body)
        for handler in site.node.handlers
    )


def around(caller: Function, at: ir.At) -> Iterator[TrySite]:
    """The `try` statements of a function with a place in their body."""
    for site in caller.project.tiers.sites(caller.path):
        if site.scope is caller and site.node.body and encloses(_span(site.node.body), at):
            yield site


def _span(body: tuple[ir.Stmt, ...]) -> ir.At:
    return (*body[0].at[:2], *body[-1].at[2:])


def calls_of(function: Function) -> Iterator[tuple[Function, ir.At]]:
    """The calls of a function in its own file: those that surely run it, and those that may, by name."""
    project: Project = function.project
    text = project.store.text(function.path)
    for caller in functions_of(project, function.path):
        if not text.has_word(function.name, caller.node.at[0], caller.node.at[2]):
            continue
        for call in find(ir.Call, caller.statements):
            name = call.func.name if isinstance(call.func, ir.Attribute) else getattr(call.func, "id", "")
            if name != function.name or (function.owner is None and isinstance(call.func, ir.Attribute)):
                continue  # a function of that name is no method of an object
            callee = project.calls.of(caller, call)
            if not callee.is_known or callee.runs_function(function):
                yield caller, call.at
