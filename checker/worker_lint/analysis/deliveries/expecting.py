"""
The graph of a handler in which `except` clauses are taken at their word.

Elsewhere an unresolved call adds no path. Whoever writes a clause around calls, though, expects them to raise what
it names; so in the body of such a `try` they may, and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import TYPE_CHECKING, Final, TypeAlias

from worker_lint.analysis.entity import External
from worker_lint.analysis.flow import ANY, DerivedPolicy, Graph, Policy, Raises, Split, Step, Thrown, build, find
from worker_lint.analysis.flow.inside import CallingPolicy
from worker_lint.analysis.tiers.handling import is_logging
from worker_lint.analysis.visit import encloses
from worker_lint.source import ir

if TYPE_CHECKING:
    from worker_lint.analysis.deliveries.delivery import Delivery

EXPECTED: Final = Thrown("an error that a clause expects")
"""What a call raises where a clause names a class that cannot be resolved."""

BROAD: Final = frozenset({"Exception", "BaseException"})

MayFail: TypeAlias = Callable[[ir.Call], bool]


def expecting_graph(delivery: Delivery, may_fail: MayFail | None = None) -> Graph | None:
    """
    The handler's graph, in which unresolved calls raise what the clauses around them name. `may_fail` says of which
    calls that is to be thought; by default of all but log lines and built-in functions. None when over the budget.
    """
    function = delivery.function
    routines = function.project.routines
    inside = routines.inside(function, delivery.me)
    routine = routines.of(function, delivery.me)
    policy = CallingPolicy(routines.policy(routine), inside)
    graph = build(function.body, _Expecting(policy, delivery, may_fail))
    return graph if isinstance(graph, Graph) else None


class _Expecting(DerivedPolicy):
    """Another policy, with the errors of calls of which it knows nothing."""

    def __init__(self, inner: Policy, delivery: Delivery, may_fail: MayFail | None) -> None:
        super().__init__(inner)
        self._function = delivery.function
        self._may_fail = may_fail or self._is_open
        body = self._function.statements
        self._tries = [node for node in find(ir.Try, body) if node.handlers]
        awaits = find(ir.Await, body)
        self._awaited = {node.value.at for node in awaits if isinstance(node.value, ir.Call)}

    def raises(self, step: Step) -> Raises:
        """What is known, else what the clauses around the call expect."""
        known = self.inner.raises(step)
        call = called_in(step, self._awaited)
        if known.thrown or known.always or call is None or not self._may_fail(call):
            return known
        return Raises(frozenset(self._expected(call)))

    def split(self, handler: ir.Handler, thrown: Thrown) -> Split:
        """What a clause expects is caught by the first one that may take it, and goes no further."""
        if thrown != EXPECTED:
            return self.inner.split(handler, thrown)
        named = self._function.project.tiers.caught(self._function, handler)
        is_taken = any(name is None or name in BROAD for name in named)
        return Split(frozenset({thrown}), frozenset()) if is_taken else Split(frozenset(), frozenset({thrown}))

    def _expected(self, call: ir.Call) -> set[Thrown]:
        tiers = self._function.project.tiers
        found: set[Thrown] = set()
        for node in self._tries:
            if not any(encloses(statement.at, call.at) for statement in node.body):
                continue
            for handler in node.handlers:
                for name in tiers.caught(self._function, handler):
                    if name in BROAD:
                        found.add(ANY)
                    elif name is not None:
                        found.add(Thrown(name))
                    else:
                        found.add(EXPECTED)
        return found

    def _is_open(self, call: ir.Call) -> bool:
        if is_logging(call):
            return False
        targets = self._function.project.names.expr(self._function, call.func)
        return not (targets and all(isinstance(one, External) and one.dotted[:9] == "builtins." for one in targets))


def called_in(step: Step, awaited: Collection[ir.At]) -> ir.Call | None:
    """The call that is done in a step: of a coroutine function, where it is awaited (`awaited`: where)."""
    node = step.node
    if step.kind == "await" and isinstance(node, ir.Await) and isinstance(node.value, ir.Call):
        return node.value
    return node if step.kind == "call" and isinstance(node, ir.Call) and node.at not in awaited else None
