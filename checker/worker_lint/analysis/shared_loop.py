"""Whether a blocking call in a coroutine surely stops tasks that others wait for."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from typing import Final

from worker_lint.analysis.demonstrating import is_demonstration
from worker_lint.analysis.durations import seconds
from worker_lint.analysis.entity import Class, Function
from worker_lint.analysis.explained import is_explained
from worker_lint.analysis.flow.visit import find
from worker_lint.analysis.guard import in_finally
from worker_lint.analysis.models import ModelFunction
from worker_lint.analysis.nesting import Placed, mentions, own_expressions
from worker_lint.analysis.nobody_waits import is_lone_task
from worker_lint.analysis.process_start import runs_only_at_start
from worker_lint.analysis.stopping import is_stop_name
from worker_lint.analysis.visit import last_name, says_not_to_wait, uncalled
from worker_lint.source import ir

_MANY: Final = 3
_SHORT: Final = 0.05
"""A pause that no heartbeat and no request would notice."""
_LOCAL_URL: Final = re.compile(r"""["'](?:data|file):|\b(?:data|file): ?UR[LI]""", re.IGNORECASE)
_STARTS: Final = ("create_task", "ensure_future", "gather", "TaskGroup", "start_server", "start_soon", "wait_for")
_RUNNERS: Final = frozenset({"run", "run_until_complete", "run_sync", "anyio_run"})
_REQUESTS: Final = ("urllib.request.", "http.client.", "smtplib.", "ftplib.", "imaplib.", "poplib.", "xmlrpc.client.")
"""Modules of the standard library that wait for another machine; its other waits end with a part of the program."""
_PAUSES: Final = frozenset({"asyncio.sleep", "anyio.sleep", "trio.sleep"})


def surely_stops_others(scope: Function, placed: Placed, call: ir.Call, model: ModelFunction) -> bool:
    """
    Whether the call stops the loop for a time that others notice: it asks another machine and nothing limits that, or
    it sleeps where the same coroutine knows how to wait for real. No comment explains it, it is not for one version
    of Python, and the loop is not run for this coroutine alone, at the start of a program or at its end. It is no
    set-up that others wait for.

    How long a thread, a child process or a lock keeps others waiting is not to be seen: most often they are about to
    end when somebody joins them.
    """
    if is_explained(scope, call.at) or _is_versioned(placed):
        return False
    if _is_set_up(scope, call) or _opens_in_place(scope, model) or is_demonstration(scope.path, scope):
        return False
    if model.name == "time.sleep":
        length = seconds(scope, call.args[0], scope.owner) if call.args else None
        if (length is not None and length < _SHORT) or not _has_tasks(scope) or not _awaits_pause(scope):
            return False
    elif not _asks_others(model) or _is_limited(model, call):
        return False
    if in_finally(placed) is not None and not is_stop_name(scope.name):
        return False
    return not (_is_all_of_its_loop(scope) or is_lone_task(scope) or runs_only_at_start(scope))


def _asks_others(model: ModelFunction) -> bool:
    """Whether the call waits for another machine: the client of a library, or a request of the standard library."""
    return model.library != "python" or model.name.startswith(_REQUESTS)


def _awaits_pause(scope: Function) -> bool:
    """Whether the coroutine awaits a sleep of its event loop elsewhere, so that it is no program of one task."""
    awaited = (one.value for one in find(ir.Await, scope.body) if isinstance(one.value, ir.Call))
    return any(scope.project.calls.of(scope, one).dotted in _PAUSES for one in awaited)


def returns_at_once(model: ModelFunction, call: ir.Call) -> bool:
    """Whether the arguments say that it does not wait."""
    if says_not_to_wait(model.name, call):
        return True
    names_limit = any(keyword.name == model.facts.timeout for keyword in call.keywords) or bool(call.args)
    return model.facts.default_timeout == 0 and not names_limit


