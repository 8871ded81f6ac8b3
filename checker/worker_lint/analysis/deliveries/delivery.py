"""A delivery in a function: the names that stand for it, and how it came in."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from worker_lint.analysis.flow import walk
from worker_lint.analysis.visit import uncalled
from worker_lint.source import ir

if TYPE_CHECKING:
    from worker_lint.analysis.entity import Class, Function, Scope
    from worker_lint.analysis.models import DeliveryTable, ModelFunction

How: TypeAlias = Literal["callback", "loop", "get", "handed"]


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


def is_tag_of(facts: DeliveryTable, expr: ir.Node | None, names: Collection[str]) -> bool:
    """Whether an expression reads the tag of a delivery that one of the names stands for."""
    match expr:
        case ir.Name():
            return bool(facts.is_tag) and expr.id in names
        case ir.Attribute():
            return bool(facts.tag) and expr.name == facts.tag and _is_named(expr.value, names)
        case ir.Call(func=ir.Name(id="str" | "bytes"), args=(value,)) if facts.is_tag:
            return is_tag_of(facts, value, names)
        case ir.Subscript() | ir.Call(func=ir.Attribute()) if facts.is_tag:
            inner = uncalled(expr)
            return isinstance(inner, (ir.Attribute, ir.Subscript)) and is_tag_of(facts, inner.value, names)
        case ir.Subscript() | ir.Call():
            return bool(facts.tag_key) and key_of(expr, names) == facts.tag_key
        case _:
            return False


def key_of(expr: ir.Node, names: Collection[str]) -> str | None:
    """The key under which an expression looks up a mapping of one of the names: `m["Body"]`, `m.get("Body")`."""
    match expr:
        case ir.Subscript(value=value, index=ir.Constant(kind="str", value=str(key))) if _is_named(value, names):
            return key
        case ir.Call(func=ir.Attribute(name="get", value=value), args=(ir.Constant(kind="str", value=str(key)), *_)):
            return key if _is_named(value, names) else None
        case _:
            return None


def _is_named(expr: ir.Node, names: Collection[str]) -> bool:
    return isinstance(expr, ir.Name) and expr.id in names


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
        if isinstance(expr, ir.Name) and expr.id in self.tags:
            return True
        return is_tag_of(self.facts, expr, self.names)

    def names_it(self, expr: ir.Node | None) -> bool:
        """Whether the expression is the delivery or its tag."""
        return self.is_whole(expr) or self.is_tag(expr)

    def hands_it_on(self, expr: ir.Node | None) -> bool:  # noqa: C901 - a case a kind
        """
        Whether a value holds the delivery, its tag or a method of it, on its own or in a collection.
        What calls make of it is not looked at.
        """
        if expr is None or self.names_it(expr):
            return expr is not None
        match expr:
            case _ if self.facts.is_tag:  # whatever is made of it may be it in another form
                return any(isinstance(node, ir.Name) and node.id in self.names | self.tags for node in walk(expr))
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
        how: It is the argument of a callback, the item of a loop, the result of a call, or handed over by the
            function that gets it so.
        opening: The call by which it comes in.
        payload: Names that hold what the message says.
        begins: The statement that binds it: the loop or assignment; None for a parameter.
        channel: The parameter of a callback that is the channel; "" where there is none.
        is_shared: What it came in, a batch, is used for more than to come by its messages one after the other.
    """

    how: How
    opening: Opening
    payload: frozenset[str]
    begins: ir.For | ir.Assign | None = None
    channel: str = ""
    is_shared: bool = False

    @property
    def shown(self) -> str:
        """A name for messages to the user."""
        return min(self.names)

    @property
    def beginning(self) -> ir.At:
        """Where it comes in: what it is bound to, or the name of the handler."""
        if isinstance(self.begins, ir.For):
            return self.begins.target.at
        return self.begins.at if self.begins is not None else self.function.node.name_at
