"""The path on which a delivery is left unsettled, where that matters with its library."""

from __future__ import annotations

from typing import TYPE_CHECKING

from worker_lint.analysis.deliveries.batches import is_fresh
from worker_lint.analysis.deliveries.open_end import OpenEnd
from worker_lint.analysis.deliveries.settlement import settlements_in
from worker_lint.analysis.deliveries.skipped import skipping_path
from worker_lint.analysis.flow import Block, Graph, Path, find_path

if TYPE_CHECKING:
    from worker_lint.analysis.deliveries.delivery import Delivery
    from worker_lint.analysis.deliveries.typestate import State


def open_path(delivery: Delivery, graph: Graph) -> Path | None:
    """
    The shortest path on which the delivery stays open and that does harm; None when there is none, or somebody else
    may settle it: with the batch that it came in, as one of several at once, or by claiming what was left.
    """
    if delivery.facts.unsettled is None or delivery.is_shared or _settles_batches(delivery) or is_claimed(delivery):
        return None
    if delivery.facts.unsettled == "retried":
        return skipping_path(delivery, graph)
    escapes = delivery.how == "callback" and delivery.facts.raising == "held"

    def ends(block: Block, state: State) -> bool:
        if state.status == "lost":
            return True
        return state.status == "open" and (block is graph.exit or (escapes and block is graph.raised))

    path = find_path(graph, OpenEnd(delivery, graph), ends)
    return path if isinstance(path, Path) else None


def is_claimed(delivery: Delivery) -> bool:
    """Whether the file fetches again what was left: by a call for that, or by a read that is not of new ones only."""
    project, path = delivery.function.project, delivery.function.path
    source = project.store.text(path).source
    if any(word in source for word in delivery.facts.claimed_by):
        return True
    return any(
        opening.model.facts.fresh and not is_fresh(opening.scope, opening.call, opening.model.facts.fresh)
        for opening in project.deliveries.openings(path)
    )


def _settles_batches(delivery: Delivery) -> bool:
    """Whether something in the file settles several messages at once."""
    text = delivery.function.project.store.text(delivery.function.path)
    if any(found.multiple is not False for found in settlements_in(delivery)):
        return True
    return "multiple" in text.source
