"""
What the expressions of one function carry of a delivery.

Flow is not followed: a name carries the most of what any of its assignments gives it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Final, Protocol

from worker_lint.analysis.calls import Callee
from worker_lint.analysis.entity import Class, Function
from worker_lint.analysis.escaping.level import Level
from worker_lint.analysis.escaping.parsing import DECODING, NUMBERS, PARSERS, PICKLES, READING, SAME
from worker_lint.analysis.escaping.receiving import is_consumer, received
from worker_lint.analysis.flow.visit import Place, place_of, walk
from worker_lint.analysis.visit import last_name
from worker_lint.source import ir

if TYPE_CHECKING:
    from worker_lint.analysis.project import Project

_PASSES: Final = 3
"""Walks over the assignments: enough for names that get their value from names further down."""

_PASSING: Final = frozenset({"builtins.next", "builtins.anext", "builtins.iter", "builtins.aiter", "builtins.list"})
_LOOKUPS: Final = frozenset({"get", "pop"})
_WITH_ADDRESS: Final = frozenset({"recvfrom", "sock_recvfrom"})


class Surroundings(Protocol):
    """What a function must be told of others: see `Escaping`."""

    project: Project

    def field(self, cls: Class, name: str) -> Level:
        """What a field carries."""

    def result(self, caller: Delivered, call: ir.Call, callee: Callee) -> Level:
        """What a call of a function of the project gives."""


class Delivered:
    """
    One function, with what its parameters carry (`given`), asked for `depth` calls below a question.
    `self.level(expr)` is the answer for an expression, `self.returned` for what a call of the function gives.
    """

    def __init__(
        self, escaping: Surroundings, function: Function, me: Class | None, given: Mapping[str, Level], depth: int = 0
    ) -> None:
        self.escaping = escaping
        self.function = function
        self.me = me
        self.depth = depth
        self.given = tuple(given.values())
        self._places: dict[Place, Level] = {(name,): level for name, level in given.items()}
        assignments = list(_assignments(function.statements))
        for _ in range(_PASSES):
            before = dict(self._places)
            for target, value, is_item in assignments:
                level = self.item(value) if is_item else self.level(value)
                if level:
                    self._bind(target, level)
            if before == self._places:
                break

    @property
    def has_deliveries(self) -> bool:
        """Whether a name of the function stands for a delivery of a broker."""
        return Level.DELIVERY in self._places.values()

    @property
    def returned(self) -> Level:
        """What a call of the function gives; of a generator, what its items are."""
        bindings = self.escaping.project.values.bindings(self.function)
        values = bindings.yielded if self.function.node.is_generator else bindings.returned
        return max((self.level(value) for value in values), default=Level.NONE)

    def callee(self, call: ir.Call) -> Callee:
        """What a call in the function runs."""
        return self.escaping.project.calls.of(self.function, call, self.me)

    def level(self, expr: ir.Expr | None) -> Level:  # noqa: C901 - a case a kind
        """What an expression carries."""
        match expr:
            case ir.Name():
                return self._places.get((expr.id,), Level.NONE)
            case ir.Attribute():
                return self._attribute(expr)
            case ir.Subscript():
                return self._subscript(expr)
            case ir.Call():
                return self._called(expr)
            case ir.Await() | ir.Starred() | ir.Walrus():
                return self.level(expr.value)
            case ir.Conditional():
                return max(self.level(expr.body), self.level(expr.orelse))
            case ir.BoolOp():
                return max(map(self.level, expr.values))
            case ir.Binary():
                return min(Level.CONTENT, max(self.level(expr.left), self.level(expr.right)))
            case ir.Collection(kind="tuple"):  # of a shape that this program decides
                return min(Level.DELIVERY, max(map(self.level, expr.items), default=Level.NONE))
            case ir.Formatted():
                return min(Level.CONTENT, max(map(self.level, expr.parts), default=Level.NONE))
            case _:
                return Level.NONE

    def item(self, expr: ir.Expr | None) -> Level:
        """What the items of an iterable carry."""
        level = self.level(expr)
        if level:
            return level
        values = self.escaping.project.values
        kind = values.of(self.function, expr, self.me)
        return Level.DELIVERY if is_consumer(self.escaping.project, kind) else Level.NONE

    def _attribute(self, expr: ir.Attribute) -> Level:
        place = place_of(expr)
        if place is not None and place in self._places:
            return self._places[place]
        level = self.level(expr.value)
        if level is Level.DELIVERY:
            return Level.CONTENT
        if level or place is None or len(place) != 2 or self.me is None:
            return level
        return self.escaping.field(self.me, expr.name)

    def _subscript(self, expr: ir.Subscript) -> Level:
        level = self.level(expr.value)
        if level is Level.DELIVERY:
            return Level.CONTENT
        return level or (Level.CHOSEN if self.level(expr.index).is_sent else Level.NONE)

    def _called(self, call: ir.Call) -> Level:
        callee = self.callee(call)
        found = received(callee, call)
        if isinstance(call.func, ir.Attribute) and call.func.name in READING:
            return Level.DECODED
        if found:
            return found
        if len(callee.runs) == 1 and callee.creates is None:
            return self.escaping.result(self, call, callee)
        first = call.args[0] if call.args else None
        if callee.dotted in PICKLES and self.level(first) is Level.RAW:
            return Level.NONE
        if callee.dotted in PARSERS or callee.dotted in NUMBERS:
            return Level.DECODED if self.level(first) > Level.CHOSEN else Level.NONE
        if callee.dotted in _PASSING:
            return self.item(first)
        if callee.dotted == "builtins.getattr" and len(call.args) > 1:
            return Level.CHOSEN if self.level(call.args[1]).is_sent else Level.NONE
        return self._method(call, first)

    def _method(self, call: ir.Call, first: ir.Expr | None) -> Level:
        if not isinstance(call.func, ir.Attribute):
            name = call.func.id if isinstance(call.func, ir.Name) else ""
            return Level.DECODED if name in DECODING and self.level(first) > Level.CHOSEN else Level.NONE
        mine, given = self.level(call.func.value), self.level(first)
        if mine > Level.CHOSEN:
            if call.func.name == "decode":
                return max(mine, Level.RAW)
            return max(mine, Level.RAW) if call.func.name in SAME or mine is Level.DELIVERY else Level.NONE
        if call.func.name in DECODING and given > Level.CHOSEN:
            return Level.FORMED  # no key is taken to be missing, no tuple to be of another length
        return Level.CHOSEN if call.func.name in _LOOKUPS and given.is_sent else Level.NONE

    def _bind(self, target: ir.Expr, level: Level) -> None:
        if isinstance(target, ir.Collection):
            for each in target.items:
                self._bind(each, level)
        elif isinstance(target, ir.Starred):
            self._bind(target.value, level)
        else:
            place = place_of(target)
            if place is not None and len(place) < 3:
                self._places[place] = max(level, self._places.get(place, Level.NONE))


def _assignments(body: tuple[ir.Stmt, ...]) -> Iterator[tuple[ir.Expr, ir.Expr, bool]]:
    """Targets with what they get; whether that is an item of it."""
    for node in walk(*body, inner=False):
        match node:
            case ir.Assign(value=ir.Node() as value):
                for target in node.targets:
                    yield _without_address(target, value), value, False
            case ir.AugAssign():
                yield node.target, node.value, False
            case ir.Walrus():
                yield ir.Name(node.at, node.target), node.value, False
            case ir.WithItem(target=ir.Node() as target):
                yield target, node.context, False
            case ir.For() | ir.Generator():
                yield node.target, node.iter, True
            case _:
                pass


def _without_address(target: ir.Expr, value: ir.Expr) -> ir.Expr:
    """The name that gets the data of `data, address = sock.recvfrom(n)`: the system makes the address."""
    call = value.value if isinstance(value, ir.Await) else value
    if not isinstance(call, ir.Call) or last_name(call.func) not in _WITH_ADDRESS:
        return target
    return target.items[0] if isinstance(target, ir.Collection) and len(target.items) == 2 else target