def is_adapter(method: Function, call: ir.Call, handed: Collection[str]) -> bool:
    """Whether a class hands so many methods of an object to threads that the direct call is the one left out."""
    return len(handed) >= _MANY and not is_explained(method, call.at)


def is_unlike(cls: Class, placed: Placed, field: str) -> bool:
    """
    Whether a direct call on a field waits otherwise than those on threads: the object has been made non-blocking, or
    the call is for some versions of Python only.
    """
    return _is_versioned(placed) or _is_told_not_to_block(cls, field)


def _is_versioned(placed: Placed) -> bool:
    """Whether the statement, or a part of it, is for some versions of Python or some systems only."""
    tests = [outer.test for outer in placed.around if isinstance(outer, ir.If)]
    tests += [one.test for one in own_expressions(placed.statement) if isinstance(one, ir.Conditional)]
    return any(_asks_version(node) for node in find(ir.Attribute, tests))


def _is_told_not_to_block(cls: Class, name: str) -> bool:
    """Whether a method of the class makes the object in a field non-blocking, as a socket can be."""
    for method in cls.project.values.fields.methods(cls):
        for call in find(ir.Call, method.body) if mentions(method, "setblocking", "settimeout") else ():
            if isinstance(call.func, ir.Attribute) and call.func.name in {"setblocking", "settimeout"}:
                receiver = call.func.value
                is_field = isinstance(receiver, ir.Attribute) and receiver.name == name
                if is_field and call.args and isinstance(call.args[0], ir.Constant) and not call.args[0].value:
                    return True
    return False


def _has_tasks(scope: Function) -> bool:
    """Whether the file starts tasks: a coroutine of a file without any may be run one at a time."""
    text = scope.project.store.text(scope.path)
    return any(text.holds(word) for word in _STARTS)


def _is_all_of_its_loop(scope: Function) -> bool:
    """Whether the file runs a loop for the coroutine and it starts no tasks itself: a program of one step at a time."""
    if mentions(scope, *_STARTS):
        return False
    text = scope.project.store.text(scope.path)
    if not text.holds(scope.name):
        return False
    for statements in _blocks(scope):
        for call in find(ir.Call, statements):
            if last_name(call.func) in _RUNNERS and any(_makes(one, scope) for one in call.args):
                return True
    return False


def _blocks(scope: Function) -> Iterator[tuple[ir.Stmt, ...]]:
    """The blocks of the file that may name the function."""
    module = scope.project.module(scope.path)
    if module is not None:
        yield module.statements
    yield from (one.body for one in scope.project.functions_in(scope.path) if mentions(one, scope.name))


def _makes(value: ir.Expr, scope: Function) -> bool:
    return last_name(uncalled(value)) == scope.name


def _is_set_up(scope: Function, call: ir.Call) -> bool:
    """Whether the call prepares what an asynchronous context gives: nobody waits for it before the `yield`."""
    names = {last_name(uncalled(one)) for one in scope.node.decorators}
    given = next(find(ir.Yield, scope.body), None) if "asynccontextmanager" in names else None
    return given is not None and call.at[:2] < given.at[:2]


def _opens_in_place(scope: Function, model: ModelFunction) -> bool:
    """Whether the function opens URLs that lead to no other machine, by what it says of them: `data:` or `file:`."""
    if not model.name.endswith(".urlopen"):
        return False
    lines = scope.project.store.text(scope.path).lines_between(scope.node.at[0], scope.node.at[2])
    return bool(_LOCAL_URL.search("\n".join(lines)))


def _is_limited(model: ModelFunction, call: ir.Call) -> bool:
    """Whether the author has set a limit, whatever it is."""
    limit = model.facts.timeout
    if any(one.name in {limit, "timeout", "time_limit", "timeout_ms"} for one in call.keywords if one.name):
        return True
    return bool(limit) and bool(call.args) and model.name.endswith((".join", ".wait", ".result", ".poll", ".get"))


def _asks_version(node: ir.Attribute) -> bool:
    return ir.dotted_name(node) in {"sys.version_info", "sys.platform", "os.name"}
