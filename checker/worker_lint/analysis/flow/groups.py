"""
`except*`: a group of exceptions may enter several handlers, one after the other. What they raise
and what none of them takes is raised when the last has been asked. An exception that is no group
enters one handler at most.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from worker_lint.analysis.flow.cursor import Jump
from worker_lint.analysis.flow.exceptions import NOTHING, Thrown, ThrownSet
from worker_lint.analysis.flow.graph import Block
from worker_lint.analysis.flow.handlers import Handling
from worker_lint.source import ir

_GROUP: Final[ThrownSet] = frozenset({Thrown("ExceptionGroup")})


class _Arrival(Struct, frozen=True, eq=False):
    """
    A jump between two clauses. `remaining` is not yet handled, surely there when `certain`;
    `failed` is what handlers raised; `whole`: the exception is no group.
    """

    jump: Jump
    remaining: ThrownSet
    whole: bool
    certain: bool = True
    failed: ThrownSet = NOTHING


class GroupHandling(Handling):
    """Builds the handlers of `except*`."""

    def catch_groups(self, handlers: Sequence[ir.Handler], jumps: Iterable[Jump], after: Block) -> None:
        """Leads each exception through all clauses."""
        arrivals = [
            _Arrival(replace(jump, thrown=frozenset({one})), frozenset({one}), not self.policy.hierarchy.is_group(one))
            for jump in jumps
            for one in sorted(jump.thrown)  # the order of edges must not hang on hashes
        ]
        for handler in handlers:
            arrivals = [*self._passing(handler, arrivals), *self._entering(handler, arrivals)]
        for arrival in arrivals:
            thrown = arrival.remaining | arrival.failed
            if thrown:
                self.jump(replace(arrival.jump, thrown=thrown))
            if not arrival.failed and not (arrival.remaining and arrival.certain):
                self.connect(arrival.jump.source, after)

    def _passing(self, handler: ir.Handler, arrivals: Iterable[_Arrival]) -> Iterator[_Arrival]:
        """What may go by a clause without entering it."""
        for arrival in arrivals:
            caught, rest = self._split_group(handler, arrival.remaining)
            if not caught or rest or not arrival.certain:
                yield replace(arrival, remaining=rest)

    def _entering(self, handler: ir.Handler, arrivals: Iterable[_Arrival]) -> Iterator[_Arrival]:
        """What comes out of a clause, whose body is copied for each state in which it is entered."""
        copies: dict[tuple[bool, ThrownSet, ThrownSet], list[_Arrival]] = {}
        for arrival in arrivals:
            caught, rest = self._split_group(handler, arrival.remaining)
            if caught:
                left = NOTHING if arrival.whole else rest
                copies.setdefault((arrival.whole, arrival.failed, left), []).append(arrival)
        for (whole, failed, left), entered in copies.items():
            self.arrive([arrival.jump for arrival in entered])
            frame = self.open({"exception"})
            self.handler(handler, _GROUP)
            raised = self.close(frame)
            if self.here is not None:
                done = Jump("exception", self.here, None, left | failed, resumed=True)
                yield _Arrival(done, left, whole, certain=False, failed=failed)
            for jump in raised:
                worse = jump.thrown if whole else _GROUP
                yield _Arrival(jump, left, whole, certain=False, failed=failed | worse)

    def _split_group(self, handler: ir.Handler, thrown: ThrownSet) -> tuple[ThrownSet, ThrownSet]:
        """As `split`, but the contents of a group are unknown: part of it may be caught."""
        caught, rest = self.split(handler, thrown)
        hierarchy = self.policy.hierarchy
        groups = frozenset(one for one in rest if hierarchy.is_subclass(one.name, "BaseExceptionGroup"))
        return caught | groups, rest
