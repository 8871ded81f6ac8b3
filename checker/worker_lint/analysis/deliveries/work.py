"""The work that a delivery stands for: calls that get what the message says."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from worker_lint.analysis.deliveries.delivery import key_of
from worker_lint.analysis.deliveries.settlement import settlement_of
from worker_lint.analysis.entity import External
from worker_lint.analysis.flow import Place, find, place_of, walk
from worker_lint.analysis.tiers.handling import is_logging
from worker_lint.analysis.visit import given_to
from worker_lint.source import ir

if TYPE_CHECKING:
    from worker_lint.analysis.deliveries.delivery import Delivery

_READING: Final = frozenset({"loads", "decode", "load", "parse", "unpack", "unpackb", "FromString", "ParseFromString"})
_MODULES: Final = frozenset(
    {"json", "pickle", "msgpack", "orjson", "ujson", "struct", "base64", "zlib", "gzip", "copy"}
)
_LOOKING: Final = frozenset(
    {"get", "keys", "items", "values", "strip", "split", "lower", "upper", "startswith", "endswith"}
)
_COUNTING: Final = frozenset({"inc", "observe", "increment", "incr", "gauge", "timing", "set_attribute", "add_event"})


class Work:
    """What one handler does with the message: locals and fields that hold parts of it, and calls that get them."""

    def __init__(self, delivery: Delivery) -> None:
        self._delivery = delivery
        self._function = delivery.function
        self.places: frozenset[Place] = frozenset((name,) for name in delivery.payload)
        self.places = self._derived()

    def is_work(self, call: ir.Call) -> bool:
        """
        Whether the call does something with what the message says, beyond reading it, telling of it in a log
        line or counting it.
        """
        if is_logging(call) or settlement_of(self._delivery, call) is not None or self._only_reads(call):
            return False
        return any(self.holds_payload(one) for one in given_to(call))

    def calls(self) -> Iterator[ir.Call]:
        """The calls of the handler that do work."""
        return (call for call in find(ir.Call, self._function.statements) if self.is_work(call))

    def holds_payload(self, expr: ir.Node) -> bool:
        """Whether an expression is made of what the message says."""
        for node in walk(expr):
            if isinstance(node, (ir.Name, ir.Attribute)) and place_of(node) in self.places:
                return True
            if isinstance(node, ir.Attribute) and self._delivery.is_whole(node.value):
                if node.name in self._delivery.facts.payload:
                    return True
            if key_of(node, self._delivery.names) in self._delivery.facts.payload:
                return True
        return False

    def _derived(self) -> frozenset[Place]:
        assigned = self._function.project.values.bindings(self._function).places
        for _ in range(4):
            more = {
                place
                for place, sources in assigned.items()
                if any(one.expr is not None and self.holds_payload(one.expr) for one in sources)
            }
            if more <= self.places:
                break
            self.places |= more - {(name,) for name in self._delivery.names}
        return self.places

    def _only_reads(self, call: ir.Call) -> bool:
        func = call.func
        targets = self._function.project.names.expr(self._function, func)
        if targets and all(isinstance(one, External) and _is_reading(one.dotted) for one in targets):
            return True
        name = func.name.lstrip("_") if isinstance(func, ir.Attribute) else ""
        return name in _READING | _LOOKING | _COUNTING


def _is_reading(dotted: str) -> bool:
    module, _, name = dotted.rpartition(".")
    return module == "builtins" or module.partition(".")[0] in _MODULES or name in _READING
