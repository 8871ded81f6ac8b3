"""
The smallest project that a proof needs: one module, its methods and functions, its imports.

The proofs are rules cut down to their core, to show that the records hold what rules need.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from textwrap import dedent
from typing import Any

import pytest

from worker_lint.analysis.flow import (
    Aliases,
    Effect,
    Graph,
    Hierarchy,
    Inside,
    Place,
    Policy,
    Raises,
    Routine,
    Step,
    Summaries,
    Summary,
)
from worker_lint.source import ir
from worker_lint.source.parse import parse_body, parse_module
from worker_lint.source.text import Text

CallFacts = Callable[["World", ir.Call], Raises]
EffectFacts = Callable[["World", Step, Aliases], Iterable[Effect]]


class World:
    """A module with what is known of the calls in it; gives its routines and their summaries."""

    def __init__(
        self, source: str, raises: CallFacts, effects: EffectFacts | None = None, bases: dict[str, Any] | None = None
    ) -> None:
        self.text = Text(dedent(source))
        self.raises, self.known_effects = raises, effects
        self.hierarchy = Hierarchy(bases)
        self.imports: dict[str, str] = {}
        self.routines: dict[str, Routine] = {}
        self.functions: dict[str, ir.FunctionDef] = {}
        self.classes: dict[str, ir.ClassDef] = {}
        self._collect(parse_module(self.text.source).body, "")
        self.summaries = Summaries(self)

    def _collect(self, body: Iterable[ir.Stmt], prefix: str) -> None:
        for statement in body:
            if isinstance(statement, ir.Import):
                for name in statement.names:
                    whole = name.module if name.attribute is None else f"{name.module}.{name.attribute}"
                    self.imports[name.bound] = whole
            elif isinstance(statement, ir.ClassDef):
                self.classes[statement.name] = statement
                self._collect(statement.body, f"{statement.name}.")
            elif isinstance(statement, ir.FunctionDef):
                key = prefix + statement.name
                self.functions[key] = statement
                body_of = parse_body(self.text, statement)
                self.routines[key] = Routine(
                    key, statement.params, body_of, statement.is_async, statement.is_generator, bool(prefix)
                )

    # --- what summaries ask ---

    def policy(self, routine: Routine) -> Policy:
        del routine
        return WorldPolicy(self)

    def callee(self, routine: Routine, call: ir.Call) -> Routine | None:
        if isinstance(call.func, ir.Name):
            return self.routines.get(call.func.id)
        name = ir.dotted_name(call.func) or ""
        owner = routine.key.partition(".")[0]
        return self.routines.get(f"{owner}.{name.removeprefix('self.')}") if name.startswith("self.") else None

    def effects(self, routine: Routine, step: Step, aliases: Aliases) -> Iterable[Effect]:
        del routine
        return self.known_effects(self, step, aliases) if self.known_effects is not None else ()

    steps_limit = 50_000

    def shared(self, routine: Routine) -> frozenset[str]:
        del routine
        return frozenset()

    # --- what proofs ask ---

    def resolve(self, expression: ir.Expr) -> str | None:
        name = ir.dotted_name(expression)
        if name is None:
            return None
        root, dot, rest = name.partition(".")
        return self.imports.get(root, root) + dot + rest

    def inside(self, key: str) -> tuple[Inside, Graph]:
        inside = self.summaries.inside(self.routines[key])
        assert isinstance(inside.graph, Graph)
        return inside, inside.graph

    def summary(self, key: str) -> Summary:
        found = self.summaries.of(self.routines[key])
        assert isinstance(found, Summary)
        return found

    def owned(self) -> Iterator[tuple[Place, str]]:
        """Fields with the constructor that made them, in any method."""
        for routine in self.routines.values():
            for statement in routine.body or ():
                if isinstance(statement, ir.Assign) and isinstance(statement.value, ir.Call):
                    made = self.resolve(statement.value.func)
                    for target in statement.targets:
                        place = Aliases((), ()).place(target)
                        if place is not None and place[0] == "self" and made is not None:
                            yield place, made

    def line(self, node: ir.Node) -> str:
        return self.text.line(node.at[0]).strip()


class WorldPolicy(Policy):
    def __init__(self, world: World) -> None:
        super().__init__(world.hierarchy)
        self.world = world

    def resolve(self, expression: ir.Expr) -> str | None:
        return self.world.resolve(expression)

    def raises(self, step: Step) -> Raises:
        return self.world.raises(self.world, step.node) if isinstance(step.node, ir.Call) else super().raises(step)


@pytest.fixture(scope="session")
def world() -> type[World]:
    return World
