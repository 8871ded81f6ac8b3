"""
The code that runs when a function runs: its own and that of what it surely calls, with the calls that lead there.

Code that is only handed over (a thread's target, a callback, a coroutine that becomes a task) is not reached:
it runs elsewhere. A coroutine that is awaited, or run to its end by `asyncio.run` or `run_until_complete`, is reached.
A call that may run several functions, because subclasses override it, ends the way.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import Final, NamedTuple

from worker_lint.analysis.calls import Callee, Runs
from worker_lint.analysis.entity import Class, Function
from worker_lint.analysis.flow.visit import find
from worker_lint.analysis.given import Given, given_by, leaves, live_statements
from worker_lint.analysis.nesting import Placed, own_calls, own_expressions, placed_statements
from worker_lint.source import ir

DEPTH: Final = 6
"""Calls from the first function to the last."""
BUDGET: Final = 150
"""Functions looked at from one beginning; beyond it the rest stays unknown."""


class Way(NamedTuple):
    """One call on the way to a function: the function it stands in, and the call."""

    function: Function
    call: ir.Call


class Reached(NamedTuple):
    """
    A function that runs.

    Attributes:
        function: The function.
        me: The class of its `self`, where it is known.
        ways: The calls that lead to it, the first one first.
        around: The statements around these calls, all in one row.
        given: The parameters whose values these calls state.
    """

    function: Function
    me: Class | None
    ways: tuple[Way, ...] = ()
    around: tuple[ir.Stmt, ...] = ()
    given: Given = ()

    def statements(self) -> Iterator[Placed]:
        """The statements of the function, without those of inner definitions and those that the calls leave out."""
        return live_statements(self.function.body, dict(self.given))


def reached_from(start: Runs) -> Iterator[Reached]:
    """The function itself and all that it surely calls, breadth first, once for the values it is given."""
    first = Reached(start.function, start.me)
    seen: set[tuple[Function, Class | None, Given]] = {(start.function, start.me, ())}
    waiting = deque([first])
    budget = BUDGET
    while waiting and budget > 0:
        here = waiting.popleft()
        budget -= 1
        yield here
        if len(here.ways) >= DEPTH:
            continue
        for placed in here.statements():
            awaited = _run_here(placed.statement)
            for call in own_calls(placed.statement):
                following = _following(here, call, is_awaited=call.at in awaited)
                if following is not None and following not in seen:
                    seen.add(following)
                    function, me, given = following
                    ways = (*here.ways, Way(here.function, call))
                    waiting.append(Reached(function, me, ways, (*here.around, *placed.around), given))


def _run_here(statement: ir.Stmt) -> set[ir.At]:
    """The calls of a statement whose coroutines run before it is left."""
    found: set[ir.At] = set()
    for node in own_expressions(statement):
        if isinstance(node, ir.Await):
            found.add(node.value.at)
        elif isinstance(node, ir.Call) and node.args:
            name = ir.dotted_name(node.func) or ""
            if name == "asyncio.run" or name.endswith(".run_until_complete"):
                found.add(node.args[0].at)
    return found


def callee_in(here: Reached, call: ir.Call) -> Callee:
    """What a call in a reached function runs."""
    return here.function.project.calls.of(here.function, call, here.me)


def _following(here: Reached, call: ir.Call, *, is_awaited: bool) -> tuple[Function, Class | None, Given] | None:
    callee = callee_in(here, call)
    if not callee.first or callee.creates is not None:
        return None
    function, me = callee.first[0]
    if function.node.is_generator or (function.node.is_async and not is_awaited):
        return None  # the call makes an object; its body runs later, as a task or not at all
    if not callee.is_single:
        return None
    return function, me, given_by(call, function, is_bound=callee.is_bound, outer=here.given)


def hangs_on_parameters(here: Reached, at: ir.At) -> bool:
    """
    Whether a function on the way, or the last one before this place, asks for one of its parameters to go on: those
    who call it from here may give it what leads elsewhere.
    """
    places = [*((way.function, way.call.at) for way in here.ways), (here.function, at)]
    return any(_asks_parameters(function, place) for function, place in places)


def _asks_parameters(function: Function, at: ir.At) -> bool:
    names = {param.name for param in function.node.params[1 if function.owner is not None else 0 :]}
    for placed in placed_statements(function.body) if names else ():
        branch = placed.statement
        if isinstance(branch, ir.If) and branch.at[:2] <= at[:2]:
            decides = at[:2] <= branch.at[2:] or leaves(branch.body[-1])
            if decides and any(node.id in names for node in find(ir.Name, (branch.test,))):
                return True
    return False
