"""Effects of functions on places, and how a callee's places read in its caller."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final, NamedTuple, TypeAlias

from worker_lint.analysis.flow.visit import Place
from worker_lint.source import ir

PLACE_LIMIT: Final = 4
"""Names in a place; effects on longer ones are dropped, or recursion along a chain would never end."""


class Effect(NamedTuple):
    """Something done to a place: `Effect("release", ("self", "conn"))`. The verbs are the caller's own."""

    verb: str
    place: Place


Effects: TypeAlias = frozenset[Effect]

READ: Final = "read"
WRITE: Final = "write"
"""The two verbs that summaries find by themselves, whatever the path."""


def bind_arguments(
    params: ir.Parameters, call: ir.Call, *, receiver: ir.Expr | None, place: Callable[[ir.Node | None], Place | None]
) -> dict[str, Place]:
    """
    The places that the parameters of a callee stand for at a call. With a `receiver` the first
    parameter is that; arguments after a starred one, and those that are no place, are left out.
    """
    bound: dict[str, ir.Expr] = {}
    positional = [param.name for param in params if param.kind in ("positional", "positional-only")]
    if receiver is not None and positional:
        bound[positional.pop(0)] = receiver
    for name, argument in zip(positional, call.args, strict=False):
        if isinstance(argument, ir.Starred):
            break
        bound[name] = argument
    bound.update({keyword.name: keyword.value for keyword in call.keywords if keyword.name is not None})
    names = {param.name for param in params}
    places = {name: place(argument) for name, argument in bound.items() if name in names}
    return {name: found for name, found in places.items() if found is not None}


def translated(effects: Iterable[Effect], bound: dict[str, Place], params: frozenset[str]) -> Effects:
    """
    A callee's effects in the caller's places. Effects on a parameter that stands for no place are
    lost; those on a global stay as they are.
    """
    result: set[Effect] = set()
    for verb, (root, *rest) in effects:
        if root in params and root not in bound:
            continue
        place = (*(bound[root] if root in params else (root,)), *rest)
        if len(place) <= PLACE_LIMIT:
            result.add(Effect(verb, place))
    return frozenset(result)
