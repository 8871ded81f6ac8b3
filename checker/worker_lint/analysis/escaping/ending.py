"""Losses of connections that surely end a loop for good, so that nobody learns of it but by a log line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from worker_lint.analysis.escaping.alone import ends_unseen, is_looked_after, is_taken, says_why
from worker_lint.analysis.escaping.apart import runs_in_child
from worker_lint.analysis.escaping.databases import is_of_database
from worker_lint.analysis.escaping.keeping import ends_as_if_well, keeps_processes
from worker_lint.analysis.escaping.unwatched import is_unwatched, says_so_itself

if TYPE_CHECKING:
    from worker_lint.analysis.escaping.boundaries import Boundary
    from worker_lint.analysis.escaping.origins import Origin


def surely_ends(boundary: Boundary, first: Origin) -> bool:
    """
    Whether the error surely comes and nobody learns of it: a read that its library or its name marks as one from a
    server, in a loop that ends unseen, or takes a pool of processes with it. Something that is opened may be anything,
    unless it is used as a connection to a database.
    """
    if first.failure.kind == "loss":
        is_pool = not runs_in_child(first) and _ends_pool(boundary)
        return is_pool or ends_unseen(boundary) or _is_left_alone(boundary)
    return is_of_database(first) and (ends_unseen(boundary) or _is_left_alone(boundary))


def _ends_pool(boundary: Boundary) -> bool:
    """Whether the loop looks after processes, and ends with a log line as if all were well."""
    return keeps_processes(boundary) and ends_as_if_well(boundary) and not says_why(boundary.function)


def _is_left_alone(boundary: Boundary) -> bool:
    """Whether tasks run the loop at which nobody looks in service, in this file or in others."""
    function = boundary.function
    if is_looked_after(function) or is_taken(function, boundary.node.at):
        return False
    return says_so_itself(boundary) or is_unwatched(function)
