"""Functions of the project that are handed a delivery: under which names they know it, and whether it is theirs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from worker_lint.analysis.deliveries.delivery import Delivery, Held
from worker_lint.analysis.deliveries.openings import functions_with
from worker_lint.analysis.deliveries.settlement import settlements_in
from worker_lint.analysis.deliveries.work import Work
from worker_lint.analysis.flow import find
from worker_lint.analysis.names import receiver_kind
from worker_lint.analysis.tiers.handling import is_logging
from worker_lint.analysis.visit import given_to, last_name
from worker_lint.source import ir

if TYPE_CHECKING:
    from worker_lint.analysis.calls import Runs

DEPTH: Final = 3
"""Functions through which a delivery is followed."""
_READS: Final = frozenset({"str", "bytes", "repr", "len", "bool", "print", "isinstance", "type"})


def received_by(held: Held, call: ir.Call, runs: Runs, *, is_bound: bool) -> Held | None:
    """The delivery under the names of the function's parameters; None where it cannot be followed."""
    names: set[str] = set()
    tags: set[str] = set()
    pairs = _arguments(call, runs, is_bound=is_bound)
    if pairs is None:
        return None
    for name, value in pairs:
        if held.is_whole(value):
            names.add(name)
        elif held.is_tag(value):
            tags.add(name)
        elif held.hands_it_on(value):
            return None
    places = runs.function.project.values.bindings(runs.function).places
    if any((name,) in places for name in names | tags):
        return None
    return Held(runs.function, runs.me, frozenset(names), frozenset(tags), held.facts)


def left_to(delivery: Delivery, depth: int = DEPTH) -> Iterator[Delivery]:
    """
    The function to which a handler leaves the delivery, with what it knows of it, and the one to which that leaves it.

    The handler names the delivery in one statement only, which calls the function and takes no answer; and nobody
    else in the file calls it. Then what the function leaves unsettled stays so.
    """
    call = _only_use(delivery) if depth else None
    if call is None or any(True for _ in settlements_in(delivery)):
        return
    callee = delivery.function.project.calls.of(delivery.function, call, delivery.me)
    if not callee.is_single or callee.creates is not None:
        return
    runs = callee.runs[0]
    pairs = _arguments(call, runs, is_bound=callee.is_bound)
    held = received_by(delivery, call, runs, is_bound=callee.is_bound)
    names = held.names | (held.tags if held.facts.is_tag else frozenset()) if held is not None else frozenset()
    if held is None or pairs is None or not names or not _is_its_own(delivery, call, held):
        return
    work = Work(delivery)
    payload = frozenset(name for name, value in pairs if work.holds_payload(value)) - held.names - held.tags
    found = Delivery(held.function, held.me, names, held.tags, held.facts, "handed", delivery.opening, payload)
    found = replace(found, is_shared=delivery.is_shared)
    if any(True for _ in settlements_in(found)):
        yield found
    yield from left_to(found, depth - 1)


def _only_use(delivery: Delivery) -> ir.Call | None:
    """The call that is a statement of its own and the only one to be given the delivery."""
    body = delivery.function.statements
    taking = [
        call
        for call in find(ir.Call, body)
        if not (is_logging(call) or (isinstance(call.func, ir.Name) and call.func.id in _READS))
        and any(map(delivery.hands_it_on, given_to(call)))
    ]
    values = (node.value for node in find(ir.Expression, body))
    alone = {value.value.at if isinstance(value, ir.Await) else value.at for value in values}
    own = (call.func.value for call in find(ir.Call, body) if isinstance(call.func, ir.Attribute))
    if not delivery.facts.by_tag and any(map(delivery.is_whole, own)):
        return None  # a method of the delivery may settle it
    return taking[0] if len(taking) == 1 and taking[0].at in alone else None


def _is_its_own(delivery: Delivery, call: ir.Call, held: Held) -> bool:
    """Whether the function stands in the same file, runs when it is called, and is called nowhere else there."""
    function, awaits = held.function, find(ir.Await, delivery.function.statements)
    is_awaited = any(node.value.at == call.at for node in awaits)
    if function.path != delivery.function.path or function is delivery.function or function.node.is_generator:
        return False
    if function.node.is_async != is_awaited:
        return False
    name = function.name
    callers = functions_with(function.project, function.path, (name,))
    return sum(last_name(call.func) == name for each in callers for call in find(ir.Call, each.statements)) == 1


def _arguments(call: ir.Call, runs: Runs, *, is_bound: bool) -> list[tuple[str, ir.Expr]] | None:
    """The parameters with what they are given; None when that is unclear."""
    params = [one for one in runs.function.node.params if one.kind in ("positional-only", "positional")]
    if is_bound and runs.function.owner is not None and receiver_kind(runs.function) != "static":
        params = params[1:]
    if len(call.args) > len(params) or any(isinstance(value, ir.Starred) for value in call.args):
        return None
    pairs = [(param.name, value) for param, value in zip(params, call.args, strict=False)]
    return pairs + [(word.name or "", word.value) for word in call.keywords]
