"""A function as its callers see it: what summaries are asked for, what they say, what they must be told."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING, Literal, Protocol, TypeAlias

from msgspec import Struct

from worker_lint.analysis.flow.effects import Effect, Effects
from worker_lint.analysis.flow.exceptions import NOTHING, ThrownSet

if TYPE_CHECKING:
    from worker_lint.analysis.flow.aliases import Aliases
    from worker_lint.analysis.flow.graph import Step
    from worker_lint.analysis.flow.policy import Policy
    from worker_lint.source import ir

Truth: TypeAlias = Literal["true", "false", "none", "other"]


class Routine(Struct, frozen=True, eq=False):
    """
    One function with its body. `key` tells routines apart: the same method may have several, one
    for each class whose overrides it would call. `is_bound`: a call fills the first parameter
    with what stands before the dot. `body` is None when it cannot be read. Routines of one
    `module` share their globals.
    """

    key: str
    params: ir.Parameters
    body: tuple[ir.Stmt, ...] | None
    is_async: bool = False
    is_generator: bool = False
    is_bound: bool = False
    module: str = ""


class Summary(Struct, frozen=True):
    """
    What a call of the routine means. `thrown` is what leaves it as an exception; nothing there
    means that it swallows what may go wrong inside. `may`: effects on some path, `must`: on every
    path that returns, `must_raising`: on every path that raises (all three tried, not proven to
    have worked). `results`: truth of what it returns. Not `complete`: a callee stayed unknown.
    """

    thrown: ThrownSet = NOTHING
    returns: bool = False
    may: Effects = frozenset()
    must: Effects = frozenset()
    must_raising: Effects = frozenset()
    results: frozenset[Truth] = frozenset()
    complete: bool = True


BOTTOM = Summary()
"""Never comes back and does nothing: where the computation of circles begins."""


class Knowledge(Protocol):
    """What summaries ask the layers above."""

    steps_limit: int
    """How many steps a control-flow graph may have."""

    def policy(self, routine: Routine) -> Policy:
        """The policy in the routine's module, for all that is not a call of another routine."""

    def callee(self, routine: Routine, call: ir.Call) -> Routine | None:
        """The one routine that a call runs, or None; also None when a decorator changes its meaning."""

    def effects(self, routine: Routine, step: Step, aliases: Aliases) -> Iterable[Effect]:
        """The effects of a step that are known from models: releases, acknowledgements and the like."""

    def shared(self, routine: Routine) -> Collection[str]:
        """The global variables of the routine's module that functions write or use: not functions, not imports."""
