"""Code that expects malformed messages: it takes one error of what it is sent, answers or logs it, and goes on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from worker_lint.analysis.escaping.parsing import MALFORMED
from worker_lint.analysis.flow.visit import find
from worker_lint.analysis.nesting import mentions
from worker_lint.analysis.tiers import TrySite, ends_process, raises_anything
from worker_lint.analysis.visit import last_name
from worker_lint.source import ir

if TYPE_CHECKING:
    from worker_lint.analysis.entity import Function
    from worker_lint.analysis.escaping.boundaries import Boundary
    from worker_lint.analysis.escaping.escaping import Variant
    from worker_lint.analysis.escaping.failing import Failure

_DEPTH: Final = 2
"""Calls through which a message is followed down."""


def expects_malformed(boundary: Boundary) -> bool:
    """
    Whether the boundary, or what it hands the message to, takes an error of decoding the same message and goes on, and
    the class is one that others connect to.

    Who answers one malformed message does not trust the sender, and cannot mean to let the next one out.
    """
    return _serves(boundary.function) and any(map(_answers_one, _given_it(boundary.variant, _DEPTH)))


def _serves(function: Function) -> bool:
    """Whether the class binds a socket: what it subscribes to elsewhere may be of one make with it."""
    if function.owner is None:
        return False
    methods = function.project.values.fields.methods(function.owner)
    return any(
        last_name(call.func).startswith("bind")
        for method in methods
        if mentions(method, "bind", "bind_to_random_port")
        for call in find(ir.Call, method.statements)
    )


def _given_it(variant: Variant, depth: int) -> Iterator[Variant]:
    """The function, and those that it hands something of the message to."""
    yield variant
    escaping = variant.function.project.escaping
    for call in find(ir.Call, variant.function.statements) if depth else ():
        routine = escaping.callee(variant.routine, call)
        below = escaping.of(routine) if routine is not None else None
        if below is not None and below.delivered.given:
            yield from _given_it(below, depth - 1)


def _answers_one(variant: Variant) -> bool:
    function = variant.function
    failures = function.project.escaping.failures(variant)
    for site in function.project.tiers.sites(function.path):
        for call in find(ir.Call, site.node.body) if site.scope is function else ():
            failure = failures.called(call)
            if failure is not None and failure.kind == "decode" and _is_answered(site, failure):
                return True
    return False


def _is_answered(site: TrySite, failure: Failure) -> bool:
    """Whether a clause takes the error, and neither raises nor ends the process."""
    return any(
        _takes(site, handler, failure)
        and not raises_anything(handler.body)
        and not ends_process(site.scope, handler.body)
        for handler in site.node.handlers
    )


def _takes(site: TrySite, handler: ir.Handler, failure: Failure) -> bool:
    tiers = site.scope.project.tiers
    named = [name for name in tiers.caught(site.scope, handler) if name is not None]
    return any(raised == MALFORMED or tiers.is_class(raised, name) for raised in failure.classes for name in named)
