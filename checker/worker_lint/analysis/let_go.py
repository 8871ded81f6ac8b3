"""Tasks that nobody keeps, and what tells that their author has thought of their end or of their failure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from worker_lint.analysis.demonstrating import is_demonstration
from worker_lint.analysis.entity import Function
from worker_lint.analysis.flow.visit import find
from worker_lint.analysis.nesting import mentions, with_inner
from worker_lint.analysis.statements import docstring
from worker_lint.analysis.stopping import is_stop_name
from worker_lint.analysis.visit import last_name, receiver_name
from worker_lint.source import ir

_FACTORY: Final = "set_task_factory"
_KEEPS: Final = frozenset({"add", "append"})
_SIGNS: Final = frozenset({"set", "set_result", "set_exception"})
_HARMLESS: Final = frozenset({"staticmethod", "classmethod", "override", "final"})
_ENDINGS: Final = frozenset({"exit", "_exit", "sys.exit", "os._exit", "os.kill"})
_ABOVE: Final = 6
"""Lines above a call whose comments may still speak of it."""
_ON_PURPOSE: Final = re.compile(
    r"\bfire[- ]and[- ]forget|\bintentional|\bon purpose\b|\bdeliberate|\bbest[- ]effort\b|\bdetach|\bnon-?blocking\b"
    r"|\bin (?:the )?background\b|\bwithout (?:\w+ ){0,2}[\"'`]*(?:block|wait|await|delay)"
    r"|\b(?:not|n't|no need to|never|rather than|instead of) (?:\w+ )?(?:wait|await|block)",
    re.IGNORECASE,
)
"""Words of one who has weighed whether to wait for what is started, and will not."""
_LATER: Final = re.compile(r"\basynchronously\b", re.IGNORECASE)
"""What a function that is no coroutine says of itself when it only starts the work."""


def is_kept_by_factory(scope: Function) -> bool:
    """
    Whether the file gives its loop a task factory of its own that puts each task away: what nobody else keeps is
    kept there, and ended or looked at by whoever has the collection.
    """
    if _FACTORY not in scope.project.store.text(scope.path).source:
        return False
    installing = [one for one in scope.project.functions_in(scope.path) if mentions(one, _FACTORY)]
    return any(
        last_name(call.func) in _KEEPS
        for outer in installing
        for inner in with_inner(outer)
        for call in find(ir.Call, inner.body)
    )


def is_thought_of(scope: Function, call: ir.Call, coroutine: Function) -> bool:
    """
    Whether something near tells that nobody needs to keep the task: words that say so, a stop that awaits the sign
    of its end, a decorator that may take its errors, a coroutine that makes itself known or ends the program, a
    handler of the loop for errors that nobody takes, or a file that only shows something.
    """
    text = scope.project.store.text(scope.path).source
    return (
        is_let_go_by_words(scope, call, coroutine)
        or _FACTORY in text
        or "set_exception_handler" in text
        or _is_decorated(coroutine)
        or mentions(coroutine, "current_task(")
        or ends_program(coroutine)
        or is_demonstration(scope.path, scope)
        or has_awaited_sign(coroutine)
    )


def is_let_go_by_words(scope: Function, call: ir.Call, coroutine: Function) -> bool:
    """Whether the docstring of the starter or of what it starts, or a comment near by, says that nobody is to wait."""
    texts = (" ".join(docstring(one.body).split()) for one in (scope, coroutine))
    said = (*texts, " ".join(_said_above(scope, call.at)))
    if not scope.node.is_async and _LATER.search(said[0]):
        return True
    return any(_ON_PURPOSE.search(one) for one in said)


def has_awaited_sign(coroutine: Function) -> bool:
    """
    Whether the coroutine function resolves a future or sets an event that a stop of the same file awaits: its end is
    waited for by that sign.
    """
    given = set(_signs_of(coroutine))
    if not given:
        return False
    inside = {id(one.node) for one in with_inner(coroutine)}
    return any(
        not given.isdisjoint(_names_awaited(stop))
        for outer in coroutine.project.functions_in(coroutine.path)
        for stop in with_inner(outer)
        if is_stop_name(stop.name) and id(stop.node) not in inside
    )


def _names_awaited(function: Function) -> Iterator[str]:
    """All names in what a function awaits."""
    for awaited in find(ir.Await, function.body):
        yield from (node.id for node in find(ir.Name, (awaited,)))
        yield from (ir.dotted_name(node) or "" for node in find(ir.Attribute, (awaited,)))


def _signs_of(coroutine: Function) -> Iterator[str]:
    """The names of what the coroutine function tells its end by."""
    for inner in with_inner(coroutine):
        for call in find(ir.Call, inner.body):
            if last_name(call.func) in _SIGNS and (name := receiver_name(call)):
                yield name


def ends_program(coroutine: Function) -> bool:
    """Whether the coroutine function ends the process or the loop itself: after it there is nobody who could wait."""
    for call in find(ir.Call, coroutine.body):
        if ir.dotted_name(call.func) in _ENDINGS:
            return True
        if last_name(call.func) == "stop" and receiver_name(call).lower().endswith("loop"):
            return True
    return False


def _is_decorated(coroutine: Function) -> bool:
    """Whether a decorator stands between the caller and the coroutine function: it may take the errors."""
    names = {last_name(one.func if isinstance(one, ir.Call) else one) for one in coroutine.node.decorators}
    return bool(names - _HARMLESS)


def _said_above(scope: Function, at: ir.At) -> Iterator[str]:
    """The comments on the lines of a call and shortly above it."""
    text = scope.project.store.text(scope.path)
    first = max(scope.node.at[0], at[0] - _ABOVE)
    yield from (text.comment(number) for number in range(first, at[2] + 1))
