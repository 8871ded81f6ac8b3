"""Paths on which an error leaves a function before it has set an event of its object."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from worker_lint.analysis.calls import Runs
from worker_lint.analysis.entity import Class, Function
from worker_lint.analysis.flow import Edge, Path, Step, Watch, find_path
from worker_lint.analysis.flow.visit import find
from worker_lint.analysis.guard import in_finally, in_handler
from worker_lint.analysis.loop_fields import field_named
from worker_lint.analysis.nesting import own_expressions, placed_statements
from worker_lint.analysis.places import Use
from worker_lint.analysis.touching import acts_of, family, methods_named
from worker_lint.source import ir

SETS: Final = frozenset({"set", "set_result", "set_exception", "cancel"})
"""Methods that wake those who wait for an event or a future."""
_MISTAKES: Final = frozenset(
    {"TypeError", "AssertionError", "AttributeError", "NotImplementedError", "NameError", "RuntimeError", "ValueError"}
)
"""Signs of a mistake in the code, or a refusal to begin."""
_HARDLY: Final = frozenset({"LookupError", "RecursionError"})
"""What a library may throw at an encoding that nobody knows, or at data that is nested deeper than any in use."""


class _Unset(Watch[bool]):
    """Whether the event has been set on the path so far."""

    def __init__(self, sets: frozenset[ir.At], excused: frozenset[ir.At]) -> None:
        super().__init__(start=False)
        self.sets = sets
        self.excused = excused

    def step(self, step: Step, state: bool) -> bool | None:  # noqa: FBT001 - the state is a yes or no
        """A path on which it is set is of no interest any more, nor one that does not happen."""
        return None if step.node.at in self.sets | self.excused else state

    def along(self, edge: Edge, state: bool) -> bool | None:  # noqa: FBT001 - the state is a yes or no
        """Mistakes in the code, and what unknown code may throw at a log line, are no failures to prepare for."""
        if edge.kind == "exception" and all(thrown.name in _MISTAKES for thrown in edge.thrown):
            return None
        return state


def unset_path(cls: Class, runs: Runs, name: str, waiter: Function) -> Path | None:
    """
    A path on which an error leaves the function before the event in the field is set; None when there is none. What
    the function refuses at its beginning is left out when the one who waits has asked for the same field.
    """
    graph = cls.project.routines.graph(*runs)
    if graph is None:
        return None
    sets = frozenset(_setting(cls, runs.function, name))
    if _is_prepared(runs.function, sets):
        return None
    found = find_path(
        graph, _Unset(sets, frozenset(_refused_before(runs.function, waiter))), lambda block, _: block is graph.raised
    )
    return found if isinstance(found, Path) else None


def telling(cause: Edge) -> list[str]:
    """What a step throws, by name, that is neither a sign of a mistake in the code nor hardly ever seen."""
    return sorted(one.name for one in cause.thrown if one.name not in _MISTAKES | _HARDLY)


def ending_edge(function: Function, path: Path) -> Edge | None:
    """
    Where the error comes from that leaves the function: the last on the path, as what was raised before has been taken
    by a handler. A `raise` in a handler hands on the one before.
    """
    handing = {
        placed.statement.at
        for placed in placed_statements(function.body)
        if isinstance(placed.statement, ir.Raise) and in_handler(placed) is not None
    }
    raising = path.raising
    while len(raising) > 1 and raising[-1].step is not None and raising[-1].step.node.at in handing:
        raising = raising[:-1]
    return raising[-1] if raising else None


def is_refused_by_state(cls: Class, runs: Runs, cause: Edge) -> bool:
    """
    Whether a call fails only because a method of the same object refuses to go on for what stands in a field that it
    has not written itself: whoever has written it, a stop for one, may have set the event as well.
    """
    node = cause.step.node if cause.step is not None else None
    call = node.value if isinstance(node, ir.Await) else node
    if not isinstance(call, ir.Call):
        return False
    called = cls.project.calls.of(runs.function, call, runs.me).runs
    if not called or any(each.me is not runs.me or each.function.owner is None for each in called):
        return False
    guarded: set[str] = set()
    others: set[str] = set()
    for each in called:
        for method in methods_named(cls, cls.project.resources.reached(cls, each.function.name)):
            for name, is_guarded in _raised_by(method):
                (guarded if is_guarded else others).add(name)
    thrown = {name.rpartition(".")[2] for name in telling(cause)}
    return bool(thrown) and thrown <= guarded - others


def _raised_by(method: Function) -> Iterator[tuple[str, bool]]:
    """The errors that a method raises itself, and whether that is behind a question for a field it has not written."""
    written = {field_named(method, target) for node in find(ir.Assign, method.body) for target in node.targets}
    for placed in placed_statements(method.body):
        raised = placed.statement
        if not isinstance(raised, ir.Raise) or raised.exception is None:
            continue
        made = raised.exception.func if isinstance(raised.exception, ir.Call) else raised.exception
        outer = placed.around[-1] if placed.around else None
        fields = frozenset(_asked(method, outer.test)) - {""} if isinstance(outer, ir.If) else frozenset[str]()
        yield (ir.dotted_name(made) or "").rpartition(".")[2], bool(fields) and not fields & written


def _refused_before(function: Function, waiter: Function) -> Iterator[ir.At]:
    """The `raise` statements of a function behind a question for a field that the other has asked for, or has set."""
    known = {field for _, fields in _refusals(waiter) for field in fields}
    known.update(field_named(waiter, target) for node in find(ir.Assign, waiter.body) for target in node.targets)
    for at, fields in _refusals(function):
        if fields and fields <= known:
            yield at


def _refusals(function: Function) -> Iterator[tuple[ir.At, frozenset[str]]]:
    """Where a function refuses to go on, and the fields for which it has asked."""
    for placed in placed_statements(function.body):
        outer = placed.around[-1] if placed.around else None
        if isinstance(placed.statement, (ir.Raise, ir.Return)) and isinstance(outer, ir.If):
            yield placed.statement.at, frozenset(_asked(function, outer.test)) - {""}


def _asked(function: Function, test: ir.Expr) -> Iterator[str]:
    """The fields for which a test asks, by itself or by a method of the same object."""
    called = {call.func.at: call for call in find(ir.Call, (test,))}
    for node in find(ir.Attribute, (test,)):
        field = field_named(function, node)
        if field and node.at not in called:
            yield field
        elif field:
            for runs in function.project.calls.of(function, called[node.at], function.owner).runs:
                yield from (field_named(runs.function, inner) for inner in find(ir.Attribute, runs.function.body))


def _is_prepared(function: Function, sets: frozenset[ir.At]) -> bool:
    """Whether it is also set in a handler or `finally`: somebody has thought of the failure, and chosen which ones."""
    for placed in placed_statements(function.body):
        if in_handler(placed) is not None or in_finally(placed) is not None:
            if any(node.at in sets for node in own_expressions(placed.statement)):
                return True
    return False


def _setting(cls: Class, function: Function, name: str) -> Iterator[ir.At]:
    """The calls of the function that set the event, or may do so further down, and the awaits of them."""
    for use in cls.project.places.uses(function, cls):
        if use.call is None or use.statement is None:
            continue
        deeper = use.place == ("self",) or use.place[:1] == ("self",)
        method = use.name if use.place == ("self",) else use.place[-1]
        sets = use.place == ("self", name) and use.how == "called" and use.name in SETS
        if not sets and deeper and use.how in {"called", "invoked"}:
            inner = cls.project.resources.reached(cls, method)
            sets = any(
                act.name == name and act.called in SETS
                for owner in family(cls)
                for each in cls.project.values.fields.methods(owner)
                if each.name in inner
                for act in acts_of(each, cls)
            )
        if sets:
            yield use.call.at
            yield from _awaits(use)


def _awaits(use: Use) -> Iterator[ir.At]:
    for node in own_expressions(use.statement) if use.statement is not None else ():
        if isinstance(node, ir.Await) and node.value is use.call:
            yield node.at
