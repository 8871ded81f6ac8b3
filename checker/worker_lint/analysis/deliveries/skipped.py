"""
Messages that are passed over where to leave one unsettled is the library's way to try again what failed.

With SQS, whoever fails leaves the message where it is. So no error counts here, and no path on which work was tried:
only those on which the handler has looked at the message and gone on to the next one.
"""

from __future__ import annotations

from typing import Final

from worker_lint.analysis.deliveries.delivery import Delivery
from worker_lint.analysis.deliveries.open_end import OpenEnd
from worker_lint.analysis.deliveries.settlement import settlements_in
from worker_lint.analysis.deliveries.typestate import State, Typestate
from worker_lint.analysis.deliveries.work import Work
from worker_lint.analysis.flow import Block, Edge, Graph, Path, Step, find, find_path
from worker_lint.analysis.visit import encloses
from worker_lint.source import ir

JUDGED: Final = "judged"


class Skipped(OpenEnd):
    """Paths without error and work on which the message decided that it is left; they end as `lost`."""

    def __init__(self, delivery: Delivery, graph: Graph) -> None:
        super().__init__(delivery, graph)
        self._work = Work(delivery)

    def reached(self, step: Step, state: State) -> State | None:
        """Ends a path at work, and where the next one comes though the message decided nothing."""
        is_next = step.kind == "bind" and step.node is self._begins and state.status == "open"
        if is_next and state.verb != JUDGED:
            return None
        is_work = step.kind == "call" and isinstance(step.node, ir.Call) and self._work.is_work(step.node)
        return None if is_work and state.status == "open" else state

    def interrupted(self, step: Step, state: State) -> State | None:
        """An error leaves the message to be tried again."""
        return None if state.status == "open" else super().interrupted(step, state)

    def along(self, edge: Edge, state: State) -> State | None:
        """Notes that a condition on what the message says was met."""
        after = super().along(edge, state)
        step = edge.step
        if after is None or step is None or step.kind != "test" or after.status != "open":
            return after
        return after._replace(verb=JUDGED) if self._work.holds_payload(step.node) else after


def skipping_path(delivery: Delivery, graph: Graph) -> Path | None:
    """The shortest path on which the handler passes over a message that it has looked at."""
    path = find_path(graph, Skipped(delivery, graph), lambda _block, state: state.status == "lost")
    return path if isinstance(path, Path) else None


def is_never_settled(delivery: Delivery, graph: Graph) -> bool:
    """Whether a service loop works on messages, and on no path settles one or hands it on."""
    function = delivery.function
    begins = delivery.begins
    if begins is None or any(True for _ in settlements_in(delivery)) or not any(True for _ in Work(delivery).calls()):
        return False
    if not any(encloses(loop.at, begins.at) for loop in find(ir.While, function.statements)):
        return False
    statuses: set[str] = set()

    def note(_block: Block, state: State) -> bool:
        statuses.add(state.status)
        return False

    watch = Typestate(delivery)
    find_path(graph, watch, note)
    return not watch.out_of_sight and statuses <= {"none", "open", "lost"}
