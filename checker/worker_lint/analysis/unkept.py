"""Tasks that nobody keeps: what is lost with them when they fail, or at the stop."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from worker_lint.analysis.calls import Runs
from worker_lint.analysis.entity import Class, Function
from worker_lint.analysis.explained import is_explained
from worker_lint.analysis.flow.visit import find
from worker_lint.analysis.guard import CATCH_ALL, handler_names, within
from worker_lint.analysis.known_end import ends_with_link, is_seen_by_loop
from worker_lint.analysis.launched import launched_by
from worker_lint.analysis.let_go import is_thought_of
from worker_lint.analysis.nesting import Placed, mentions, own_expressions, placed_statements
from worker_lint.analysis.reached import reached_from
from worker_lint.analysis.self_contained import is_looked_after, is_wait, looks_after_itself
from worker_lint.analysis.statements import plain_call
from worker_lint.analysis.stopping import is_stop_name
from worker_lint.analysis.visit import last_name, method_name
from worker_lint.source import ir

_DEPTH: Final = 3
_OWN: Final = 2
"""Own methods, one after the other, down to where the state changes."""
_PAUSES: Final = frozenset({"sleep", "checkpoint", "acquire"})
_UNFAILING: Final = frozenset(
    {"asyncio.queues.Queue.get", "asyncio.queues.Queue.put", "asyncio.queues.Queue.join", "asyncio.locks.Event.wait"}
    | {"asyncio.locks.Condition.wait", "asyncio.locks.Condition.wait_for", "asyncio.wait"}
)
"""What a task can wait for without ever getting an error from it."""
_WAKES: Final = frozenset({"set_result", "set_exception", "notify_all"})


def is_waited_for(scope: Function, call: ir.Call, coroutine: Function) -> bool:
    """
    Whether the function waits for the end of the loop that it gives the coroutine to, and it is the coroutine that
    ends the loop: its own end is then waited for as well.
    """
    ends = any(method_name(one) == "stop" for one in find(ir.Call, coroutine.body))
    joins = any(method_name(one) == "join" and one.at[:2] > call.at[:2] for one in find(ir.Call, scope.body))
    return ends and joins and mentions(coroutine, "loop")


def loss_is_sure(scope: Function, call: ir.Call, made: ir.Call, runs: tuple[Runs, ...]) -> bool:
    """
    Whether the loss of the task is one that its author has not chosen: an error can leave it, through what it
    awaits, too; it is more than the stop of another object, whose end it is itself; nothing near tells that
    somebody has thought of it, the file has no end that cancels all tasks there are, and an object is left half-way.
    What reads from a link that the object keeps and closes ends with it.
    """
    if is_explained(scope, call.at) or _ends_another(made) or is_seen_by_loop(scope):
        return False
    if all(ends_with_link(scope, made, one.function) for one in runs):
        return False
    if any(is_thought_of(scope, call, one.function) for one in runs):
        return False
    if any(_ends_its_starter(scope, one) or _is_inside_another(one.function) for one in runs):
        return False
    if "all_tasks(" in scope.project.store.text(scope.path).source:
        return False
    return all(may_fail(one.function, one.me) and is_part_of_service(one.function) for one in runs)


def is_part_of_service(function: Function, depth: int = _OWN) -> bool:
    """
    Whether the coroutine function goes round, or changes the state of an object, in itself or in own methods that it
    awaits: cut short or dead, it leaves the object half-way. What only tells others, once, leaves nothing behind.
    """
    if any(True for _ in find(ir.While, function.body)) or any(one.is_async for one in find(ir.For, function.body)):
        return True
    targets = [target for one in find(ir.Assign, function.body) for target in one.targets]
    targets += [one.target for one in find(ir.AugAssign, function.body)]
    if any(isinstance(target, ir.Attribute) and _is_own(function, target.value) for target in targets):
        return True
    if any(last_name(call.func) in _WAKES for call in find(ir.Call, function.body)):
        return True
    return depth > 0 and any(is_part_of_service(one, depth - 1) for one in _own_awaited(function))


def _is_own(function: Function, subject: ir.Expr) -> bool:
    """Whether an object is the method's own, or one that an inner function shares with the function around it."""
    return isinstance(function.parent, Function) or (isinstance(subject, ir.Name) and subject.id == "self")


