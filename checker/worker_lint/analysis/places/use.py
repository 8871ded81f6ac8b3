"""One use of a place, and the walk over expressions that finds them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Literal, NamedTuple, TypeAlias

from worker_lint.analysis.entity import Function
from worker_lint.analysis.flow.visit import Place
from worker_lint.analysis.statements import inner_blocks
from worker_lint.analysis.visit import given_to, operands
from worker_lint.source import ir

UseKind: TypeAlias = Literal[
    "called",  # `place.name(…)`: a method of it
    "attribute",  # `place.name` without a call: a field of it, or a method handed on
    "passed",  # an argument of `call`
    "invoked",  # `place(…)`
    "returned",  # returned or yielded
    "stored",  # assigned to a field, a subscript or a name of an outer block
    "held",  # put into a display
    "entered",  # the context of a `with`
    "iterated",
    "tested",
    "read",
]


class Use(NamedTuple):
    """
    One use of a place.

    Attributes:
        place: The field or local.
        how: What is done with it.
        at: The span of the expression that means the place.
        function: The block that does it: the function asked about, or one inside it.
        name: The method or attribute, for `called` and `attribute`.
        call: The call, for `called`, `passed` and `invoked`.
        statement: The statement around it.
    """

    place: Place
    how: UseKind
    at: ir.At
    function: Function
    name: str = ""
    call: ir.Call | None = None
    statement: ir.Stmt | None = None


class Walk:
    """Goes through the statements of one block; `denotes` tells what an expression may mean."""

    def __init__(self, function: Function, denotes: Callable[[ir.Expr], frozenset[Place]]) -> None:
        self.function = function
        self.denotes = denotes
        self.statement: ir.Stmt | None = None

    def block(self, body: tuple[ir.Stmt, ...]) -> Iterator[Use]:
        """The uses in statements, in source order; inner definitions are not entered."""
        for statement in body:
            self.statement = statement
            yield from self._statement(statement)
            for inner in inner_blocks(statement):
                yield from self.block(inner)

    def _statement(self, node: ir.Stmt) -> Iterator[Use]:  # noqa: C901, PLR0912 - a case a kind of statement
        match node:
            case ir.Expression():
                yield from self.expression(node.value, "read")
            case ir.Assign():
                yield from self._assign(node)
            case ir.AugAssign():
                yield from self.expression(node.value, "held")
            case ir.Return():
                yield from self.expression(node.value, "returned")
            case ir.With():
                for item in node.items:
                    yield from self.expression(item.context, "entered")
            case ir.For():
                yield from self.expression(node.iter, "iterated")
            case ir.If() | ir.While():
                yield from self.expression(node.test, "tested")
            case ir.Assert():
                yield from self.expression(node.test, "tested")
            case ir.Match():
                yield from self.expression(node.subject, "tested")
            case ir.Raise():
                yield from self.expression(node.exception, "read")
            case ir.FunctionDef():
                for param in node.params:
                    yield from self.expression(param.default, "stored")
            case _:
                pass

    def _assign(self, node: ir.Assign) -> Iterator[Use]:
        for target in node.targets:
            if isinstance(target, ir.Collection) and isinstance(node.value, ir.Collection):
                if len(target.items) == len(node.value.items):
                    for item, value in zip(target.items, node.value.items, strict=True):
                        yield from self.expression(value, _kept(item))
                    continue
            yield from self.expression(node.value, _kept(target))
            if isinstance(target, ir.Subscript):
                yield from self.expression(target.index, "read")

    def expression(  # noqa: C901, PLR0912 - a case a kind of expression
        self, node: ir.Expr | None, how: UseKind, name: str = "", call: ir.Call | None = None
    ) -> Iterator[Use]:
        """The uses in an expression whose own value is used in this way."""
        if node is None:
            return
        for place in sorted(self.denotes(node)):
            yield Use(place, how, node.at, self.function, name, call, self.statement)
        match node:
            case ir.Call():
                yield from self._called(node)
            case ir.Attribute():
                yield from self.expression(node.value, "attribute", node.name)
            case ir.Await() | ir.Starred() | ir.Walrus():
                yield from self.expression(node.value, "read")
            case ir.Collection() | ir.Mapping():
                inner: UseKind = "read" if how == "iterated" else "held"
                for item in operands(node):
                    yield from self.expression(item, inner)
            case ir.Comprehension():
                yield from self.expression(node.value or node.element, "held" if how != "iterated" else "read")
                for generator in node.generators:
                    yield from self.expression(generator.iter, "iterated")
                    for condition in generator.conditions:
                        yield from self.expression(condition, "tested")
            case ir.Conditional():
                yield from self.expression(node.test, "tested")
                yield from self.expression(node.body, "read")
                yield from self.expression(node.orelse, "read")
            case ir.Compare() | ir.Unary():
                for item in operands(node):
                    yield from self.expression(item, "tested")
            case ir.Yield():
                yield from self.expression(node.value, "returned")
            case _:
                for item in operands(node):
                    yield from self.expression(item, "read")

    def _called(self, node: ir.Call) -> Iterator[Use]:
        if isinstance(node.func, ir.Attribute):
            for place in sorted(self.denotes(node.func)):
                yield Use(place, "invoked", node.func.at, self.function, "", node, self.statement)
            yield from self.expression(node.func.value, "called", node.func.name, node)
        else:
            yield from self.expression(node.func, "invoked", "", node)
        is_copy = bool(self.denotes(node))
        for argument in given_to(node):
            inner = argument.value if isinstance(argument, ir.Starred) else argument
            yield from self.expression(inner, "read" if is_copy else "passed", "", node)


def _kept(target: ir.Expr) -> UseKind:
    """A local name only stands for the value; anything else keeps it."""
    return "read" if isinstance(target, ir.Name) else "stored"
