"""Whether an expression makes a new object, so that whoever keeps it owns it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from worker_lint.analysis.entity import Class, Function, Scope
from worker_lint.analysis.values import Source
from worker_lint.source import ir

if TYPE_CHECKING:
    from worker_lint.analysis.project import Project

Origin: TypeAlias = Literal["absent", "fresh", "foreign", "managed"]
"""`absent`: None or an empty collection; `managed`: a `with` ends it; `foreign`: from elsewhere, or unknown."""

DEPTH: Final = 8

_RANK: Final[dict[Origin, int]] = {"absent": 0, "fresh": 1, "managed": 2, "foreign": 3}


class Origins:
    """Where values come from; `made` collects the calls that make them."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self.made: list[tuple[Function, ir.Call]] = []

    def of_sources(self, scope: Scope, sources: Iterable[Source], me: Class | None, depth: int = DEPTH) -> Origin:
        """The least owned of several values."""
        found: list[Origin] = []
        for source in sources:
            match source.how:
                case "value":
                    found.append(self.of(scope, source.expr, me, depth))
                case "annotation":
                    continue
                case "entered":
                    found.append("managed")
                case "item" if isinstance(source.expr, (ir.Collection, ir.Comprehension)):
                    found.append(self.of(scope, source.expr, me, depth))
                case _:
                    found.append("foreign")
        return _worst(found)

    def of(  # noqa: C901 - a case a kind of expression
        self, scope: Scope, expr: ir.Expr | None, me: Class | None, depth: int = DEPTH
    ) -> Origin:
        """Where the value of an expression comes from."""
        if expr is None or depth == 0:
            return "foreign"
        match expr:
            case ir.Constant(kind="none"):
                return "absent"
            case ir.Await() | ir.Walrus() | ir.Starred():
                return self.of(scope, expr.value, me, depth)
            case ir.Conditional():
                return _worst((self.of(scope, expr.body, me, depth), self.of(scope, expr.orelse, me, depth)))
            case ir.BoolOp():
                return _worst(self.of(scope, value, me, depth) for value in expr.values)
            case ir.Collection():
                return _worst(self.of(scope, item, me, depth) for item in expr.items)
            case ir.Mapping():
                return _worst(self.of(scope, item, me, depth) for item in expr.values)
            case ir.Comprehension():
                return self.of(scope, expr.value or expr.element, me, depth)
            case ir.Name():
                return self._name(scope, expr.id, me, depth)
            case ir.Call():
                return self._called(scope, expr, me, depth)
            case _:
                return "foreign"

    def _name(self, scope: Scope, name: str, me: Class | None, depth: int) -> Origin:
        if not isinstance(scope, Function) or any(param.name == name for param in scope.node.params):
            return "foreign"
        sources = self.project.values.bindings(scope).places.get((name,))
        return self.of_sources(scope, sources, me, depth - 1) if sources else "foreign"

    def _called(self, scope: Scope, call: ir.Call, me: Class | None, depth: int) -> Origin:
        dotted = ir.dotted_name(call.func) or ""
        if dotted.rpartition(".")[2] in {"list", "set", "dict", "deque", "defaultdict", "WeakSet"} and not call.args:
            return "absent"
        if dotted.rpartition(".")[2] == "defaultdict":
            return "absent"
        callee = self.project.calls.of(scope, call, me)
        if callee.creates is not None or (callee.model is not None and callee.model.returns):
            if isinstance(scope, Function):
                self.made.append((scope, call))
            return "fresh"
        if not callee.is_single or callee.creates is not None:
            return "foreign"
        return self._factory(callee.runs[0].function, callee.runs[0].me, scope, call, depth)

    def _factory(self, function: Function, me: Class | None, scope: Scope, call: ir.Call, depth: int) -> Origin:
        """A function of the project that makes what it returns and keeps nothing of it."""
        returned = [value for value in self.project.values.bindings(function).returned if value is not None]
        if not returned or function.node.is_generator:
            return "foreign"
        inner = Origins(self.project)
        origin = _worst(inner.of(function, value, me, depth - 1) for value in returned)
        if origin != "fresh" or any(self._is_kept(function, me, value) for value in returned):
            return "foreign"
        if isinstance(scope, Function):
            self.made.append((scope, call))
        return "fresh"

    def _is_kept(self, function: Function, me: Class | None, value: ir.Expr) -> bool:
        names = set(_names(value))
        return any(
            use.how in ("stored", "held", "passed") and len(use.place) == 1 and use.place[0] in names
            for use in self.project.places.uses(function, me)
        )


def _names(expr: ir.Expr) -> Iterator[str]:
    if isinstance(expr, ir.Name):
        yield expr.id
    elif isinstance(expr, (ir.Await, ir.Walrus)):
        yield from _names(expr.value)


def _worst(origins: Iterable[Origin]) -> Origin:
    return max(origins, key=_RANK.__getitem__, default="absent")
