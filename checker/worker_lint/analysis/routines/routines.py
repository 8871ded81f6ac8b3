"""The functions of a project as the flow analysis knows them: routines with their callees, policies and effects."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from worker_lint.analysis.budget import Size
from worker_lint.analysis.calls import Runs, is_stand_in
from worker_lint.analysis.entity import Class, Function
from worker_lint.analysis.flow import Aliases, Effect, Graph, Inside, Policy, Routine, Step, Summaries, Summary, Unknown
from worker_lint.analysis.routines.effects import effects_of
from worker_lint.analysis.routines.errors import Errors
from worker_lint.analysis.routines.policy import ProjectPolicy
from worker_lint.source import ir

if TYPE_CHECKING:
    from worker_lint.analysis.project import Project


class Routines:
    """
    Answers for one project, and what the summaries ask (`flow.Knowledge`); every result is kept.

    A function is looked at on objects of class `me`: an inherited `stop` is another routine for
    each class whose overrides it calls.
    """

    def __init__(self, project: Project) -> None:
        self.project = project
        self.steps_limit = project.steps_limit
        self.errors = Errors(project)
        self.summaries = Summaries(self)
        self._routines: dict[tuple[Function, Class | None], Routine] = {}
        self._functions: dict[str, Runs] = {}
        self._policies: dict[str, Policy] = {}
        self._insides: dict[str, Inside] = {}
        self._shared: dict[str, frozenset[str]] = {}
        self._effects: dict[tuple[str, str, int], tuple[ir.Node | None, frozenset[Effect]]] = {}

    # --- questions of rules ---

    def of(self, function: Function, me: Class | None = None) -> Routine:
        """The routine of a function, always the same object."""
        me = me or _owner_around(function)
        found = self._routines.get((function, me))
        if found is None:
            node = function.node
            owner = f"{me.path}:{me.node.name_at[0]}:{me.node.name_at[1]}" if me is not None else ""
            key = f"{function.path}:{node.name_at[0]}:{node.name_at[1]}:{owner}"
            is_bound = function.owner is not None and not is_static(node)
            found = Routine(
                key, node.params, function.body, node.is_async, node.is_generator, is_bound, function.module.path
            )
            self._routines[function, me] = found
            self._functions[key] = Runs(function, me)
        return found

    def function(self, routine: Routine) -> Runs:
        """The function of a routine, and the class of its `self`."""
        return self._functions[routine.key]

    def inside(self, function: Function, me: Class | None = None) -> Inside:
        """A function from within: its graph, aliases, and the effects of its steps."""
        routine = self.of(function, me)
        found = self._insides.get(routine.key)
        if found is None:
            self._insides[routine.key] = found = self.summaries.inside(routine)
            if isinstance(found.graph, Unknown):
                self.project.budget.spent(function.path, "a function has too many steps")
            else:
                steps = sum(len(block.steps) for block in found.graph.blocks)
                self.project.budget.took(Size(steps, function.path, function.node.at[0], function.symbol))
        return found

    def graph(self, function: Function, me: Class | None = None) -> Graph | None:
        """The function's control-flow graph; None when it is over the budget."""
        graph = self.inside(function, me).graph
        return None if isinstance(graph, Unknown) else graph

    def summary(self, function: Function, me: Class | None = None) -> Summary | Unknown:
        """What a call of the function means."""
        return self.summaries.of(self.of(function, me))

    # --- what summaries ask ---

    def policy(self, routine: Routine) -> Policy:
        """What the routine's steps may raise."""
        found = self._policies.get(routine.key)
        if found is None:
            self._policies[routine.key] = found = ProjectPolicy(self, routine)
        return found

    def callee(self, routine: Routine, call: ir.Call) -> Routine | None:
        """The one routine that a call runs."""
        function, me = self.function(routine)
        callee = self.project.calls.of(function, call, me)
        if not callee.is_single or callee.creates is not None or is_stand_in(callee):
            return None
        runs = callee.runs[0]
        is_inner = runs.me is None and _owner_around(runs.function) is not None
        return self.of(runs.function, me if is_inner else runs.me)

    def effects(self, routine: Routine, step: Step, aliases: Aliases) -> frozenset[Effect]:
        """What modelled calls do to places: see `effects`."""
        key = (routine.key, step.kind, id(step.node))
        found = self._effects.get(key)
        if found is None:
            function, me = self.function(routine)
            effects = frozenset(effects_of(self.project, Runs(function, me), step, aliases))
            self._effects[key] = found = (step.node, effects)  # with the node, or its id could become another's
        return found[1]

    def shared(self, routine: Routine) -> Collection[str]:
        """The module's variables that functions use: not its functions, classes and imports."""
        known = self._shared.get(routine.module)
        if known is None:
            module = self.project.module(routine.module)
            places = self.project.values.bindings(module).places if module is not None else {}
            known = frozenset(
                place[0]
                for place, sources in places.items()
                if len(place) == 1 and all(source.how != "defined" for source in sources)
            )
            self._shared[routine.module] = known
        return known


def _owner_around(function: Function) -> Class | None:
    current: object = function
    while isinstance(current, Function):
        if current.owner is not None:
            return current.owner
        current = current.parent
    return None


def is_static(node: ir.FunctionDef) -> bool:
    """Whether a decorator makes it a static method."""
    return any((ir.dotted_name(decorator) or "").endswith("staticmethod") for decorator in node.decorators)
