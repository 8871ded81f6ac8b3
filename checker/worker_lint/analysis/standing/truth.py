"""What is known of places at a moment, and how tests come out by it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeAlias

from worker_lint.analysis.flow import Place, place_of, walk
from worker_lint.source import ir

Value: TypeAlias = str
"""
`none`, `missing`, `true`, `false`; `empty`: false but not None; `some`: not None, and taken for true; `ended`: a
second end of it raises. A constant is `=` and its text, behind `+` or `-` where its truth is known.
"""

State: TypeAlias = frozenset[tuple[Place, Value]]
"""What is known; a place that is not there is unknown."""

NOTHING: Final[State] = frozenset()

_TRUE: Final = frozenset({"true", "some", "ended"})
_SAME: Final = frozenset({"is", "==", "in"})
_OTHER: Final = frozenset({"is not", "!=", "not in"})


class Truth:
    """
    Tests in one function in one state. `subject` is the name of its first parameter; `is_fixed` tells of a field
    that no method but `__init__` gives it its value; `getter` gives what a property of the object returns.
    """

    def __init__(self, subject: str, is_fixed: Callable[[str], bool], getter: Callable[[str], ir.Expr | None]) -> None:
        self.subject = subject
        self.is_fixed = is_fixed
        self.getter = getter

    def place(self, expr: ir.Node | None) -> Place | None:
        """The place that a chain of names means, the object itself being `self`."""
        if isinstance(expr, (ir.Await, ir.Walrus)):
            expr = expr.value
        place = place_of(expr)
        if place is not None and self.subject and place[0] == self.subject:
            return ("self", *place[1:])
        return place

    def value(self, expr: ir.Expr | None, state: State) -> Value | None:
        """What an expression gives; None when that is unknown."""
        match expr:
            case ir.Constant(kind="none"):
                return "none"
            case ir.Constant(kind="bool", value=value):
                return "true" if value else "false"
            case ir.Constant(value=value):
                return f"{'+' if value else '-'}={value!r}"
            case ir.Collection(items=items):
                return "some" if items else "empty"
            case ir.Mapping(keys=keys):
                return "some" if keys else "empty"
            case ir.Name() | ir.Attribute():
                return value_at(self.place(expr), state) or self._constant(expr)
            case _:
                return None

    def _constant(self, expr: ir.Expr) -> Value | None:
        """A constant by its name: `State.OPEN`, `self.OPEN`."""
        name = ir.dotted_name(expr) or ""
        first, _, last = name.rpartition(".")
        if first and last.isupper() and (first == self.subject or first.rpartition(".")[2][:1].isupper()):
            return f"={last}"
        return None

    def test(self, expr: ir.Expr, state: State) -> bool | None:
        """How a test comes out; None when that is unknown."""
        match expr:
            case ir.Unary(op="not", operand=inner):
                found = self.test(inner, state)
                return None if found is None else not found
            case ir.BoolOp(op=op, values=values):
                return _joined(op, [self.test(value, state) for value in values])
            case ir.Compare(left=left, ops=(op,), operands=(right,)):
                return self._compared(left, op, right, state)
            case ir.Call(func=ir.Name(id="bool"), args=(inner,)):
                return self.test(inner, state)
            case ir.Call(func=ir.Name(id="isinstance"), args=(inner, ir.Name() | ir.Attribute())):
                return False if self.value(inner, state) == "none" else None
            case ir.Call(func=ir.Name(id="hasattr"), args=(_, ir.Constant(value=str(name)))):
                value = value_at(("self", name), state)
                return None if value is None else value != "missing"
            case ir.Call(func=ir.Name(id="getattr"), args=(_, ir.Constant(value=str(name)), default)):
                value = value_at(("self", name), state)
                return self.test(default, state) if value == "missing" else _truth(value)
            case _:
                return self._plain(expr, state)

    def _plain(self, expr: ir.Expr, state: State) -> bool | None:
        value = self.value(expr, state)
        if value is not None:
            return _truth(value)
        place = self.place(expr)
        if place is None or len(place) != 2 or place[0] != "self":
            return None
        inner = self.getter(place[1])
        return None if inner is None else self.test(inner, state)

    def _compared(self, left: ir.Expr, op: str, right: ir.Expr, state: State) -> bool | None:
        if op not in _SAME | _OTHER:
            return None
        first = self.value(left, state)
        if op.endswith("in"):
            others = [self.value(one, state) for one in right.items] if isinstance(right, ir.Collection) else [None]
        else:
            others = [self.value(right, state)]
        found = _joined("or", [_same(first, other) for other in others])
        return None if found is None else found is (op in _SAME)

    def refined(self, expr: ir.Expr, state: State, *, came_out: bool) -> State:
        """The state after a test whose outcome was unknown came out in this way."""
        match expr:
            case ir.Unary(op="not", operand=inner):
                return self.refined(inner, state, came_out=not came_out)
            case ir.Compare(left=left, ops=(op,), operands=(ir.Constant(kind="none"),)) if op in _SAME | _OTHER:
                is_none = (op in _SAME) == came_out
                return put(state, self.place(left), "none" if is_none else "some")
            case ir.Name() | ir.Attribute():
                return self._told(expr, state, came_out=came_out)
            case _:
                return state

    def _told(self, expr: ir.Expr, state: State, *, came_out: bool) -> State:
        """What the truth of a field or property tells, besides of the one that the property asks for."""
        place = self.place(expr)
        inner = self.getter(place[1]) if place is not None and len(place) == 2 and place[0] == "self" else None
        if inner is not None and not isinstance(inner, (ir.Name, ir.Attribute)):
            return self.refined(inner, state, came_out=came_out)
        return put(state, place, "some") if came_out else state

    def depends(self, expr: ir.Expr) -> bool:
        """Whether a test asks for the state of the object in a way that may guard what follows."""
        for node in walk(expr):
            if isinstance(node, ir.Call) and any(_is_of(self.subject, part) for part in walk(node)):
                return True
            place = self.place(node) if isinstance(node, ir.Attribute) else None
            if place is not None and place[0] == "self" and not (len(place) == 2 and self.is_fixed(place[1])):
                return True
        return False


def value_at(place: Place | None, state: State) -> Value | None:
    """What is known of a place in a state."""
    return next((value for known, value in state if known == place), None)


def put(state: State, place: Place | None, value: Value | None) -> State:
    """The state after a place got a value, or an unknown one; what was reached through it is unknown, too."""
    if place is None:
        return state
    kept = frozenset(one for one in state if one[0][: len(place)] != place)
    return kept if value is None else kept | {(place, value)}


def _truth(value: Value | None) -> bool | None:
    if value is None or value == "missing" or value.startswith("="):
        return None
    return value in _TRUE or value.startswith("+")


def _same(left: Value | None, right: Value | None) -> bool | None:
    """Whether two values are the same; constants with other names are taken for other values."""
    if left is None or right is None or "missing" in (left, right):
        return None
    if "none" in (left, right) or {left, right} <= {"true", "false"} or ("=" in left and "=" in right):
        return left == right
    return None


def _joined(op: str, found: list[bool | None]) -> bool | None:
    decisive = op == "or"
    if any(one is decisive for one in found):
        return decisive
    return None if None in found else not decisive


def _is_of(subject: str, node: ir.Node) -> bool:
    return isinstance(node, ir.Name) and node.id == subject
