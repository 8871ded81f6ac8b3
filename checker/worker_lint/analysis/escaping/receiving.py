"""
Where deliveries come from: calls that receive, consumers that are iterated.

A model says so (`consumes`); beyond models the standard library's sockets and pipes, and methods
whose name means nothing else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from worker_lint.analysis.calls import Callee
from worker_lint.analysis.entity import External, Instance
from worker_lint.analysis.escaping.level import Level
from worker_lint.source import ir

if TYPE_CHECKING:
    from worker_lint.analysis.project import Project
    from worker_lint.analysis.values import Kind

_RAW: Final = frozenset({"os.read", "posix.read"})
_RAW_METHODS: Final = frozenset(
    {"recv_multipart", "recv_string", "recv_bytes", "recv_json", "receive_json", "recvfrom", "recv"}
)
_METHODS: Final = frozenset(
    {"receive", "receive_message", "receive_messages", "recv_message", "read_message", "next_message"}
    | {"get_message", "get_messages", "next_msg", "blpop", "brpop", "brpoplpush", "blmove", "xreadgroup", "xread"}
    | {"getone", "getmany", "basic_get", "dequeue", "blocking_dequeue", "consume", "pop_message"}
    | {"fetch_message", "fetch_messages", "wait_for_message", "lease_message"}
)
_STREAMED: Final = frozenset({"readline", "readuntil", "readexactly"})
_OF_OWNERS: Final = {"listen": "pubsub", "iterator": "queue", "poll": "consumer"}
"""Methods that receive where the object is named for it."""

RECEIVES: Final = _RAW_METHODS | _METHODS
"""Methods that receive whatever object they belong to."""


def received(callee: Callee, call: ir.Call) -> Level:
    """What a call hands over of a delivery; `NONE` when it receives nothing."""
    if callee.dotted in _RAW:
        return Level.RAW
    if callee.model is not None and callee.model.facts.consumes:
        return Level.DELIVERY
    if callee.runs or not isinstance(call.func, ir.Attribute):
        return Level.NONE  # what its own code gives is looked up there
    if _is_queue(callee, call):
        return Level.CHOSEN
    name = call.func.name.lstrip("_")
    if name in _RAW_METHODS:
        return Level.RAW
    owner = (ir.dotted_name(call.func.value) or "").rpartition(".")[2].lower()
    if name in _STREAMED and "reader" in owner:
        return Level.RAW
    is_named = name in _METHODS or _OF_OWNERS.get(name, "?") in owner
    return Level.DELIVERY if is_named else Level.NONE


def _is_queue(callee: Callee, call: ir.Call) -> bool:
    """Whether the call takes something from a queue within the process: `get` without a key."""
    if callee.dotted.startswith(("queue.", "multiprocessing.queues.", "asyncio.queues.")):
        return callee.dotted.endswith((".get", ".get_nowait"))
    name = call.func.name if isinstance(call.func, ir.Attribute) else ""
    is_waiting = all(keyword.name in ("timeout", "block") for keyword in call.keywords)
    return name in ("get", "get_nowait") and callee.model is None and not call.args and is_waiting


def is_consumer(project: Project, kind: Kind) -> bool:
    """Whether objects of this kind hand over deliveries when they are iterated."""
    if not isinstance(kind, Instance) or not isinstance(kind.of, External):
        return False
    model = project.models.find_class(kind.of.dotted)
    return model is not None and model.resource is not None and model.resource.role == "consumer"
