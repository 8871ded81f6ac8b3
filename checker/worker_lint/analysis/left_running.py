"""How sure it is that what a stop leaves running goes on, and that it meets what the stop has closed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from worker_lint.analysis.calls import Runs
from worker_lint.analysis.children import Child, goes_on, is_service, serves, service_loops
from worker_lint.analysis.entity import Class
from worker_lint.analysis.guard import catches
from worker_lint.analysis.nesting import own_expressions, placed_statements
from worker_lint.analysis.resources import Held
from worker_lint.analysis.stopping import is_stop_name
from worker_lint.analysis.touching import Act, done_by, told_by_stops
from worker_lint.source import ir

_ONE_SHOT: Final = frozenset({"communicate", "wait", "poll", "returncode", "stdout", "exitcode", "is_alive"})
_WAKES: Final = frozenset(
    {"recv", "accept", "get", "read", "readline", "poll", "recv_multipart", "recv_json", "consume", "select", "receive",
     "wait", "recv_bytes", "recvfrom", "listen", "process_data_events", "start_consuming", "fetch", "next", "readlines"}
)  # fmt: skip
"""Calls of which closing the object is the way to end them."""


def is_ended_by_part(cls: Class, held: Held) -> bool:
    """Whether a stop tells a part of the object something, as its own event: that is how its author ends it."""
    name = held.place[1]
    return any(
        act.name == name and act.tells and act.use is not None and len(act.use.place) > 2 for act in told_by_stops(cls)
    )


def never_lets_go(runs: Runs) -> bool:
    """
    Whether a thread that nobody tells goes on for ever: a loop of its code has no way out but a field of the object,
    or a library goes round for it.
    """
    loops = list(service_loops(runs))
    if not loops:
        return serves(runs)
    for function, loop in loops:
        if isinstance(loop, ir.While) and goes_on(loop):
            if is_service(function, loop):
                return True
    return False


def is_expected(act: Act) -> bool:
    """Whether an error of what is closed is caught around the use: the thread is ready for it."""
    for placed in placed_statements(act.function.body):
        if any(node.at == act.at for node in own_expressions(placed.statement)):
            return catches(act.function, placed, ("OSError", "ValueError", "Exception"))
    return False


def is_on_its_own(cls: Class, held: Held) -> bool:
    """Whether the object never asks the process anything, as one does with a command that ends by itself."""
    used = (use for method in cls.project.values.fields.methods(cls) for use in cls.project.places.uses(method, cls))
    return not any(use.place[:2] == held.place and use.name in _ONE_SHOT for use in used)


def closed_under(stop: Runs, child: Child, seen: list[Act]) -> Iterator[tuple[Act, Act]]:
    """The releases of a stop on fields that the child's code uses otherwise than by waiting there."""
    used: dict[str, Act] = {}
    for act in seen:
        if act.called and not is_stop_name(act.called):
            used.setdefault(act.name, act)
    waking = {act.name for act in seen if act.called in _WAKES or (act.use is not None and act.use.how == "iterated")}
    asked = {act.name for act in seen if act.use is not None and act.use.how in {"tested", "read"}}
    for act in done_by(stop):
        is_release = act.called in {"close", "disconnect", "aclose", "shutdown"}
        is_gone = act.kind == "assigned" and isinstance(act.value, ir.Constant) and act.value.kind == "none"
        if (
            (is_release or (is_gone and act.name not in asked))
            and act.name in used
            and act.name not in waking
            and act.name != child.held.place[1]
        ):
            yield act, used[act.name]
