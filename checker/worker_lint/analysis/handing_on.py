"""Steps that hand a resource, or something of it, to code that may see to its end: `kill(self._process.pid)`."""

from __future__ import annotations

from typing import Final

from worker_lint.analysis.flow import Place, Step, place_of, walk
from worker_lint.analysis.visit import given_to, last_name
from worker_lint.source import ir

_ONLY_TELLS: Final = frozenset(
    {"debug", "info", "warning", "warn", "error", "exception", "critical", "log", "print", "str", "repr", "id", "type"}
    | {"isinstance", "hasattr", "getattr", "len", "bool", "format"}
)


def hands_on(step: Step, place: Place) -> bool:
    """Whether the step is a call that is given what is at the place, and does more than to tell of it."""
    call = step.node
    if step.kind != "call" or not isinstance(call, ir.Call) or last_name(call.func) in _ONLY_TELLS:
        return False
    given = given_to(call)
    return any(place_of(node) == place for value in given for node in walk(value))
