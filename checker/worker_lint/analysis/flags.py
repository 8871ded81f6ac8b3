"""Flags and events that a stop sets, and who looks at them."""

from __future__ import annotations

import re
from typing import Final

from worker_lint.analysis.calls import Runs
from worker_lint.analysis.entity import Class
from worker_lint.analysis.nesting import own_calls
from worker_lint.analysis.reached import reached_from
from worker_lint.analysis.stopping import is_stop_name
from worker_lint.analysis.touching import Act, acts_of, family
from worker_lint.source import ir

_LOCAL: Final = frozenset({"__init__", "__repr__", "__str__", "__del__", "start"})


def is_flag(act: Act) -> bool:
    """A field set to True or False, or an event that is set."""
    if act.kind == "assigned":
        return isinstance(act.value, ir.Constant) and act.value.kind == "bool"
    return act.called == "set" and act.use is not None and act.use.call is not None and not act.use.call.args


def calls_out(stop: Runs) -> bool:
    """Whether the stop calls something that may end the loop by other means."""
    for here in reached_from(stop):
        for placed in here.statements():
            for call in own_calls(placed.statement):
                name = (ir.dotted_name(call.func) or "?").rpartition(".")[2].lower()
                if name != "set" and (is_stop_name(name) and name != "join"):
                    return True
                if any(
                    word in name
                    for word in ("kill", "put", "send", "cancel", "wake", "notify", "signal", "call_soon", "?")
                ):
                    return True
    return False


def is_read(cls: Class, name: str) -> bool:
    """Whether anybody but the stop itself looks at the flag, be it by a getter that somebody uses."""
    getters: list[str] = []
    for owner in family(cls):
        for method in cls.project.values.fields.methods(owner):
            if method.name in _LOCAL or is_stop_name(method.name):
                continue
            if any(act.name == name and act.called != "set" and act.kind == "used" for act in acts_of(method, cls)):
                if len(method.body) > 2 or not isinstance(method.body[-1], ir.Return):
                    return True
                getters.append(method.name)
    words = "|".join(map(re.escape, getters))
    pattern = rf"(?<!self)\.{re.escape(name)}\b|['\"]{re.escape(name)}['\"]"
    pattern += rf"|\.(?:{words})\b|['\"](?:{words})['\"]" if getters else ""
    return cls.project.uses.is_written(cls, (name, *getters), pattern)
