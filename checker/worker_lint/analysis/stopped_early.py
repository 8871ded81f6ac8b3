"""
Evidence that an object is stopped although its start has not run, or has failed half-way.

A stop that cannot cope with that is a defect only where it happens. What proves it: a `with` block whose way in
starts nothing, a start that another thread or task runs later, a clean-up after the very start that
failed, in the class or by those who make the object, and an owner that keeps the object before it starts it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from worker_lint.analysis.entity import Class, Function
from worker_lint.analysis.flow import find, place_of
from worker_lint.analysis.given import leaves
from worker_lint.analysis.guard import catches, handler_names, in_finally, in_handler, within
from worker_lint.analysis.nesting import Placed, mentions, own_calls, placed_statements
from worker_lint.analysis.places import SELF, Use
from worker_lint.analysis.places.denoted import method_around
from worker_lint.analysis.standing import Misstep, Standing
from worker_lint.analysis.starting import may_fail_before
from worker_lint.analysis.statements import plain_call
from worker_lint.analysis.stopping import ends_object
from worker_lint.analysis.tiers.handling import is_logging
from worker_lint.analysis.visit import last_name
from worker_lint.source import ir

_NAMING: Final = frozenset({"print", "repr", "str", "hasattr", "isinstance", "callable"})
_WAITS: Final = frozenset({"wait", "wait_for", "get", "result", "acquire", "join", "sleep"})
_FAILURES: Final = frozenset({"Exception", "BaseException", "OSError", "ConnectionError", "ConnectionRefusedError"})
_WAYS_IN: Final = {"__exit__": "__enter__", "__aexit__": "__aenter__"}


class Evidence(NamedTuple):
    """
    Where the stop comes too early, and in what way. It is proven when the code shows the start and the stop of one
    object, and not only that somebody might bring them together so.
    """

    path: str
    at: ir.At
    text: str
    is_proven: bool = False


def is_internal(cls: Class) -> bool:
    """Whether the class is for its package alone, which knows in which order it calls what."""
    return cls.name.startswith("_") or any(part.startswith("_") for part in cls.path.split("/")[:-1])


def evidence_of(
    standing: Standing, misstep: Misstep, stop: Function, starts: list[tuple[Function, ir.At]]
) -> Evidence | None:
    """What proves that `stop` may come before one of `starts` has set the field; None when nothing does."""
    cls = standing.cls
    found = _without_start(standing, misstep) or _run_later(cls, starts)
    if found is not None:
        return found
    failing = [(method, at) for method, at in starts if may_fail_before(cls, method, at)]
    if not failing:
        return None
    names = _leading(cls, {method.name for method, _ in failing})
    return _own_cleanup(cls, stop, failing, names) or _of_makers(cls, stop, names)


def _leading(cls: Class, names: set[str]) -> set[str]:
    """The methods that set the field, and those that lead to them through `self`."""
    project = cls.project
    return names | {name for name in project.workers.methods(cls) if names & project.resources.reached(cls, name)}


def _without_start(standing: Standing, misstep: Misstep) -> Evidence | None:
    """The way out of a context fails when nothing has happened since the way in."""
    methods = standing.cls.project.workers.methods(standing.cls)
    for way_out, way_in in _WAYS_IN.items():
        if way_out in methods and way_in in methods:
            method = methods[way_out].function
            entered = standing.after(methods[way_in].function, standing.fresh)
            for one in standing.missteps(method, entered):
                if one.node is misstep.node:
                    return Evidence(method.path, method.node.at, "a `with` block ends so when nothing has started it")
    return None


def _run_later(cls: Class, starts: list[tuple[Function, ir.At]]) -> Evidence | None:
    """Every method that sets the field is run by another thread or task, at some later time."""
    project = cls.project
    places = [use for one in project.values.fields.methods(cls) for use in project.places.uses(one, cls)]
    found = None
    for method, _ in starts:
        uses = [use for use in places if use.place == (SELF, method.name) and use.how == "passed"]
        uses = [use for use in uses if not _is_only_named(use) and method_around(use.function) != method]
        if not uses:
            return None  # a method that hands itself on, to be run again, has run before
        text = f"`{method.name}` runs elsewhere, some time after this"
        is_proven = _is_run_by(cls, uses[0]) and not _waits_after(uses[0])
        found = Evidence(uses[0].function.path, uses[0].at, text, is_proven)
    return found


def _waits_after(use: Use) -> bool:
    """Whether who hands the method over then waits for something: for a sign that it has run, as it seems."""
    calls = find(ir.Call, use.function.body)
    return any(one.at[:2] > use.at[:2] and last_name(one.func) in _WAITS for one in calls)


def _is_only_named(use: Use) -> bool:
    """Whether the method is only told to somebody, in a log line or the like: nobody runs it from there."""
    outer = plain_call(use.statement) if use.statement is not None else None
    if outer is not None and is_logging(outer):
        return True
    return use.call is not None and ir.dotted_name(use.call.func) in _NAMING


def _is_run_by(cls: Class, use: Use) -> bool:
    """Whether what the method is handed to is known to run it: a thread, a task, or a library that takes code."""
    if use.call is None:
        return False
    if any(entry.call.at == use.call.at for entry in cls.project.workers.entries(use.function, cls)):
        return True
    callee = cls.project.calls.of(use.function, use.call, cls)
    return bool(callee.dotted) and not callee.runs


def _own_cleanup(cls: Class, stop: Function, starts: list[tuple[Function, ir.At]], names: set[str]) -> Evidence | None:
    """A start of the class calls the stop when it has failed itself, and asks for nothing before."""
    for method in cls.project.values.fields.methods(cls):
        if method.name not in names or not mentions(method, stop.name) or not method.node.params:
            continue
        subject = method.node.params[0].name
        begun = [at for start, at in starts if start == method]
        for placed in placed_statements(method.statements):
            if not any(_called(call, subject) == stop.name for call in own_calls(placed.statement)):
                continue
            attempt = _attempt(placed)
            if attempt is None or _is_conditional(placed, attempt) or _is_expected(method, placed, attempt):
                continue
            if any(within(attempt.body, _Located(at)) for at in begun) or _calls_in(attempt.body, subject, names):
                text = f"called here when `{method.name}` itself has failed"
                return Evidence(method.path, placed.statement.at, text, is_proven=True)
    return None


def _is_conditional(placed: Placed, attempt: ir.Try) -> bool:
    """Whether something is asked between the failure and the statement."""
    inside = placed.around[placed.around.index(attempt) + 1 :]
    return any(isinstance(one, (ir.If, ir.While, ir.Match)) for one in inside)


def _is_expected(function: Function, placed: Placed, attempt: ir.Try) -> bool:
    """Whether the clean-up takes the error of the stop itself: then it hides nothing, and skips nothing."""
    inside = placed._replace(around=placed.around[placed.around.index(attempt) + 1 :])
    return catches(function, inside, ("AttributeError",))


def _attempt(placed: Placed) -> ir.Try | None:
    """The `try` after whose failure a statement runs."""
    final = in_finally(placed)
    if final is not None:
        return final
    handler = in_handler(placed)
    tries = (one for one in placed.around if isinstance(one, ir.Try) and handler is not None)
    return next((one for one in tries if handler in one.handlers), None)


class _Located(NamedTuple):
    at: ir.At


def _calls_in(body: tuple[ir.Stmt, ...], receiver: str, names: set[str]) -> bool:
    """Whether a block calls one of the methods on a receiver."""
    return any(
        _called(call, receiver) in names for placed in placed_statements(body) for call in own_calls(placed.statement)
    )


def _called(call: ir.Call, receiver: str) -> str:
    """The method that a call names on a receiver; nothing for other calls."""
    first, _, last = (ir.dotted_name(call.func) or "").rpartition(".")
    return last if first == receiver else ""


# --- those who make it ---


def _of_makers(cls: Class, stop: Function, names: set[str]) -> Evidence | None:
    """Code that makes an object, tries to start it, and stops it when that has failed."""
    stops = {stop.name}
    for creation in cls.project.uses.creations(cls):
        statement = creation.guards[-1]
        method = method_around(creation.scope)
        if not isinstance(statement, ir.Assign) or not isinstance(creation.scope, Function) or method is None:
            continue
        if statement.value is not creation.node or len(statement.targets) != 1:
            continue
        kept = ir.dotted_name(statement.targets[0])
        if kept is None:
            continue
        for found in _after_failure(creation.scope, kept, names, stops):
            return found
        subject = creation.scope.node.params[0].name if creation.scope.node.params else ""
        owner = creation.scope.owner
        if owner is not None and kept.startswith(f"{subject}.") and kept.count(".") == 1:
            held = _of_owner(owner, creation.scope, kept, names, stops)
            if held is not None:
                return held
    return None


def _after_failure(function: Function, kept: str, names: set[str], stops: set[str]) -> Iterator[Evidence]:
    """Stops of what is kept in a clean-up after a `try` in which it is started."""
    for placed in placed_statements(function.statements):
        for call in own_calls(placed.statement):
            attempt = _attempt(placed) if _called(call, kept) in stops else None
            if attempt is None or _is_expected(function, placed, attempt):
                continue
            if _calls_in(attempt.body, kept, names):
                text = "called here, too, when the start has failed"
                yield Evidence(function.path, call.at, text, is_proven=True)


def _of_owner(owner: Class, maker: Function, kept: str, names: set[str], stops: set[str]) -> Evidence | None:
    """The stop of an owner that keeps the object in a field before it starts it, so that it may hold a failed one."""
    if maker.name == "__init__" or not _calls_in(maker.statements, kept, names) or _takes_back(maker, kept):
        return None
    field = kept.rpartition(".")[2]
    for method in owner.project.values.fields.methods(owner):
        if method == maker or not mentions(method, field) or not method.node.params:
            continue
        if not ends_object(method.name.strip("_")):
            continue
        for placed in placed_statements(method.statements):
            is_guarded = _asks_otherwise(placed, field) or catches(method, placed, ("AttributeError",))
            for call in () if is_guarded else own_calls(placed.statement):
                if _called(call, f"{method.node.params[0].name}.{field}") in stops:
                    text = f"called here, also when `{maker.name}` has failed"
                    is_proven = not _has_state(method, call.at, field)
                    is_proven = is_proven and _is_kept_after_failure(owner, maker, kept, names)
                    return Evidence(method.path, call.at, text, is_proven)
    return None


def _has_state(method: Function, at: ir.At, field: str) -> bool:
    """Whether the method leaves before this place for other reasons than that it is closed or has no such field."""
    early = [one for one in find(ir.If, method.body) if one.at[2] < at[0] and leaves(one.body[-1])]
    names = {node.name for one in early for node in find(ir.Attribute, (one.test,))}
    return any(name != field and "clos" not in name.lower() for name in names)


def _is_kept_after_failure(owner: Class, maker: Function, kept: str, names: set[str]) -> bool:
    """
    Whether the owner takes the failure of the start and goes on, with the object still in the field: where the start is
    called, or where a method of the owner calls the one that does.
    """
    if _goes_on_after(maker, kept, names):
        return True
    methods = [one for one in owner.project.values.fields.methods(owner) if mentions(one, maker.name)]
    return any(one.node.params and _goes_on_after(one, one.node.params[0].name, {maker.name}) for one in methods)


def _goes_on_after(function: Function, receiver: str, names: set[str]) -> bool:
    """Whether a clause of the function takes what such a call throws without a link, and the function goes on."""
    for placed in placed_statements(function.statements):
        if any(_called(call, receiver) in names for call in own_calls(placed.statement)):
            for outer in placed.around:
                if isinstance(outer, ir.Try) and within(outer.body, placed.statement):
                    if any(_goes_on(handler) for handler in outer.handlers if _takes_failures(handler)):
                        return True
    return False


def _goes_on(handler: ir.Handler) -> bool:
    """Whether a clause neither raises nor returns anywhere."""
    return not any(True for kind in (ir.Raise, ir.Return) for _ in find(kind, handler.body))


def _takes_failures(handler: ir.Handler) -> bool:
    """Whether a clause takes what a link that cannot be made throws."""
    return bool(set(handler_names(handler)) & _FAILURES)


def _asks_otherwise(placed: Placed, field: str) -> bool:
    """Whether a condition around the statement asks for more than the field, such as for the state of the owner."""
    tests = (outer.test for outer in placed.around if isinstance(outer, (ir.If, ir.While)))
    named = [node for test in tests for node in find(ir.Attribute, (test,)) if not isinstance(node.value, ir.Attribute)]
    return any(node.name != field for node in named)


def _takes_back(maker: Function, kept: str) -> bool:
    """Whether the maker clears the field again somewhere: when the start has failed, as it seems."""
    place = tuple(kept.split("."))
    for placed in placed_statements(maker.statements):
        statement = placed.statement
        if isinstance(statement, ir.Assign) and isinstance(statement.value, ir.Constant):
            if any(place_of(target) == place for target in statement.targets) and _attempt(placed) is not None:
                return True
    return False
