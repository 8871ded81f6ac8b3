"""
What steps do to places: the effects that rules follow along paths.

Verbs: `acquire`, `release`, `request` (ask it to end), `wait` (for its end). The places are the
receiver's, through locals and getters, both with the first parameter's own name in front.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Final

from worker_lint.analysis.calls import Runs
from worker_lint.analysis.flow import Aliases, Effect, Place, Step
from worker_lint.analysis.places import SELF, Use
from worker_lint.analysis.resources.duty import Duty
from worker_lint.analysis.resources.ending import Ending
from worker_lint.analysis.resources.held import End
from worker_lint.analysis.routines.threaded import run_in_thread
from worker_lint.analysis.visit import given_to
from worker_lint.source import ir

if TYPE_CHECKING:
    from worker_lint.analysis.project import Project

ACQUIRE: Final = "acquire"
RELEASE: Final = "release"
REQUEST: Final = "request"
WAIT: Final = "wait"

_LATER: Final = frozenset({"callback", "push", "push_async_callback", "push_async_exit", "register", "addfinalizer"})
"""Methods that take a release to be done for certain: of exit stacks, `atexit`, fixtures."""

_EXITS: Final = frozenset({"push", "push_async_exit"})
"""Those of them that take the object itself, and leave it as a context."""

_ENTER: Final = frozenset({"enter_context", "enter_async_context"})


def effects_of(project: Project, runs: Runs, step: Step, aliases: Aliases) -> Iterable[Effect]:
    """The effects of one step of a function."""
    node = step.node
    if step.kind == "call" and isinstance(node, ir.Call):
        return list(_called(project, runs, node, aliases))
    if step.kind == "exit" and isinstance(node, ir.WithItem):
        return list(_left(project, runs, node, aliases))
    return ()


def _called(project: Project, runs: Runs, call: ir.Call, aliases: Aliases) -> Iterator[Effect]:
    yield from _handed(project, runs, call, aliases)
    func = run_in_thread(project, runs.function, call, runs.me) or call.func
    if not isinstance(func, ir.Attribute):
        return
    if func.name in _LATER | _ENTER:
        yield from _registered(project, runs, call, aliases)
    duty = project.resources.duty(project.values.of(runs.function, func.value, runs.me))
    if duty is None:
        return
    verbs = verbs_of(duty, func.name)
    if verbs:
        for place in places_of(project, runs, func.value, aliases):
            yield from (Effect(verb, place) for verb in verbs)


def _handed(project: Project, runs: Runs, call: ir.Call, aliases: Aliases) -> Iterator[Effect]:
    """What a function of the project ends that gets it as an argument."""
    for argument in given_to(call):
        if not isinstance(argument, (ir.Name, ir.Attribute)):
            continue
        places = places_of(project, runs, argument, aliases)
        duty = project.resources.duty(project.values.of(runs.function, argument, runs.me)) if places else None
        if duty is not None:
            use = Use(min(places), "passed", argument.at, runs.function, "", call)
            end = Ending(project, duty).of(use, runs.me)
            if isinstance(end, End) and end.kind == "helper":
                yield from (Effect(RELEASE, place) for place in places)


def verbs_of(duty: Duty, name: str) -> tuple[str, ...]:
    """What a call of this method does to an object with this duty."""
    found = []
    if name in duty.acquired:
        found.append(ACQUIRE)
    if name in duty.release:
        found.append(RELEASE)
    if name in duty.request:
        found.append(REQUEST)
    if name in duty.wait:
        found.append(WAIT)
    return tuple(found)


def _registered(project: Project, runs: Runs, call: ir.Call, aliases: Aliases) -> Iterator[Effect]:
    """A release handed to what will do it whatever happens."""
    for argument in call.args[:1]:
        target = argument
        name = call.func.name if isinstance(call.func, ir.Attribute) else ""
        if isinstance(argument, ir.Attribute) and name in _LATER:
            target = argument.value
        elif name in _LATER and name not in _EXITS:
            continue  # an object in a poller or registry
        duty = project.resources.duty(project.values.of(runs.function, target, runs.me))
        if duty is not None:
            for place in places_of(project, runs, target, aliases):
                yield Effect(RELEASE, place)


def _left(project: Project, runs: Runs, item: ir.WithItem, aliases: Aliases) -> Iterator[Effect]:
    duty = project.resources.duty(project.values.of(runs.function, item.context, runs.me))
    if duty is None or duty.context is False:
        return
    for expr in (item.context, item.target):
        for place in places_of(project, runs, expr, aliases):
            yield Effect(RELEASE, place)


def places_of(project: Project, runs: Runs, expr: ir.Expr | None, aliases: Aliases) -> frozenset[Place]:
    """
    The places of an expression: the one that its names lead to, an item of a collection as such,
    and those that it may mean besides.
    """
    if expr is None:
        return frozenset()
    found = set(project.places.denotes(runs.function, expr, runs.me))
    params = runs.function.node.params
    if params and runs.function.owner is not None and params[0].name != SELF:
        found = {(params[0].name, *place[1:]) if place[0] == SELF else place for place in found}
    place = aliases.place(expr)
    if place is not None:
        found.add(place)
    return frozenset(found)
