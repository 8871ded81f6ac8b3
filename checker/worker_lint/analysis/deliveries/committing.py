"""
Consumers that commit by themselves: with Kafka's clients, what `poll` or the iterator has handed out counts as done
when the next turn of a timer comes, unless that is switched off.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final, NamedTuple

from worker_lint.analysis.deliveries.openings import functions_with
from worker_lint.analysis.deliveries.settlement import flag_of
from worker_lint.analysis.entity import Function
from worker_lint.analysis.escaping.level import Level
from worker_lint.analysis.flow import find, walk
from worker_lint.analysis.values import made_by
from worker_lint.analysis.visit import encloses, given_to, last_name
from worker_lint.source import ir

if TYPE_CHECKING:
    from worker_lint.analysis.entity import Scope
    from worker_lint.analysis.models import CallTable, ModelFunction
    from worker_lint.analysis.project import Project

_TAKING: Final = ("poll", "consume", "getone", "getmany", "for")
_ELSEWHERE: Final = frozenset({"thread", "timer", "process", "pool", "task"})
_AWAITED: Final = frozenset(
    {"result", "wait", "gather", "join", "as_completed", "commit", "commit_async", "store_offsets", "pause"}
    | {"TaskGroup", "create_task_group", "open_nursery"}
)
"""Calls after which the work may be over before the next commit, or which commit by hand."""


class HandedOver(NamedTuple):
    """
    A message that is worked on elsewhere while its consumer commits it.

    Attributes:
        function: Where the message is taken.
        made: The call that makes the consumer; it stands in the same file.
        call: The call that hands the message over.
    """

    function: Function
    made: ir.Call
    call: ir.Call


def handed_over(project: Project, path: str) -> Iterator[HandedOver]:
    """The messages of a file that a thread, pool or task gets from a consumer that commits by itself."""
    for function in functions_with(project, path, _TAKING):
        if any(last_name(call.func) in _AWAITED for call in find(ir.Call, function.statements)):
            continue
        made = next(_committing(project, function), None)
        if made is None:
            continue
        delivered = project.escaping.variant(function).delivered
        for entry in project.workers.entries(function, function.owner):
            if (
                entry.kind not in _ELSEWHERE
                or entry.site.function is not function
                or _ends_in_turn(function, entry.call)
            ):
                continue
            given = walk(*given_to(entry.call))
            parts = (node for node in given if isinstance(node, (ir.Name, ir.Attribute, ir.Call, ir.Subscript)))
            if any(delivered.level(node) >= Level.DELIVERY for node in parts):
                yield HandedOver(function, made, entry.call)


def _committing(project: Project, function: Function) -> Iterator[ir.Call]:
    """The calls that make the consumers of a function, of those that commit by themselves."""
    taken = [call.func.value for call in find(ir.Call, function.statements) if isinstance(call.func, ir.Attribute)]
    taken += [loop.iter for loop in find(ir.For, function.statements)]
    for consumer in taken:
        if not isinstance(consumer, (ir.Name, ir.Attribute)):
            continue
        made = made_by(project, function, consumer)
        model = project.calls.of(function, made).model if made is not None else None
        if made is not None and model is not None and model.facts.auto_ack_if and _is_automatic(function, made, model):
            yield made


def _is_automatic(function: Function, made: ir.Call, model: ModelFunction) -> bool:
    """Whether a consumer commits by itself, told by keywords or by a dictionary of settings."""
    facts = model.facts
    if "." not in facts.auto_ack:
        group = flag_of(made, model, facts.auto_ack_if, default=False)
        is_grouped = any(word.name == facts.auto_ack_if for word in made.keywords) and group is not False
        return is_grouped and flag_of(made, model, facts.auto_ack, default=facts.default_auto_ack) is True
    settings = _settings(function, made.args[0]) if len(made.args) == 1 and not made.keywords else None
    return settings is not None and _is_set(settings, facts)


def _is_set(settings: ir.Mapping, facts: CallTable) -> bool:
    given: dict[str, ir.Expr] = {}
    for key, value in zip(settings.keys, settings.values, strict=True):
        if not isinstance(key, ir.Constant) or key.kind != "str":
            return False
        given[str(key.value)] = value
    if facts.auto_ack_if not in given or any("offset.store" in key for key in given):
        return False
    switch = given.get(facts.auto_ack)
    if switch is None:
        return facts.default_auto_ack is True
    return isinstance(switch, ir.Constant) and str(switch.value).lower() == "true"


def _settings(function: Function, given: ir.Expr) -> ir.Mapping | None:
    """The dictionary that an argument is, or that its name always stands for."""
    if isinstance(given, ir.Name):
        scope: Scope | None = function
        while scope is not None:
            sources = function.project.values.bindings(scope).places.get((given.id,), ())
            if sources:
                only = sources[0].expr if len(sources) == 1 else None
                return only if isinstance(only, ir.Mapping) else None
            scope = scope.parent
    return given if isinstance(given, ir.Mapping) else None


def _ends_in_turn(function: Function, call: ir.Call) -> bool:
    """Whether a pool that is left within the turn waits for what it was given."""
    loops = [*find(ir.While, function.statements), *find(ir.For, function.statements)]
    return any(
        encloses(block.at, call.at) and any(encloses(loop.at, block.at) for loop in loops)
        for block in find(ir.With, function.statements)
    )
