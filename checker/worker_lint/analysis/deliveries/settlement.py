"""Calls that acknowledge, reject or give back a delivery."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from worker_lint.analysis.entity import External, Instance, Unknown
from worker_lint.analysis.flow import find
from worker_lint.analysis.visit import given_to
from worker_lint.source import ir

if TYPE_CHECKING:
    from worker_lint.analysis.deliveries.delivery import Held
    from worker_lint.analysis.models import ModelFunction, Models

_NO_SETTLEMENT = frozenset({"extend", "store"})


class Settlement(NamedTuple):
    """
    One settlement of a delivery.

    Attributes:
        call: The call that does it.
        verb: `ack`, `nack`, `reject` and so on, as the model says.
        requeue: Whether the delivery comes back; None when that cannot be told, or does not matter.
        multiple: Whether earlier deliveries are settled, too; None when that cannot be told.
        is_async: The call must be awaited.
    """

    call: ir.Call
    verb: str
    requeue: bool | None
    multiple: bool | None
    is_async: bool


def settlement_of(held: Held, call: ir.Call) -> Settlement | None:
    """What the call does to the delivery, when it is a modelled settlement of it."""
    model = settling_model(held, call)
    if model is None or model.settles is None or model.settles in _NO_SETTLEMENT:
        return None
    facts = model.facts
    requeue = facts.default_requeue if model.settles in ("nack", "reject") else None
    return Settlement(
        call,
        model.settles,
        flag_of(call, model, facts.requeue, default=requeue) if facts.requeue else requeue,
        flag_of(call, model, facts.multiple, default=False) if facts.multiple else False,
        bool(model.coroutine),
    )


def settling_model(held: Held, call: ir.Call) -> ModelFunction | None:
    """The model of a method of what carries the delivery, or of one that settles by its tag."""
    if not isinstance(call.func, ir.Attribute):
        return None
    models = held.function.project.models
    if held.facts.by_tag:
        if not any(map(held.is_tag, given_to(call))):
            return None
        owners = held.facts.settlers if may_settle_by_tag(held, call.func.value) else ()
    else:
        owners = (held.facts.name,) if held.is_whole(call.func.value) else ()
    for name in owners:
        found = _method_of(models, name, call.func.name)
        if found is not None and found.settles is not None:
            return found
    return None


def own_method(held: Held, name: str) -> ModelFunction | None:
    """A method of what carries the delivery."""
    return _method_of(held.function.project.models, held.facts.name, name)


def _method_of(models: Models, cls: str, name: str) -> ModelFunction | None:
    """A method of a class, which the library may make only when it runs."""
    owner = models.find_class(cls)
    return models.find_stated(owner, name) if owner is not None else models.find_function(f"{cls}.{name}")


def settling_context(held: Held, item: ir.WithItem) -> ModelFunction | None:
    """The method that makes a context which settles the delivery: `async with message.process()`."""
    func = item.context.func if isinstance(item.context, ir.Call) else None
    if not isinstance(func, ir.Attribute) or not held.is_whole(func.value):
        return None
    found = own_method(held, func.name)
    return found if found is not None and found.facts.settles_on_exit else None


def may_settle_by_tag(held: Held, receiver: ir.Expr) -> bool:
    """Whether the object may be a channel of the library: nothing is known of it, or it is one."""
    kind = held.function.project.values.of(held.function, receiver, held.me)
    if isinstance(kind, Unknown):
        return True
    return isinstance(kind, Instance) and isinstance(kind.of, External) and kind.of.dotted in held.facts.settlers


def settlements_in(held: Held) -> Iterator[Settlement]:
    """The settlements of the delivery that stand in the function itself, in source order."""
    for call in find(ir.Call, held.function.statements):
        found = settlement_of(held, call)
        if found is not None:
            yield found


def flag_of(call: ir.Call, model: ModelFunction, name: str, *, default: bool | None) -> bool | None:
    """A switch as it is given: the default when it is left out, None when it is no literal."""
    if any(keyword.name is None for keyword in call.keywords) or any(isinstance(arg, ir.Starred) for arg in call.args):
        return None
    given = argument_for(call, model, name)
    if given is None:
        return default
    return bool(given.value) if isinstance(given, ir.Constant) and given.kind in ("bool", "int", "none") else None


def argument_for(call: ir.Call, model: ModelFunction, name: str) -> ir.Expr | None:
    """The argument for a parameter of a modelled call; None when it is not given."""
    for keyword in call.keywords:
        if keyword.name == name:
            return keyword.value
    position = model.position(name)
    return call.args[position] if position is not None and position < len(call.args) else None
