"""A delivery in a function: the names that stand for it, and how it came in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from worker_lint.analysis.flow import walk
from worker_lint.source import ir

if TYPE_CHECKING:
    from worker_lint.analysis.entity import Class, Function, Scope
    from worker_lint.analysis.models import DeliveryTable, ModelFunction

How: TypeAlias = Literal["callback", "loop", "get"]


@dataclass(frozen=True, slots=True, eq=False)
class Opening:
    """
    A call by which deliveries come in.

    Attributes:
        scope: The block that it stands in.
        call: The call.
        model: What the library says of it.
        auto: Whether a delivery is settled without the handler's doing; None when that cannot be told.
    """

    scope: Scope
    call: ir.Call
    model: ModelFunction
    auto: bool | None


@dataclass(frozen=True, slots=True, eq=False)
class Held:
    """
    A delivery as one function knows it.

    Attributes:
        function: The function.
        me: The class of its `self`, where it is a method.
        names: Locals and parameters that stand for what carries the delivery.
        tags: Those that hold nothing but its tag.
        facts: What the library says of such deliveries.
    """

    function: Function
    me: Class | None
    names: frozenset[str]
    tags: frozenset[str]
    facts: DeliveryTable

    def is_whole(self, expr: ir.Node | None) -> bool:
        """Whether the expression is what carries the delivery."""
        return isinstance(expr, ir.Name) and expr.id in self.names

    def is_tag(self, expr: ir.Node | None) -> bool:
        """Whether the expression is the tag."""
        if isinstance(expr, ir.Attribute) and self.facts.tag:
            return expr.name == self.facts.tag and self.is_whole(expr.value)
        return isinstance(expr, ir.Name) and expr.id in self.tags

    def names_it(self, expr: ir.Node | None) -> bool:
        """Whether the expression is the delivery or its tag."""
        return self.is_whole(expr) or self.is_tag(expr)

    def hands_it_on(self, expr: ir.Node | None) -> bool:  # noqa: C901 - a case a kind
        """
        Whether a value holds the delivery, its tag or a method of it, on its own or in a collection.
        What calls make of it is not looked at.
        """
        if expr is None:
            return False
        if self.names_it(expr):
            return True
        match expr:
            case ir.Attribute():
                return self.is_whole(expr.value) and expr.name in self.facts.keys
            case ir.Collection():
                return any(map(self.hands_it_on, expr.items))
            case ir.Mapping():
                return any(map(self.hands_it_on, (*expr.keys, *expr.values)))
            case ir.Starred() | ir.Keyword() | ir.Walrus() | ir.Await():
                return self.hands_it_on(expr.value)
            case ir.Conditional():
                return self.hands_it_on(expr.body) or self.hands_it_on(expr.orelse)
            case ir.BoolOp():
                return any(map(self.hands_it_on, expr.values))
            case ir.Binary():
                return self.hands_it_on(expr.left) or self.hands_it_on(expr.right)
            case ir.Lambda():
                return any(isinstance(node, ir.Name) and node.id in self.names | self.tags for node in walk(expr.body))
            case ir.Opaque():
                return not self.names.isdisjoint(expr.names) or not self.tags.isdisjoint(expr.names)
            case _:
                return False


@dataclass(frozen=True, slots=True, eq=False)
class Delivery(Held):
    """
    A delivery in the function that it comes to.

    Attributes:
        how: It is the argument of a callback, the item of a loop, or the result of a call.
        opening: The call by which it comes in.
        payload: Names that hold what the message says.
        begins: The statement that binds it: the loop or assignment; None for a parameter.
        channel: The parameter of a callback that is the channel; "" where there is none.
    """

    how: How
    opening: Opening
    payload: frozenset[str]
    begins: ir.For | ir.Assign | None = None
    channel: str = ""

    @property
    def shown(self) -> str:
        """A name for messages to the user."""
        return min(self.names)