def _own_awaited(function: Function) -> Iterator[Function]:
    """The methods of the own object that the function awaits."""
    for awaited in find(ir.Await, function.body):
        call = awaited.value
        if isinstance(call, ir.Call) and (ir.dotted_name(call.func) or "").rpartition(".")[0] == "self":
            callee = function.project.calls.of(function, call)
            if len(callee.runs) == 1 and callee.runs[0].function is not function:
                yield callee.runs[0].function


def may_fail(function: Function, me: Class | None, depth: int = _DEPTH) -> bool:
    """Whether a wait of the coroutine function can end it with an error, as far as the project's own code tells."""
    if looks_after_itself(function):
        return False
    if depth == 0:
        return True
    for placed in placed_statements(function.body):
        if not is_wait(placed.statement) or is_looked_after(function, placed):
            continue
        if _is_given_up(placed) or _is_aftermath(placed):
            continue
        awaits = [node.value for node in own_expressions(placed.statement) if isinstance(node, ir.Await)]
        if not awaits and isinstance(placed.statement, ir.With) and _only_enters(placed.statement):
            continue
        if not awaits or any(_lets_out(function, me, awaited, depth) for awaited in awaits):
            return True
    return False


def _is_given_up(placed: Placed) -> bool:
    """Whether a handler around the wait does nothing, or tells it and no more: the author can do without the work."""
    for outer in placed.around:
        if isinstance(outer, ir.Try) and within(outer.body, placed.statement):
            for handler in outer.handlers:
                if all(isinstance(one, ir.Simple | ir.Return) or _only_tells(one) for one in handler.body):
                    return True
    return False


def _is_aftermath(placed: Placed) -> bool:
    """Whether the wait is what follows upon a failure that a clause for all errors has taken: the author saw to it."""
    for outer in placed.around:
        if isinstance(outer, ir.Try) and not within(outer.body, placed.statement):
            if any(CATCH_ALL & set(handler_names(one)) and not any(find(ir.Raise, one.body)) for one in outer.handlers):
                return True
    return False


def _only_enters(statement: ir.With) -> bool:
    """Whether the statement takes a lock or the like, which fails for nobody: no call makes what is entered."""
    return not any(isinstance(item.context, ir.Call) for item in statement.items)


def _only_tells(statement: ir.Stmt) -> bool:
    call = plain_call(statement)
    return call is not None and "log" in (ir.dotted_name(call.func) or "").lower()


def _lets_out(function: Function, me: Class | None, awaited: ir.Expr, depth: int) -> bool:
    if not isinstance(awaited, ir.Call):
        return True
    if last_name(awaited.func) in _PAUSES:
        return False
    callee = function.project.calls.of(function, awaited, me)
    if callee.dotted in _UNFAILING:
        return False
    if not callee.runs or not callee.is_sure:
        return True
    return any(may_fail(one.function, one.me, depth - 1) for one in callee.runs)


def _ends_another(made: ir.Call) -> bool:
    """Whether the coroutine is the stop method of an object other than the own one."""
    receiver = ir.dotted_name(made.func.value) if isinstance(made.func, ir.Attribute) else "self"
    return receiver not in ("self", "cls") and is_stop_name(last_name(made.func))


def _ends_its_starter(scope: Function, runs: Runs) -> bool:
    """
    Whether the coroutine is a stop that cancels the very task from which it is started: it must run beside that task,
    and once it has run there is nothing left that a stop could cancel or wait for.
    """
    cls = scope.owner
    if cls is None or runs.function.owner is None or not is_stop_name(runs.function.name):
        return False
    ended = [
        place
        for one in find(ir.Call, runs.function.body)
        if isinstance(one.func, ir.Attribute) and one.func.name == "cancel"
        for place in cls.project.places.denotes(runs.function, one.func.value, cls)
    ]
    for launched in launched_by(cls) if ended else ():
        if launched.kind == "task" and launched.place in ended:
            if any(here.function is scope for here in reached_from(launched.runs)):
                return True
    return False


def _is_inside_another(function: Function) -> bool:
    """
    Whether all that the coroutine does stands in one asynchronous block of somebody else's: whoever is behind it may
    wait for its end, and takes part in what happens.
    """
    body = [one for one in function.body if not (isinstance(one, ir.Expression) and isinstance(one.value, ir.Constant))]
    if len(body) != 1 or not isinstance(body[0], ir.With) or not body[0].is_async:
        return False
    made = [item.context for item in body[0].items if isinstance(item.context, ir.Call)]
    callees = [function.project.calls.of(function, one) for one in made]
    return any(not one.first and one.creates is None and one.model is None for one in callees)
