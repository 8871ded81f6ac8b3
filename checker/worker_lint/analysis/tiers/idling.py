"""Clauses that do nothing about an error: in a loop that goes on, or as the end of a function."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from worker_lint.analysis.tiers.dropping import asks_about_item, runs_out, waits_for_success
from worker_lint.analysis.tiers.handling import is_bare_reaction
from worker_lint.analysis.tiers.loops import changes_condition, is_endless, leaves_loop
from worker_lint.analysis.tiers.reasons import states_reason
from worker_lint.analysis.tiers.sites import TrySite
from worker_lint.source import ir

_NETWORK: Final = frozenset(
    {"OSError", "ConnectionError", "ConnectionResetError", "ConnectionAbortedError", "BrokenPipeError"}
)


def dropping_clauses(site: TrySite) -> Iterator[ir.Handler]:
    """The clauses that drop an error in the body of a loop which goes on, or is in one that does."""
    loop = site.loops[0] if site.loops else None
    if loop is None or site.block is not loop.body or not any(is_endless(site.scope, one) for one in site.loops):
        return
    for handler in site.node.handlers:
        if _is_dropped(site, handler, loop) and not waits_for_success(site, loop):
            yield handler


def is_around_all(site: TrySite, handler: ir.Handler) -> bool:
    """Whether a clause for every error says nothing and is the end of its function."""
    if site.function is None or site.block is not site.function.statements or site.block[-1] is not site.node:
        return False
    if not site.scope.project.tiers.is_broad(site.scope, handler) or site.node.final:
        return False
    return is_bare_reaction(handler.body) and not states_reason(site.scope, handler)


def _is_dropped(site: TrySite, handler: ir.Handler, loop: ir.While | ir.For) -> bool:
    if not is_bare_reaction(handler.body) or leaves_loop(handler.body) or changes_condition(loop, handler.body):
        return False
    if states_reason(site.scope, handler):
        return False
    tiers = site.scope.project.tiers
    for name in tiers.caught(site.scope, handler):
        if name == "OSError" and runs_out(site):
            continue  # TimeoutError is one: nothing came in time
        if name == "OSError" and asks_about_item(site, loop):
            continue  # it tells about this one, such as a file that is gone, and the next has its own turn
        if name in ("Exception", "BaseException") or name in _NETWORK:
            return True
        if name is not None and "timeout" in name.lower():
            continue  # nothing came in time: a sign of nothing to do
        if name is not None and "." in name and is_endless(site.scope, loop):
            # in a `for` inside the endless loop, who names a library's class goes on with the next on purpose
            if tiers.tier(name) in ("recoverable", "fatal", "system"):
                return True
    return False
