"""Errors that a loop may drop: about one item of many, for want of time, or on the way to a success."""

from __future__ import annotations

import re
from typing import Final

from worker_lint.analysis.entity import Function
from worker_lint.analysis.flow import find
from worker_lint.analysis.stopping import is_stop_name
from worker_lint.analysis.tiers.guarded import lets_nothing_out, may_let_nothing_out
from worker_lint.analysis.tiers.loops import changes_condition, is_always, is_endless, leaves_loop
from worker_lint.analysis.tiers.names import bound_names
from worker_lint.analysis.tiers.reasons import is_excused
from worker_lint.analysis.tiers.sites import TrySite
from worker_lint.analysis.visit import encloses, given_to, last_name
from worker_lint.source import ir

_FILES: Final = ("os.", "posix.", "posixpath.", "pathlib.")
_DESCRIPTORS: Final = ("os.read", "os.write", "os.send", "os.pipe", "posix.read", "posix.write")
_ORDER: Final = frozenset({"<", "<=", ">", ">="})
_PARSING: Final = re.compile(
    r"(?:\w*_)?(?:de|un)?(?:loads?|pars\w+|cod\w+|pack\w*|serialize|validate)(?:_\w+)?|from_\w+"
)
"""Names of functions that make a message of text or bytes."""
_WAITING: Final = ("asyncio.", "threading.", "multiprocessing.", "time.")
_PAUSES: Final = frozenset({"sleep", "wait", "wait_for"})
_FLAGS: Final = frozenset({"is_set", "isSet", "wait"})
_RELEASES: Final = frozenset(
    {"close", "stop", "shutdown", "disconnect", "release", "terminate", "kill", "cancel", "unlink", "remove", "unlock"}
)
_COLLECTING: Final = frozenset({"add", "append", "get", "setdefault", "discard", "update"})


def asks_about_item(site: TrySite, loop: ir.While | ir.For) -> bool:
    """
    Whether the body only asks the file system about the item of a loop that comes to an end: by itself, or by a
    function of the project that does no more.
    """
    if not isinstance(loop, ir.For) or not isinstance(loop.target, ir.Name) or is_endless(site.scope, loop):
        return False
    function = site.scope
    return isinstance(function, Function) and _only_asks(function, site.node.body, loop.target.id, depth=1)


def _only_asks(function: Function, body: tuple[ir.Stmt, ...], item: str, *, depth: int) -> bool:
    is_asked = False
    for call in find(ir.Call, body):
        callee = function.project.calls.of(function, call)
        is_given = any(isinstance(one, ir.Name) and one.id == item for one in call.args[:1])
        if callee.dotted.startswith(_FILES) and not callee.dotted.startswith(_DESCRIPTORS) and is_given:
            is_asked = True
        elif depth and is_given and len(callee.runs) == 1 and callee.creates is None:
            below = callee.runs[0].function
            if not _only_asks(below, below.body, _taken_as(below, call), depth=depth - 1):
                return False
            is_asked = True
        elif not callee.dotted.startswith("builtins.") and not _is_kept_or_named(call, item):
            return False
    return is_asked


def _taken_as(function: Function, call: ir.Call) -> str:
    """The parameter that gets the first argument of a call."""
    params = [param.name for param in function.node.params]
    if isinstance(call.func, ir.Attribute) and params[:1] in (["self"], ["cls"]):
        params = params[1:]
    return params[0] if params else ""


def _is_kept_or_named(call: ir.Call, item: str) -> bool:
    """Whether a call puts something into a collection or takes it out, or is a method of the item itself."""
    if not isinstance(call.func, ir.Attribute):
        return False
    return call.func.name in _COLLECTING or ir.dotted_name(call.func.value) == item


def runs_out(site: TrySite) -> bool:
    """Whether a call of the body is given a time limit, and no clause of its own takes that."""
    tiers = site.scope.project.tiers
    named = {name for one in site.node.handlers for name in tiers.caught(site.scope, one)}
    limits = (keyword.name or "" for call in find(ir.Call, site.node.body) for keyword in call.keywords)
    return "TimeoutError" not in named and any("timeout" in limit for limit in limits)


def may_drop_all(site: TrySite) -> bool:
    """
    Whether no error is worth a word: the body only ends something, or waits for its turn, as a loop's pacing, or
    whatever it calls takes all errors itself.
    """
    if isinstance(site.scope, Function) and _only_waits(site.scope, site.node.body, depth=2):
        return True
    if lets_nothing_out(site.scope, site.node.body):
        return True
    return _is_best_effort(site)


def _only_waits(function: Function, body: tuple[ir.Stmt, ...], *, depth: int) -> bool:
    calls = tuple(find(ir.Call, body))
    for call in calls:
        callee = function.project.calls.of(function, call)
        if callee.dotted.startswith(_WAITING) and callee.dotted.rpartition(".")[2] in _PAUSES:
            continue
        runs = callee.runs[0].function if depth and len(callee.runs) == 1 else None
        if runs is None or not _only_waits(runs, runs.body, depth=depth - 1):
            return False
    return bool(calls)


def waits_for_success(site: TrySite, loop: ir.While | ir.For) -> bool:
    """
    Whether the loop only goes round until the body succeeds once: it leaves the loop, sets its condition, or gives
    what the loop is left for below.
    """
    if leaves_loop(site.node.body) or changes_condition(loop, site.node.body):
        return True
    given = {name for node in find(ir.Assign, site.node.body) for name in bound_names(node)}
    below = loop.body[loop.body.index(site.node) + 1 :]
    return any(leaves_loop(branch.body) and _is_there(branch.test, given) for branch in find(ir.If, below))


