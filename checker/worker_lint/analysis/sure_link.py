"""
Connects and binds that no state of the world makes fail: within the process, or to a port that the system picks.

Only what lies outside the program makes a step one that has to be prepared for. A wrong address in the code is a
mistake, found at the first run.
"""

from __future__ import annotations

from typing import Final

from worker_lint.analysis.entity import Class, External, Function, Instance
from worker_lint.analysis.resources.held import Held
from worker_lint.analysis.values import Source
from worker_lint.source import ir

_LINKS: Final = frozenset({"connect", "bind"})
_AFTERWARDS: Final = "listen"
"""It has no more to refuse once the socket is bound."""
_HERE: Final = frozenset({"", "0.0.0.0", "127.0.0.1", "::", "::1", "localhost"})  # noqa: S104 - read, not bound


def is_sure(function: Function, call: ir.Node, me: Class | None = None) -> bool:
    """Whether a call is a connect or bind to an address that nothing outside the program can refuse."""
    if not isinstance(call, ir.Call) or not isinstance(call.func, ir.Attribute):
        return False
    if call.func.name == _AFTERWARDS:
        return True
    if call.func.name not in _LINKS or not call.args:
        return False
    return _is_free_port(call) or _is_within_process(function, call.args[0], me)


def is_paired(held: Held) -> bool:
    """Whether it is a ZeroMQ socket for two threads of one process, by an address that nobody else has."""
    made = held.created[0]
    return "PAIR" in made.function.project.store.text(made.function.path).segment(made.at)


def holds_nothing_before(function: Function, given: ir.Call, step: str) -> bool:
    """
    Whether a failing `connect` leaves nothing open of what a call gives: a client has nothing before it is connected,
    and a socket of ZeroMQ connects at leisure. Of a plain socket there is the descriptor.
    """
    if step != "connect":
        return False
    kind = function.project.values.of(function, given)
    return not (isinstance(kind, Instance) and isinstance(kind.of, External) and kind.of.dotted == "socket.socket")


def takes_any_port(call: ir.Node) -> bool:
    """Whether it is a bind to whatever port is free, which only an address of another machine makes fail."""
    if not isinstance(call, ir.Call) or not isinstance(call.func, ir.Attribute) or call.func.name != "bind":
        return False
    address = call.args[0] if call.args else None
    port = address.items[1] if isinstance(address, ir.Collection) and len(address.items) > 1 else None
    return isinstance(port, ir.Constant) and port.kind == "int" and port.value == 0


def _is_free_port(call: ir.Call) -> bool:
    """Whether a socket is bound at this machine, to whatever port is free."""
    address = call.args[0]
    host = address.items[0] if isinstance(address, ir.Collection) and address.items else None
    return takes_any_port(call) and isinstance(host, ir.Constant) and host.value in _HERE


def _is_within_process(function: Function, address: ir.Expr, me: Class | None) -> bool:
    """Whether the address, or all that a name for it was given, is one of ZeroMQ within the process."""
    if _is_inproc(function, address):
        return True
    if isinstance(address, ir.Name):
        sources = function.project.values.bindings(function).places.get((address.id,), ())
        return bool(sources) and all(_is_inproc_source(function, one) for one in sources)
    owner, params = me or function.owner, function.node.params
    if owner is None or not params or ir.dotted_name(address) is None or not isinstance(address, ir.Attribute):
        return False
    if not isinstance(address.value, ir.Name) or address.value.id != params[0].name:
        return False
    assigned = function.project.values.fields.assigned(owner, address.name)
    values = [one for one in assigned if one.source.how != "annotation"]
    return bool(values) and all(
        isinstance(one.scope, Function) and _is_inproc_source(one.scope, one.source) for one in values
    )


def _is_inproc_source(function: Function, source: Source) -> bool:
    return source.how == "value" and source.expr is not None and _is_inproc(function, source.expr)


def _is_inproc(function: Function, address: ir.Expr) -> bool:
    return "inproc://" in function.project.store.text(function.path).segment(address.at)
