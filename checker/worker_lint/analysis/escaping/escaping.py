"""
Functions with what they are given of a delivery, and what then leaves them as an exception.

It is the flow analysis of `project.routines` once more, with other answers to what a step raises:
the same function is another routine for each set of parameters that carry a delivery.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from msgspec.structs import replace

from worker_lint.analysis.calls import Callee
from worker_lint.analysis.entity import Class, Function
from worker_lint.analysis.escaping.delivered import Delivered
from worker_lint.analysis.escaping.failing import Failures
from worker_lint.analysis.escaping.level import Level
from worker_lint.analysis.escaping.policy import DeliveryPolicy
from worker_lint.analysis.escaping.receiving import received
from worker_lint.analysis.flow import Aliases, Effect, Inside, Policy, Routine, Step, Summaries
from worker_lint.analysis.routines.routines import is_static
from worker_lint.source import ir

if TYPE_CHECKING:
    from worker_lint.analysis.project import Project

_DEPTH: Final = 3
"""Calls through which the result of a function is followed."""

_LIMIT: Final = 4000
"""Functions, each at a depth of calls, that one run looks at in this way; more raise nothing on behalf of a message."""

_Given = tuple[tuple[str, Level], ...]


@dataclass(frozen=True, slots=True, eq=False)
class Variant:
    """A function with what its parameters carry of a delivery."""

    function: Function
    me: Class | None
    routine: Routine
    base: Routine
    delivered: Delivered


class Escaping:
    """Answers for one project; every result is kept."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self.steps_limit = project.steps_limit
        self.summaries = Summaries(self, effects=False)
        self._variants: dict[tuple[str, _Given, int], Variant] = {}
        self._by_key: dict[str, Variant] = {}
        self._policies: dict[str, DeliveryPolicy] = {}
        self._insides: dict[str, Inside] = {}
        self._fields: dict[tuple[Class, str], Level] = {}
        self.kept_boundaries: tuple[str, Any, tuple[Any, ...]] | None = None

    # --- questions ---

    def variant(self, function: Function, me: Class | None = None, given: _Given = (), depth: int = 0) -> Variant:
        """
        The function with what its parameters carry, always the same object. Its calls are followed less far the
        `depth` calls below a question that it is: what is said of it does not depend on who asked first.
        """
        base = self.project.routines.of(function, me)
        found = self._variants.get((base.key, given, depth))
        if found is None:
            me = self.project.routines.function(base).me
            label = ",".join(f"{name}={level.value}" for name, level in given)
            routine = replace(base, key=f"{base.key}|{label}" + "|" * depth)
            found = Variant(function, me, routine, base, Delivered(self, function, me, dict(given), depth))
            self._variants[base.key, given, depth] = self._by_key[routine.key] = found
        return found

    def inside(self, variant: Variant) -> Inside:
        """The function from within, with what bad messages make its steps and callees raise."""
        key = variant.routine.key
        found = self._insides.get(key)
        if found is None:
            self._insides[key] = found = self.summaries.inside(variant.routine)
        return found

    def of(self, routine: Routine) -> Variant:
        """The variant that a routine stands for."""
        return self._by_key[routine.key]

    def failures(self, variant: Variant) -> Failures:
        """What messages make fail in a function."""
        return self._policy(variant).failures

    def field(self, cls: Class, name: str) -> Level:
        """What a field carries: something only where a receiving call is assigned to it as such."""
        known = self._fields.get((cls, name))
        if known is None:
            found = Level.NONE
            for one in self.project.values.fields.assigned(cls, name):
                expr = one.source.expr.value if isinstance(one.source.expr, ir.Await) else one.source.expr
                if one.source.how == "value" and isinstance(expr, ir.Call) and not one.added:
                    found = max(found, received(self.project.calls.of(one.scope, expr, cls), expr))
            self._fields[cls, name] = known = found
        return known

    def result(self, caller: Delivered, call: ir.Call, callee: Callee) -> Level:
        """What a call of a function of the project gives."""
        runs = callee.runs[0]
        if caller.depth >= _DEPTH or self._is_full(caller.function):
            return Level.NONE
        return self.variant(*runs, _given(caller, call, runs.function), caller.depth + 1).delivered.returned

    def _is_full(self, function: Function) -> bool:
        """Whether so much was looked at that the rest is left out: what is said of this file depends on the order."""
        if len(self._variants) <= _LIMIT:
            return False
        self.project.unsettled.add(function.path)
        return True

    # --- what summaries ask ---

    def policy(self, routine: Routine) -> Policy:
        """What the routine's steps may raise."""
        return self._policy(self.of(routine))

    def _policy(self, variant: Variant) -> DeliveryPolicy:
        found = self._policies.get(variant.routine.key)
        if found is None:
            inner = self.project.routines.policy(variant.base)
            found = DeliveryPolicy(inner, Failures(variant.delivered), self.project.tiers)
            self._policies[variant.routine.key] = found
        return found

    def callee(self, routine: Routine, call: ir.Call) -> Routine | None:
        """The one routine that a call runs; of those that are handed nothing, only neighbours in the file."""
        variant = self.of(routine)
        base = self.project.routines.callee(variant.base, call)
        if base is None or self._is_full(variant.function):
            return None
        function, me = self.project.routines.function(base)
        given = _given(variant.delivered, call, function)
        if not given and function.path != variant.function.path:
            return None
        return self.variant(function, me, given).routine

    def effects(self, routine: Routine, step: Step, aliases: Aliases) -> Iterable[Effect]:
        """None: only exceptions matter here."""
        del routine, step, aliases
        return ()

    def shared(self, routine: Routine) -> Collection[str]:
        """None, likewise."""
        del routine
        return ()


def _given(caller: Delivered, call: ir.Call, function: Function) -> _Given:
    """What the parameters of a callee carry."""
    positional = [one.name for one in function.node.params if one.kind in ("positional", "positional-only")]
    if function.owner is not None and not is_static(function.node) and positional:
        positional = positional[1:]
    found: dict[str, Level] = {}
    for name, argument in zip(positional, call.args, strict=False):
        if isinstance(argument, ir.Starred):
            break
        found[name] = caller.level(argument)
    names = {one.name for one in function.node.params}
    for keyword in call.keywords:
        if keyword.name in names and keyword.name is not None:
            found[keyword.name] = caller.level(keyword.value)
    return tuple(sorted((name, level) for name, level in found.items() if level))