def _is_there(test: ir.Expr, given: set[str]) -> bool:
    """Whether a test holds when one of the names has a value."""
    if isinstance(test, ir.Compare) and test.ops == ("is not",):
        test = test.left
    return isinstance(test, ir.Name) and test.id in given


def turns_in_vain(site: TrySite, handler: ir.Handler) -> bool:
    """
    Whether an error that lasts is surely dropped again and again: the loop right around the statement goes on until it
    is told to end, and the clause takes every error, or the loop spins. A beat that fails for want of a
    connection may be dropped by design where others look after that, and what is done with the item of a turn fails
    for that item: the next one is another matter.
    """
    loop = site.loops[0] if site.loops else None
    if loop is None or site.block is not loop.body or not is_endless(site.scope, loop):
        return False
    if is_excused(site) or _asks_more_than_a_flag(loop) or _counts_turns(loop):
        return False
    if _reads_message(site) or _handles_item(site, loop) or may_let_nothing_out(site.scope, site.node.body):
        return False
    aside = _called_aside(site, loop)
    if _used(site) & {ir.dotted_name(one.func.value) for one in aside if isinstance(one.func, ir.Attribute)}:
        return False  # another step of the loop asks the same object, and may learn from it how the last turn ended
    return site.scope.project.tiers.is_broad(site.scope, handler) or _spins(site, handler, loop)


def _called_aside(site: TrySite, loop: ir.While | ir.For) -> list[ir.Call]:
    """What a turn calls besides the statement, its condition included."""
    test = (loop.test,) if isinstance(loop, ir.While) else ()
    every = (*find(ir.Call, loop.body), *find(ir.Call, test))
    return [one for one in every if not encloses(site.node.at, one.at)]


def _spins(site: TrySite, handler: ir.Handler, loop: ir.While | ir.For) -> bool:
    """
    Whether a clause for errors of the system keeps a loop turning at full speed. A condition of the loop is its own way
    out: the stop changes it and closes what the loop waits for, and the clause is for that. So is `ConnectionError`
    for one peer that has gone, after which the next one comes.
    """
    has_own_way_out = not is_always(loop.test) if isinstance(loop, ir.While) else loop.is_async
    if has_own_way_out or "OSError" not in site.scope.project.tiers.caught(site.scope, handler):
        return False
    return not any(last_name(call.func) in _PAUSES for call in _called_aside(site, loop))


def _asks_more_than_a_flag(loop: ir.While | ir.For) -> bool:
    """Whether the loop asks something else than its flag or event before each turn, as whether a child still lives."""
    test = (loop.test,) if isinstance(loop, ir.While) else ()
    return any(last_name(call.func) not in _FLAGS for call in find(ir.Call, test))


def _used(site: TrySite) -> set[str | None]:
    """What the body runs through, and the objects whose methods it calls."""
    found = {ir.dotted_name(one.iter) for one in find(ir.For, site.node.body)}
    calls = (one.func.value for one in find(ir.Call, site.node.body) if isinstance(one.func, ir.Attribute))
    return (found | {ir.dotted_name(one) for one in calls}) - {None, "self"}


def _reads_message(site: TrySite) -> bool:
    """Whether the body only takes one message apart: the next one is another matter, and to skip one may be wanted."""
    if len(site.node.body) != 1 or any(True for _ in find(ir.Await, site.node.body)):
        return False
    return any(_PARSING.fullmatch(last_name(call.func)) for call in find(ir.Call, site.node.body))


def _handles_item(site: TrySite, loop: ir.While | ir.For) -> bool:
    """
    Whether the body runs, or hands to something, what the loop or an earlier statement of the turn got: a job out of a
    queue, a message. What fails then may be that one.
    """
    before = [one for one in find(ir.Node, loop.body) if one.at[:2] < site.node.at[:2]]
    got = {name for node in (loop, *before) for name in bound_names(node)}
    used = [part for call in find(ir.Call, site.node.body) for part in (call.func, *given_to(call))]
    return any(name.id in got for name in find(ir.Name, used))


def _counts_turns(loop: ir.While | ir.For) -> bool:
    """Whether a number that is compared, or counted down to nothing in the condition, ends the loop."""
    if isinstance(loop, ir.While):
        down = {ir.dotted_name(one.target) for one in find(ir.AugAssign, loop.body) if one.op == "-"} - {None}
        is_all = isinstance(loop.test, ir.BoolOp) and loop.test.op == "and"
        parts = loop.test.values if is_all and isinstance(loop.test, ir.BoolOp) else (loop.test,)
        if any(ir.dotted_name(part) in down for part in parts):
            return True
    for branch in find(ir.If, loop.body):
        is_left = leaves_loop(branch.body) or any(isinstance(one, ir.Raise) for one in branch.body)
        compares = (branch.test, *find(ir.Compare, (branch.test,)))
        if is_left and any(isinstance(one, ir.Compare) and _ORDER.intersection(one.ops) for one in compares):
            return True
    return False


def _is_best_effort(site: TrySite) -> bool:
    """Whether the code only ends something, or belongs to what does."""
    if site.function is not None and is_stop_name(site.function.name):
        return True
    calls = [call.func for call in find(ir.Call, site.node.body)]
    names = {func.name if isinstance(func, ir.Attribute) else getattr(func, "id", "") for func in calls}
    return not names or any(name in _RELEASES or is_stop_name(name) for name in names)
