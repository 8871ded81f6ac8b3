"""
Where an error of one message ends more than that message: loops that go on until they are told to
end, iterators that hand deliveries over, and callbacks that a library runs with them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from worker_lint.analysis.entity import Class, Function
from worker_lint.analysis.escaping.level import Level
from worker_lint.analysis.escaping.receiving import is_consumer
from worker_lint.analysis.escaping.spelled import Spelled, holds_one
from worker_lint.analysis.flow.visit import find
from worker_lint.analysis.statements import walk_statements
from worker_lint.analysis.tiers.loops import is_endless
from worker_lint.analysis.visit import encloses
from worker_lint.source import ir

if TYPE_CHECKING:
    from worker_lint.analysis.escaping.escaping import Escaping, Variant
    from worker_lint.analysis.project import Project

BoundaryKind: TypeAlias = Literal["loop", "iterator", "callback"]
Wanted: TypeAlias = Callable[[Function], bool]

_CALLBACKS: Final = {
    "basic_consume": ("on_message_callback", Level.DELIVERY),
    "consume": ("callback", Level.DELIVERY),
    "on_recv": ("callback", Level.RAW),
    "Consumer": ("callbacks", Level.CONTENT),
}
"""Methods that register a function for deliveries, by name alone: the parameter for it, and what it is given."""


_ITERATED: Final = frozenset({"consume", "listen", "iterator", "notifies"})
"""Methods that give messages without an end; what the other receiving ones give is one message, or one batch."""

_COUNTED: Final = frozenset({"count", "cycle", "repeat", "iter"})


@dataclass(frozen=True, slots=True, eq=False)
class Boundary:
    """
    A loop, iterator or callback.

    Attributes:
        kind: Which of these.
        function: The function that holds it.
        node: What must not be left: the loop, or the function itself.
        at: Where to point at it.
        given: What the parameters of the function carry.
        me: The class of its `self`, where it is not the one around it.
    """

    kind: BoundaryKind
    function: Function
    node: ir.While | ir.For | ir.FunctionDef
    at: ir.At
    given: tuple[tuple[str, Level], ...] = ()
    me: Class | None = None

    @property
    def variant(self) -> Variant:
        """The function, with what its parameters carry; found out when it is first asked for."""
        return self.function.project.escaping.variant(self.function, self.me, self.given)

    def holds(self, node: ir.Node) -> bool:
        """Whether a node is part of what is repeated."""
        return self.kind != "loop" or encloses(self.node.at, node.at)


def boundaries(escaping: Escaping, path: str, wanted: Wanted | None = None) -> tuple[Boundary, ...]:
    """
    The boundaries in a file, in source order; of nested loops the inner and the outer one. `wanted` tells of which
    functions the loops are worth a look, before they are parsed.
    """
    kept = escaping.kept_boundaries
    if kept is not None and kept[:2] == (path, wanted):  # several rules ask for those of one file, one after the other
        return kept[2]
    found = tuple(_boundaries(escaping.project, path, wanted))
    escaping.kept_boundaries = (path, wanted, found)
    return found


def _boundaries(project: Project, path: str, wanted: Wanted | None) -> Iterator[Boundary]:
    handed = {function: (param, level) for function, param, level in _callbacks(project, path)}
    spelled = Spelled(project.store.text(path))
    for function in functions_of(project, path):
        given = handed.get(function)
        if given is not None:
            yield Boundary("callback", function, function.node, function.node.name_at, (given,))
            continue
        if function.name in ("__next__", "__anext__"):
            yield Boundary("iterator", function, function.node, function.node.name_at)
        if function.node.is_generator or not spelled.may_loop(function):
            continue
        if wanted is not None and not wanted(function):
            continue
        loops = list(loops_of(function))
        if loops and _gives_something(function):
            continue
        for loop in loops:
            yield Boundary("loop", function, loop, (*loop.at[:2], loop.at[0], loop.at[1] + 5))


def functions_of(project: Project, path: str) -> Iterator[Function]:
    """All functions of a file, inner ones included."""
    for function in project.functions_in(path):
        yield function
        yield from project.values.fields.inner(function)


def loops_of(function: Function) -> Iterator[ir.While | ir.For]:
    """The endless loops of a function."""
    for node in walk_statements(function.statements):
        if isinstance(node, (ir.While, ir.For)) and _goes_on(function, node):
            yield node


def _goes_on(function: Function, loop: ir.While | ir.For) -> bool:
    if isinstance(loop, ir.While) or loop.is_async:
        return is_endless(function, loop)
    iterated = loop.iter
    if isinstance(iterated, ir.Call):
        name = iterated.func.name if isinstance(iterated.func, ir.Attribute) else getattr(iterated.func, "id", "")
        return name in _ITERATED or (name in _COUNTED and is_endless(function, loop))
    named = (ir.dotted_name(iterated) or "").lower()
    if not any(word in named for word in ("consum", "sub", "listen")):
        return False
    return is_consumer(function.project, function.project.values.of(function, iterated))


def _gives_something(function: Function) -> bool:
    """Whether the function returns a value: its loop looks for something, and its caller deals with errors."""
    return any(
        node.value is not None and not (isinstance(node.value, ir.Constant) and node.value.kind in ("none", "bool"))
        for node in find(ir.Return, function.statements)
    )


def _callbacks(project: Project, path: str) -> Iterator[tuple[Function, str, Level]]:
    """Methods and functions of the file that it registers for deliveries, with the parameter that gets them."""
    text = project.store.text(path)
    lines = sorted(line for name in _CALLBACKS if name in text.source for line in text.lines_naming(name))
    for function in functions_of(project, path) if lines else ():
        if not holds_one(lines, function.node.at[0], function.node.at[2]):
            continue
        for call in find(ir.Call, function.statements):
            name = call.func.name if isinstance(call.func, ir.Attribute) else getattr(call.func, "id", "")
            if name in _CALLBACKS:
                yield from _registered(function, call, name)


def _registered(function: Function, call: ir.Call, name: str) -> Iterator[tuple[Function, str, Level]]:
    keyword, level = _CALLBACKS[name]
    given = [one.value for one in call.keywords if one.name == keyword]
    if name != "Consumer":  # its first arguments are queues
        given += call.args[:2]
    items = [item for one in given for item in (one.items if isinstance(one, ir.Collection) else (one,))]
    for argument in items:
        if isinstance(argument, (ir.Attribute, ir.Name)):
            for runs in function.project.calls.handed(function, argument).runs:
                param = _last_param(runs.function, name)
                if param and runs.function.path == function.path:
                    yield runs.function, param, level


def _last_param(function: Function, name: str) -> str:
    """The parameter for the delivery: the body, which comes last with `basic_consume`, else the first."""
    params = [one.name for one in function.node.params if one.kind in ("positional", "positional-only")]
    params = params[1:] if function.owner is not None else params
    if not params:
        return ""
    return params[-1] if name == "basic_consume" and len(params) > 3 else params[0]
