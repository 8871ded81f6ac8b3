"""
Steps that fail when the connection behind them is lost: modelled calls of connections, channels
and consumers, connections opened in each turn of a loop, reads whose names mean nothing else.

Libraries that reconnect by themselves raise nothing of the kind here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from worker_lint.analysis.calls import Callee
from worker_lint.analysis.entity import External
from worker_lint.analysis.flow import Step
from worker_lint.analysis.visit import last_name
from worker_lint.source import ir

if TYPE_CHECKING:
    from worker_lint.analysis.escaping.delivered import Delivered

LOST: Final = "the loss of a connection"
"""The class of what a lost connection raises, whatever the library calls it."""

_HEALING: Final = frozenset({"kafka-python", "confluent-kafka", "aiokafka", "nats-py", "google-cloud-pubsub", "pyzmq"})
"""Clients that reconnect by themselves; their loops see a timeout, or nothing at all."""

_ROLES: Final = frozenset({"connection", "channel", "consumer", "producer"})
_READS: Final = frozenset(
    {"blpop", "brpop", "brpoplpush", "blmove", "bzpopmin", "bzpopmax", "xread", "xreadgroup"}
    | {"drain_events", "process_data_events", "notifies"}
)
"""Reads of a server whatever object they belong to."""

_REQUESTS: Final = {
    "requests": ("requests.exceptions.ConnectionError",),
    "requests.api": ("requests.exceptions.ConnectionError",),
    "httpx": ("httpx.TransportError",),
    "urllib.request": ("urllib.error.URLError",),
}
_VERBS: Final = frozenset({"get", "post", "put", "patch", "delete", "head", "request", "urlopen"})
_SUBSCRIBED: Final = frozenset({"get_message", "listen"})
_OPENING: Final = frozenset({"acquire", "connect", "connection", "get_connection", "getconn", "cursor"})


class Loss(NamedTuple):
    """
    A step that fails with its connection: in the words of the code, the library's classes if known, and whether
    something is opened or taken from a pool there, which need not be a connection.
    """

    shown: str
    classes: tuple[str, ...] = ()
    opens: bool = False


def loss(delivered: Delivered, step: Step) -> Loss | None:
    """How a step fails when its connection is lost; None when it does not, as far as is known."""
    node = step.node
    if step.kind == "call" and isinstance(node, ir.Call):
        return _called(delivered, node)
    if step.kind == "enter" and isinstance(node, ir.WithItem):
        return _entered(node)
    if step.kind == "next" and isinstance(node, ir.For) and isinstance(node.iter, ir.Call):
        return _called(delivered, node.iter)
    return None


def _called(delivered: Delivered, call: ir.Call) -> Loss | None:
    callee = delivered.callee(call)
    shown = f"`{ir.dotted_name(call.func) or last_name(call.func)}`"
    if callee.runs:
        return None
    classes = _classes(delivered, callee) or _of_functions(callee)
    if classes:
        return Loss(shown, classes)
    if callee.model is not None or not isinstance(call.func, ir.Attribute):
        return None
    name, owner = call.func.name, (ir.dotted_name(call.func.value) or "").rpartition(".")[2].lower()
    if name in _READS or (name in _SUBSCRIBED and ("pubsub" in owner or "redis" in owner)):
        return Loss(shown)
    return None


def _classes(delivered: Delivered, callee: Callee) -> tuple[str, ...]:
    """The recoverable errors of the library, for a call that talks to the other side."""
    model, receiver = callee.model, callee.receiver
    if model is None or receiver is None or not isinstance(receiver.of, External) or model.raises == "never":
        return ()
    models = delivered.escaping.project.models
    cls = models.find_class(receiver.of.dotted)
    if cls is None or cls.resource is None or cls.resource.role not in _ROLES or cls.library in _HEALING:
        return ()
    name = model.name.rpartition(".")[2]
    talks = model.facts.blocking or model.facts.consumes
    if not talks or name in (*cls.resource.release, *cls.resource.request, *cls.resource.wait):
        return ()
    return tuple(sorted(one for one, tier in models.errors_beside(cls.name).items() if tier == "recoverable"))


def _of_functions(callee: Callee) -> tuple[str, ...]:
    """The same for functions that open a connection for one request."""
    library, _, name = callee.dotted.rpartition(".")
    return _REQUESTS.get(library, ()) if name in _VERBS else ()


def _entered(item: ir.WithItem) -> Loss | None:
    """A connection that is opened, or taken from a pool, for the block."""
    made = item.context.value if isinstance(item.context, ir.Await) else item.context
    if not isinstance(made, ir.Call):
        return None
    name = last_name(made.func)
    if any("retr" in (keyword.name or "") or "reconnect" in (keyword.name or "") for keyword in made.keywords):
        return None  # it is told to try again by itself
    owner = (ir.dotted_name(made.func) or "").lower()
    if name.endswith("_connection") or (name in _OPENING and ("pool" in owner or "conn" in owner)):
        return Loss(f"`{ir.dotted_name(made.func) or name}`", opens=True)
    return None
