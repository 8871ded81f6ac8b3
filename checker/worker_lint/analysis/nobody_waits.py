"""Blocking calls in coroutines that keep nobody waiting in service, or do not block where they stand."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from worker_lint.analysis.entity import Function, Scope
from worker_lint.analysis.flow.visit import find
from worker_lint.analysis.guard import in_finally, in_handler, within
from worker_lint.analysis.nesting import Placed, mentions
from worker_lint.analysis.statements import inner_blocks
from worker_lint.analysis.visit import is_none
from worker_lint.source import ir

_TEST: Final = re.compile(r"(?:^|_)TEST(?:S|ING)?(?:_|$)", re.IGNORECASE)
_RUNNERS: Final = ("run", "run_sync", "run_until_complete")
_ALONE: Final = (*_RUNNERS, "run_coroutine_threadsafe")
_TASKS: Final = frozenset({"create_task", "ensure_future", "start_soon", "add_callback", "call_soon", "call_later"})
_PROMPTS: Final = frozenset({"builtins.input", "getpass.getpass"})
_STARTING: Final = (*sorted(_TASKS), "gather", "TaskGroup", "start_server", "run_forever", "wait_for")
_ASKS: Final = frozenset({"empty", "qsize", "done", "is_alive", "is_set", "locked"})
_JUMPS: Final = frozenset({"break", "continue"})
_DEPTH: Final = 4
"""Coroutines that await one another, down to the call."""
_KNOWN: Final = re.compile(r"noqa:.*\bASYNC2\d\d")


def nobody_waits(scope: Scope, placed: Placed, call: ir.Call) -> bool:
    """
    Whether nobody is kept waiting: a fallback for the same call, which comes up only when that fails; a pause that
    a switch for tests asks for; a place where there is no event loop; the end of the coroutine that is all that its
    loop runs, or the first step of it; the last step before the loop is stopped; or another checker has said the same
    on this line, and the author knows better.
    """
    if _KNOWN.search(scope.project.store.text(scope.path).line(call.at[0])):
        return True
    handler = in_handler(placed)
    name = ir.dotted_name(call.func)
    for outer in placed.around if handler is not None and name is not None else ():
        if isinstance(outer, ir.Try) and handler in outer.handlers:
            if any(ir.dotted_name(other.func) == name for other in find(ir.Call, outer.body)):
                return True
    for outer in placed.around:
        if isinstance(outer, ir.If) and any(_TEST.search(node.id) for node in find(ir.Name, (outer.test,))):
            return True
        if isinstance(outer, ir.If) and _finds_no_loop(outer.test) and within(outer.body, placed.statement):
            return True
    if _stops_loop_after(scope, call.at):
        return True
    return (in_finally(placed) is not None and _is_whole_loop(scope)) or _is_first_step(scope, call.at)


def _stops_loop_after(scope: Scope, at: ir.At) -> bool:
    """Whether the function stops its loop next: nothing is awaited between, so all that ran on it has had its turn."""
    body = scope.statements
    ends = [one.at[:2] for one in find(ir.Call, body) if _is_loop_stop(one) and one.at[:2] > at[:2]]
    return bool(ends) and not any(at[:2] < one.at[:2] < min(ends) for one in find(ir.Await, body))


def _is_loop_stop(call: ir.Call) -> bool:
    first, _, last = (ir.dotted_name(call.func) or "").rpartition(".")
    return last == "stop" and first.lower().endswith("loop")


def _finds_no_loop(test: ir.Expr) -> bool:
    """Whether a condition says that there is no event loop: it is `loop is None`."""
    if not isinstance(test, ir.Compare) or test.ops != ("is",) or not is_none(test.operands[0]):
        return False
    return (ir.dotted_name(test.left) or "").endswith("loop")


def _is_whole_loop(scope: Scope) -> bool:
    """Whether the coroutine function is what `asyncio.run`, or a like one, is given in the block around it."""
    outer = scope.parent
    if outer is None or not isinstance(scope, Function):
        return False
    for call in find(ir.Call, outer.statements):
        if "run" in (ir.dotted_name(call.func) or "").rpartition(".")[2].split("_"):
            for made in find(ir.Call, call.args):
                if isinstance(made.func, ir.Name) and made.func.id == scope.name:
                    return True
    return False


def is_just_submitted(scope: Function, call: ir.Call) -> bool:
    """Whether the future is one that this function asked for, so that it can hardly be done yet."""
    future = call.func.value if isinstance(call.func, ir.Attribute) else None
    name = ir.dotted_name(future)
    made = [node.value for node in find(ir.Assign, scope.body) if name and name in map(ir.dotted_name, node.targets)]
    calls = [value.func for value in (future, *made) if isinstance(value, ir.Call)]
    asked = {(ir.dotted_name(func) or "").rpartition(".")[2] for func in calls}
    return bool(asked & {"submit", "run_coroutine_threadsafe"}) and not mentions(scope, "done(", "wait(")


def is_known_ready(scope: Function, placed: Placed, call: ir.Call) -> bool:
    """
    Whether what is waited for is there already: the queue was asked or filled just before, the process was polled,
    or the lock was only just made.
    """
    if not isinstance(call.func, ir.Attribute):
        return False
    receiver = ir.dotted_name(call.func.value)
    if call.func.name == "wait" and mentions(scope, "poll("):
        return True
    for outer in placed.around:
        if isinstance(outer, (ir.While, ir.If)):
            for node in find(ir.Call, (outer.test,)):
                if isinstance(node.func, ir.Attribute) and node.func.name in _ASKS:
                    return True
    if call.func.name == "get" and _has_been_asked(scope, placed, call, f"{receiver}.empty"):
        return True
    for put in find(ir.Call, scope.body) if call.func.name == "get" else ():
        if ir.dotted_name(put.func) in {f"{receiver}.put", f"{receiver}.put_nowait"} and call.at[0] - put.at[2] == 1:
            return True
    made = [node.value for node in find(ir.Assign, scope.body) if receiver in map(ir.dotted_name, node.targets)]
    return call.func.name == "acquire" and any(isinstance(value, ir.Call) for value in made)


def _has_been_asked(scope: Function, placed: Placed, call: ir.Call, asked: str) -> bool:
    return _has_waited(scope, call, asked) or _has_left_if(scope, placed, call, asked)


def _has_waited(scope: Function, call: ir.Call, asked: str) -> bool:
    """Whether a loop before the call has gone on until the answer was no, and nobody else had a turn since."""
    for loop in find(ir.While, scope.body):
        asks = isinstance(loop.test, ir.Call) and ir.dotted_name(loop.test.func) == asked
        if asks and loop.at[2] < call.at[0]:
            return not any(loop.at[2] < one.at[0] <= call.at[0] for one in find(ir.Await, scope.body))
    return False


def _has_left_if(scope: Function, placed: Placed, call: ir.Call, asked: str) -> bool:
    """Whether the code before the call leaves the block when the answer is yes, and nobody else had a turn since."""
    for block in (*(inner for outer in placed.around for inner in inner_blocks(outer)), scope.body):
        if not within(block, placed.statement):
            continue
        for statement in block:
            if isinstance(statement, ir.If) and statement.at[:2] < call.at[:2] and _leaves(statement.body):
                if isinstance(statement.test, ir.Call) and ir.dotted_name(statement.test.func) == asked:
                    return not any(statement.at[:2] < one.at[:2] <= call.at[:2] for one in find(ir.Await, scope.body))
    return False


def _leaves(block: tuple[ir.Stmt, ...]) -> bool:
    last = block[-1]
    return isinstance(last, (ir.Return, ir.Raise)) or (isinstance(last, ir.Simple) and last.kind in _JUMPS)


def is_lone_prompt(scope: Scope, name: str) -> bool:
    """Whether a call of this name asks a question at the terminal, in a file that starts no tasks."""
    text = scope.project.store.text(scope.path)
    return name in _PROMPTS and not any(text.holds(word) for word in _STARTING)


def _is_first_step(scope: Scope, at: ir.At, depth: int = _DEPTH) -> bool:
    """Whether a place comes before any other task can be there: at the beginning of what a loop is run for."""
    if not isinstance(scope, Function) or depth == 0 or not _is_before_all(scope, at):
        return False
    if any(_is_run_for(outer, scope) for outer in _naming(scope, *_RUNNERS)):
        return True
    sites = [
        (outer, one.at) for outer in _naming(scope) for one in find(ir.Await, outer.body) if _calls(one.value, scope)
    ]
    return len(sites) == 1 and _is_first_step(sites[0][0], sites[0][1], depth - 1)


def is_run_whole(scope: Function) -> bool:
    """Whether the file runs a loop for the coroutine, or sends it to the loop of another thread: no task awaits it."""
    return any(_is_run_for(outer, scope, _ALONE) for outer in _naming(scope, *_ALONE))


def is_lone_task(scope: Scope, depth: int = _DEPTH) -> bool:
    """
    Whether the coroutine is the one task of its loop, or a step of it: the file runs a loop for it, or for the one
    coroutine that awaits it, and starts no tasks on the way.
    """
    if not isinstance(scope, Function) or depth == 0 or mentions(scope, *_STARTING):
        return False
    callers = list(_naming(scope))
    if any(_is_run_for(outer, scope) for outer in callers):
        return True
    return len(callers) == 1 and callers[0].node.is_async and is_lone_task(callers[0], depth - 1)


def _is_before_all(scope: Function, at: ir.At) -> bool:
    """Whether nothing is awaited before the place, no task made, and no loop leads back to it."""
    waits = (*find(ir.Await, scope.body), *(one for one in find(ir.Call, scope.body) if _last(one.func) in _TASKS))
    loops = (*find(ir.For, scope.body), *find(ir.While, scope.body))
    return not any(one.at[:2] < at[:2] for one in waits) and not any(
        one.at[:2] <= at[:2] <= one.at[2:] for one in loops
    )


def _naming(scope: Function, *words: str) -> Iterator[Function]:
    """The other functions of the file that hold the name, and one of the words if there are any."""
    for function in scope.project.functions_in(scope.path):
        if function is not scope and mentions(function, scope.name) and (not words or mentions(function, *words)):
            yield function


def _is_run_for(outer: Function, scope: Function, runners: tuple[str, ...] = _RUNNERS) -> bool:
    """Whether a function runs a loop for the coroutine, as `asyncio.run(main())` does."""
    given = (one for call in find(ir.Call, outer.body) if _last(call.func) in runners for one in call.args)
    return any(_calls(one, scope) or names_function(one, scope) for one in given)


def _calls(value: ir.Expr, scope: Function) -> bool:
    return isinstance(value, ir.Call) and names_function(value.func, scope)


def names_function(value: ir.Expr, scope: Function) -> bool:
    """Whether an expression is this function: by its bare name, or as a method of the object itself."""
    first, _, last = (ir.dotted_name(value) or "").rpartition(".")
    return last == scope.name and first == ("self" if scope.owner is not None else "")


def _last(func: ir.Expr) -> str:
    return (ir.dotted_name(func) or "").rpartition(".")[2]
