"""Handlers that `signal.signal` installs, and for which signals."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from worker_lint.analysis.callee import dotted_callee
from worker_lint.analysis.entity import Function, Scope
from worker_lint.analysis.nesting import own_calls
from worker_lint.analysis.statements import walk_statements
from worker_lint.analysis.visit import is_none
from worker_lint.analysis.workers.entry import argument_of
from worker_lint.source import ir

_BY_HAND: Final = frozenset({"SIGUSR1", "SIGUSR2", "SIGINFO"})


class Installed(NamedTuple):
    """A handler, with the names of the signals that it is installed for; "" stands for one that is computed."""

    handler: ir.Expr
    signals: tuple[str, ...]


def installed_in(scope: Scope) -> Iterator[Installed]:
    """The handlers that a block installs, each once for all its signals."""
    named: dict[str, Installed] = {}
    for statement in walk_statements(scope.statements):
        for call in own_calls(statement):
            if _last(ir.dotted_name(call.func)) != "signal":
                continue
            handler = argument_of(call, "handler", 1)
            if handler is None or dotted_callee(scope, call) != "signal.signal":
                continue
            signal = _last(ir.dotted_name(argument_of(call, "signalnum", 0)))
            signal = signal if signal.isupper() else ""
            name = ir.dotted_name(handler)
            if name is None:
                yield Installed(handler, (signal,))
            else:
                first = named.get(name)
                named[name] = (
                    Installed(handler, (signal,)) if first is None else first._replace(signals=(*first.signals, signal))
                )
    yield from named.values()


def is_by_hand(signals: tuple[str, ...]) -> bool:
    """Whether only a person sends these signals, now and then, to look into a process that is in trouble anyway."""
    return _BY_HAND.issuperset(signals)


def is_made_here(function: Function, call: ir.Call) -> bool:
    """Whether the object whose method is called is a local that the function itself makes: nobody else has its lock."""
    receiver = call.func.value if isinstance(call.func, ir.Attribute) else None
    if not isinstance(receiver, ir.Name) or any(param.name == receiver.id for param in function.node.params):
        return False
    sources = function.project.values.bindings(function).places.get((receiver.id,), [])
    return bool(sources) and all(
        one.how == "value" and (isinstance(one.expr, ir.Call) or is_none(one.expr)) for one in sources
    )


def _last(dotted: str | None) -> str:
    return (dotted or "").rpartition(".")[2]
