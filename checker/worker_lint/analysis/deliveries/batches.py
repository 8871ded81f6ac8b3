"""
Messages that come in batches: which expression of a function is which part of the answer to a request.

    reply = client.xreadgroup(...)       # [[stream, [(entry, fields), ...]], ...]
    for stream, entries in reply:        # each item, its second part
        for entry, fields in entries:    # each item: a delivery

A model states the way in as `inside = ["*", 1, "*"]`: keys, numbers of parts, `"*"` for each item.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING, Final, NamedTuple

from worker_lint.analysis.entity import Function
from worker_lint.analysis.flow import find, walk
from worker_lint.analysis.tiers.handling import is_logging
from worker_lint.analysis.visit import given_to
from worker_lint.source import ir

if TYPE_CHECKING:
    from worker_lint.analysis.deliveries.delivery import Opening
    from worker_lint.analysis.entity import Scope
    from worker_lint.analysis.values.bindings import Source

_DEPTH: Final = 8
"""Names and helpers that may lead to one another before the answer is unknown."""
_SAME: Final = frozenset({"list", "tuple", "reversed", "sorted", "iter"})
_LOOKING: Final = frozenset({"len", "bool", "print", "isinstance", "type", "repr", "str"})


class Position(NamedTuple):
    """A part of a batch: the call that it comes by, and how many steps of the way in have been gone."""

    opening: Opening
    steps: int

    @property
    def is_delivery(self) -> bool:
        """Whether it is one message."""
        return self.steps == len(self.opening.model.facts.inside)

    @property
    def holds_deliveries(self) -> bool:
        """Whether iterating over it gives messages."""
        return self.steps == len(self.opening.model.facts.inside) - 1

    def further(self, *through: str | int) -> Position | None:
        """The part that steps lead to; a number picks one item of a list, too. None where there is no such part."""
        way, steps = self.opening.model.facts.inside, self.steps
        for one in through:
            if steps >= len(way) or not (way[steps] == one or (way[steps] == "*" and isinstance(one, int))):
                return None
            steps += 1
        return Position(self.opening, steps)


class Batches:
    """The parts of batches in one function; `openings` are those of its file, by the places of their calls."""

    def __init__(self, function: Function, openings: dict[ir.At, Opening]) -> None:
        self._function = function
        self._project = function.project
        self._openings = openings
        self._loops = tuple(find(ir.For, function.statements))

    def position(self, expr: ir.Expr | None, depth: int = _DEPTH) -> Position | None:
        """Which part of a batch an expression is, if it is one."""
        if depth == 0:
            return None
        match expr:
            case ir.Await() | ir.Walrus():
                return self.position(expr.value, depth)
            case ir.Name():
                return self._named(expr, depth - 1)
            case ir.Subscript(index=ir.Constant(kind="int" | "str", value=int() | str() as index)):
                inner = self.position(expr.value, depth)
                return inner.further(index) if inner is not None else None
            case ir.BoolOp(op="or"):
                return self._only(self.position(value, depth) for value in expr.values if not _is_empty(value))
            case ir.Conditional():
                branches = (one for one in (expr.body, expr.orelse) if not _is_empty(one))
                return self._only(self.position(branch, depth) for branch in branches)
            case ir.Call():
                opening = self._openings.get(expr.at)
                return Position(opening, 0) if opening is not None else self._called(expr, depth - 1)
            case _:
                return None

    def is_shared(self, opening: Opening, taken: int) -> bool:
        """
        Whether a batch is used as a whole, so that its messages may be settled elsewhere: it is handed on, kept,
        looked through in a comprehension, or taken apart more than once (`taken`: how often).
        """
        if taken > 1:
            return True
        own = {name for name in self._names() if self._is_of(opening, name)}
        allowed = {node.at for part in self._harmless() for node in walk(part) if isinstance(node, ir.Name)}
        names = find(ir.Name, self._function.statements, inner=True)
        return any(name.id in own and name.at not in allowed for name in names)

    def _is_of(self, opening: Opening, name: str) -> bool:
        found = self.position(ir.Name(self._function.node.at, name))
        return found is not None and found.opening is opening and not found.is_delivery

    def _names(self) -> Iterator[str]:
        for place in self._project.values.bindings(self._function).places:
            if len(place) == 1:
                yield place[0]

    def _harmless(self) -> Iterator[ir.Node]:
        """The parts of the function in which a batch may be named without being handed on."""
        body = self._function.statements
        for loop in self._loops:
            yield loop.target
            if self.position(gone_through(loop)[1]) is not None:
                yield loop.iter
        for node in find(ir.Assign, body):
            if all(isinstance(target, (ir.Name, ir.Collection)) for target in node.targets):
                yield from node.targets
                if _is_empty(node.value) or self.position(node.value) is not None:
                    yield from (node.value,) if node.value is not None else ()
        tests: list[ir.If | ir.While | ir.Conditional] = [*find(ir.If, body), *find(ir.While, body)]
        for test in (*tests, *find(ir.Conditional, body)):
            yield test.test
        for call in find(ir.Call, body):
            if is_logging(call) or (isinstance(call.func, ir.Name) and call.func.id in _LOOKING):
                yield call

    def _named(self, name: ir.Name, depth: int) -> Position | None:
        bindings = self._project.values.bindings(self._function)
        if (name.id,) in bindings.added:
            return None
        sources = (one for one in bindings.at(name.id, name.at) if one.how != "annotation")
        filled = (one for one in sources if not (one.how == "value" and _is_empty(one.expr)))
        return self._only(self._given(name.id, source, depth) for source in filled)

    def _given(self, name: str, source: Source, depth: int) -> Position | None:
        if source.how in ("value", "element"):
            found = self.position(source.expr, depth)
            return found if found is None or source.how == "value" else found.further(source.number)
        return self._only(
            found.further("*", *part)
            for target, batch in map(gone_through, self._loops)
            if (part := _part_named(target, name)) is not None and (found := self.position(batch, depth)) is not None
        )

    def _called(self, call: ir.Call, depth: int) -> Position | None:
        func = call.func
        if isinstance(func, ir.Attribute) and func.name in ("get", "items"):
            inner = self.position(func.value, depth)
            key = call.args[0] if call.args and func.name == "get" else None
            if inner is not None and isinstance(key, ir.Constant) and isinstance(key.value, str):
                return inner.further(key.value)
            if inner is not None:
                return inner if func.name == "items" else None
        if isinstance(func, ir.Name) and func.id in _SAME and len(call.args) == 1:
            return self.position(call.args[0], depth)
        return self._returned(call, depth)

    def _returned(self, call: ir.Call, depth: int) -> Position | None:
        """What a function of the same file gives, when all that it returns is the same part."""
        callee = self._project.calls.of(self._function, call)
        if not callee.is_single or callee.creates is not None:
            return None
        function = callee.runs[0].function
        if function.path != self._function.path or function.node.is_generator:
            return None
        returned = self._project.values.bindings(function).returned
        given = [value for value in returned if value is not None and not _is_empty(value)]
        inner = Batches(function, self._openings)
        return self._only(inner.position(value, depth) for value in given)

    @staticmethod
    def _only(found: Iterator[Position | None]) -> Position | None:
        """The one answer to several questions; None when they differ, or one is unknown."""
        answers = set(found)
        return answers.pop() if len(answers) == 1 else None


def gone_through(loop: ir.For) -> tuple[ir.Expr, ir.Expr]:
    """The target of a loop and what it goes through, the numbers of `enumerate` left out."""
    call, target = loop.iter, loop.target
    if isinstance(call, ir.Call) and isinstance(call.func, ir.Name) and call.func.id == "enumerate" and call.args:
        if isinstance(target, ir.Collection) and len(target.items) == 2:
            return target.items[1], call.args[0]
    return target, call


def _part_named(target: ir.Expr, name: str) -> tuple[int, ...] | None:
    """Where a name stands in the target of a loop: nowhere, alone, or as which part."""
    if isinstance(target, ir.Name):
        return () if target.id == name else None
    if isinstance(target, ir.Collection):
        for number, item in enumerate(target.items):
            inner = _part_named(item, name)
            if inner is not None:
                return (number, *inner)
    return None


def _is_empty(value: ir.Expr | None) -> bool:
    """Whether it stands for no messages: None, an empty list or mapping."""
    match value:
        case ir.Constant():
            return value.kind == "none"
        case ir.Collection():
            return not value.items
        case ir.Mapping():
            return not value.keys
        case _:
            return False


def is_fresh(scope: Scope, call: ir.Call, literal: str) -> bool:
    """Whether a request asks for new messages only: of the literals that its arguments hold, this is the only one."""
    found: set[object] = set()
    for given in given_to(call):
        values = _written(scope, given) if isinstance(given, (ir.Name, ir.Attribute)) else given
        if isinstance(values, ir.Mapping):
            found |= {value.value if isinstance(value, ir.Constant) else None for value in values.values}
    return found == {literal}


def _written(scope: Scope, expr: ir.Expr) -> ir.Expr | None:
    """The only value that is ever assigned to a local, or to a field of the class."""
    values = scope.project.values
    sources: Collection[ir.Expr | None]
    if isinstance(expr, ir.Name):
        sources = [one.expr for one in values.bindings(scope).places.get((expr.id,), ()) if one.how != "annotation"]
    elif isinstance(expr, ir.Attribute) and isinstance(scope, Function) and scope.owner is not None:
        assigned = values.fields.assigned(scope.owner, expr.name)
        sources = [one.source.expr for one in assigned if one.source.how != "annotation"]
    else:
        return None
    return next(iter(sources)) if len(sources) == 1 else None
