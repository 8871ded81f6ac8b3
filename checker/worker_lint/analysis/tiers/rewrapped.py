"""
Functions that a tenacity decorator runs again a limited number of times: in the end it raises its own RetryError,
unless it is told to raise the last error. A clause for that error further up is then never entered.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

from worker_lint.analysis.entity import Class, External, Function
from worker_lint.analysis.flow.visit import find
from worker_lint.analysis.nesting import mentions, with_inner
from worker_lint.analysis.tiers.handling import clause_at, is_logging
from worker_lint.analysis.visit import last_name
from worker_lint.source import ir

if TYPE_CHECKING:
    from worker_lint.analysis.entity import Scope
    from worker_lint.analysis.project import Project
    from worker_lint.analysis.tiers.sites import TrySite

_Named: TypeAlias = Class | External | None

_RETRIES: Final = frozenset({"tenacity.retry"})
_SILENT: Final = frozenset({"reraise", "retry_error_callback", "retry_error_cls", None})
"""Arguments that put something else in the place of RetryError."""
_TYPES: Final = "retry_if_exception_type"
_WIDE: Final = frozenset({"builtins.Exception", "builtins.BaseException"})
_PASSING: Final = frozenset({"KeyboardInterrupt", "SystemExit", "GeneratorExit", "CancelledError"})
_WORDS: Final = 2
"""Words of a method's name that is taken to be the only one of it in a project."""
_DEPTH: Final = 3


class Rewrapped(NamedTuple):
    """
    A clause that never takes what a retried function raises.

    Attributes:
        function: The function that is run again.
        at: Its decorator.
        path: The file of the clause.
        clause: What the clause names, and where.
        shown: The class of the clause.
        is_sure: Nothing else in the block can raise what the clause names.
    """

    function: Function
    at: ir.At
    path: str
    clause: ir.At
    shown: str
    is_sure: bool


def rewrapped(project: Project, path: str) -> Iterator[Rewrapped]:
    """The functions of a file that are run again, each with the first clause that waits for their own error in vain."""
    if not project.store.text(path).may_use("tenacity"):
        return
    for function in (one for outer in project.functions_in(path) for one in with_inner(outer)):
        for decorator in function.node.decorators:
            if isinstance(decorator, ir.Call) and _is_limited(function, decorator):
                found = next(_clauses(function, decorator), None)
                if found is not None:
                    yield found


def _is_limited(function: Function, decorator: ir.Call) -> bool:
    """Whether the decorator gives up at some time, with an error of its own."""
    names = {keyword.name for keyword in decorator.keywords}
    if "stop" not in names or names & _SILENT:
        return False
    targets = function.project.names.expr(function.parent or function.module, decorator.func)
    return all(isinstance(one, External) and one.dotted in _RETRIES for one in targets) and bool(targets)


def _clauses(function: Function, decorator: ir.Call) -> Iterator[Rewrapped]:
    retried = _retried(function, decorator)
    if retried is None:
        return
    leading = _leading_to(function)
    for path in _files(function, retried):
        for site in function.project.tiers.sites(path):
            if site.scope is function:
                continue
            call = next((call for call in find(ir.Call, site.node.body) if _leads(site, call, function, leading)), None)
            found = _never_entered(site, retried) if call is not None else None
            if call is not None and found is not None:
                handler, shown = found
                is_sure = _runs(site, call, function) and _is_lone(site, call)
                yield Rewrapped(function, decorator.at, path, clause_at(handler), shown, is_sure)


def _retried(function: Function, decorator: ir.Call) -> tuple[_Named, ...] | None:
    """The classes for which it is run again, empty when it is so for every one; None when that is not known."""
    given = next((keyword.value for keyword in decorator.keywords if keyword.name == "retry"), None)
    if given is None:
        return ()
    if not isinstance(given, ir.Call) or last_name(given.func) != _TYPES:
        return None
    values = (*given.args, *(keyword.value for keyword in given.keywords))
    scope = function.parent or function.module
    found = tuple(one for value in values for one in _classes(scope, value))
    return found if values and None not in found else None


def _classes(scope: Scope, expression: ir.Expr) -> Iterator[_Named]:
    """The classes that an expression names; None for each that is not known."""
    if isinstance(expression, ir.Collection):
        for item in expression.items:
            yield from _classes(scope, item)
        return
    targets = scope.project.names.expr(scope, expression)
    one = targets[0] if len(targets) == 1 else None
    yield one if isinstance(one, (Class, External)) else None


def _leading_to(function: Function) -> frozenset[str]:
    """The methods of its class that lead to the function, by their names, itself included."""
    names = {function.name}
    methods = list(function.project.values.fields.methods(function.owner)) if function.owner is not None else []
    for _ in range(_DEPTH):
        names |= {one.name for one in methods if not one.name.startswith("__") and mentions(one, *names)}
    return frozenset(names)


def _files(function: Function, retried: tuple[_Named, ...]) -> list[str]:
    """The product files that may wait for the error: the own one, and those that know a class of it."""
    project = function.project
    found = [function.path]
    for cls in retried if function.owner is not None else ():
        if isinstance(cls, Class):
            found += [path for path in project.uses.files_using(cls) if "except" in project.store.text(path).source]
    for path in dict.fromkeys(found):
        if path != project.store.own:
            project.store.rely_on(path)
    return [path for path in dict.fromkeys(found) if project.store.role(path) == "product"]


def _leads(site: TrySite, call: ir.Call, function: Function, leading: frozenset[str]) -> bool:
    """Whether a call runs the function, or seems to run a method that leads to it."""
    if _runs(site, call, function):
        return True
    name = last_name(call.func)
    if function.owner is None or name not in leading or len(name.strip("_").split("_")) < _WORDS:
        return False
    callee = site.scope.project.calls.of(site.scope, call)
    return not callee.is_known or any(runs.function.owner is function.owner for runs in callee.first)


def _runs(site: TrySite, call: ir.Call, function: Function) -> bool:
    """Whether a call is surely one of the function, by its name in the file or on the object itself."""
    if last_name(call.func) != function.name:
        return False
    if function.owner is not None:
        inside = site.function is not None and site.function.owner is function.owner
        return inside and ir.dotted_name(call.func) == f"self.{function.name}"
    return isinstance(call.func, ir.Name) and site.scope.path == function.path


def _never_entered(site: TrySite, retried: tuple[_Named, ...]) -> tuple[ir.Handler, str] | None:
    """The first clause for a retried class, where no clause takes RetryError."""
    named = [(handler, one) for handler in site.node.handlers for one in _taken(site.scope, handler)]
    if any(one is None or _takes_retry_error(one) for _, one in named):
        return None
    for handler, one in named:
        name = one.name if isinstance(one, Class) else one.dotted.rpartition(".")[2] if one is not None else ""
        if one in retried or (not retried and name not in _PASSING):
            return handler, name
    return None


def _taken(scope: Scope, handler: ir.Handler) -> Iterator[_Named]:
    if handler.exception is None:
        yield None
    else:
        yield from _classes(scope, handler.exception)


def _takes_retry_error(one: Class | External) -> bool:
    return isinstance(one, External) and (one.dotted in _WIDE or one.dotted.endswith("RetryError"))


def _is_lone(site: TrySite, call: ir.Call) -> bool:
    """Whether the block runs nothing else that may raise what the clause names."""
    if any(find(ir.Raise, site.node.body)):
        return False
    others = (one for one in find(ir.Call, site.node.body) if one is not call and not is_logging(one))
    return all(site.scope.project.calls.of(site.scope, one).dotted.startswith("builtins.") for one in others)
