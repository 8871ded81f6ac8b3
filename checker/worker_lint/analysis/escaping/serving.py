"""Loops that serve for long, told from those that wait for one thing, or run until something is empty."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from worker_lint.analysis.escaping.supervision import is_entry
from worker_lint.analysis.flow.visit import find
from worker_lint.analysis.tiers.loops import is_always, leaves_loop
from worker_lint.analysis.visit import last_name, unawaited
from worker_lint.source import ir

if TYPE_CHECKING:
    from worker_lint.analysis.escaping.boundaries import Boundary

_FIRST: Final = ("run", "loop", "listen", "consume", "heartbeat", "serve", "poll", "watch", "work", "monitor")
_LAST: Final = (
    *("loop", "listener", "worker", "thread", "task", "forever", "heartbeat", "heartbeats", "consumer", "monitor"),
)
_SERVING: Final = ("is_", "should", "wait", "running", "alive", "keep", "going", "go_on", "continue")
"""Beginnings of the names of conditions that hold until the service is told to end."""


def serves(boundary: Boundary) -> bool:
    """
    Whether the loop serves for long: by its name, because its class has a stop, or on a thread of
    its own. One that breaks off by itself waits for something.
    """
    function = boundary.function
    if _waits(boundary.node) or _drains(boundary.node):
        return False
    name = function.name.lower().strip("_")
    if name.startswith(_FIRST) or name.endswith(_LAST):
        return True
    if function.owner is not None and function.project.workers.stops(function.owner):
        return True
    return is_entry(function)


def _drains(loop: ir.Node) -> bool:
    """Whether the loop ends when something is empty: `while not queue.empty()`, whose caller gets the error."""
    if not isinstance(loop, ir.While):
        return False
    return any(last_name(call.func) in ("empty", "qsize", "is_empty") for call in find(ir.Call, (loop.test,)))


def _waits(loop: ir.Node) -> bool:
    """
    Whether the loop waits for something: `while True` with a way out, or `while` over a question to somebody, asked
    there or in the turn before.
    """
    if not isinstance(loop, ir.While):
        return False
    if is_always(loop.test):
        return leaves_loop(loop.body)
    test = loop.test.operand if isinstance(loop.test, ir.Unary) else loop.test
    if isinstance(test, ir.Name):
        asked = any(_asks_for(node, test.id) for node in find(ir.Assign, loop.body))
        return asked and not test.id.startswith(_SERVING)
    if not isinstance(test, ir.Call):
        return False
    name = test.func.name if isinstance(test.func, ir.Attribute) else getattr(test.func, "id", "")
    return not name.startswith(_SERVING)


def _asks_for(node: ir.Assign, name: str) -> bool:
    """Whether a name gets the answer of a call, or the contrary of it: `busy = not client.set(key)`."""
    if node.value is None or not any(isinstance(one, ir.Name) and one.id == name for one in node.targets):
        return False
    answer = node.value.operand if isinstance(node.value, ir.Unary) else node.value
    return isinstance(unawaited(answer), ir.Call)
